"""ConfigManagementPlugin (argoproj.io/v1alpha1): how a config management plugin finds its folders and what it runs.

Follows `PluginConfig` of `cmpserver/plugin/config.go` in Argo CD 3.6 and what `ValidatePluginConfig` refuses. No cluster has
this kind: an operator keeps it in files (`argosy up --plugins`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.errors import Unsupported
from argosy.resources.base import Metadata, Model, parse
from argosy.resources.manifests import Manifest

__all__ = ["NETWORK", "ConfigManagementPlugin", "PluginCommand", "read_plugin"]

KIND = "ConfigManagementPlugin"
NETWORK = "argosy.dev/network"
"""An annotation of ours: with `"true"` the plugin's commands get a network."""


class PluginCommand(Model):
    """A program and what it is told; nothing where `command` is empty."""

    command: Sequence[str] = ()
    args: Sequence[str] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.command, *self.args) if self.command else ()


class PluginFind(PluginCommand):
    """Folders are the plugin's where a file matches, or where the command says anything."""

    glob: str = ""


class PluginDiscover(Model):
    """`fileName` counts before `find.glob`, and that before `find.command`."""

    find: PluginFind = PluginFind()
    file_name: str = ""

    @property
    def configured(self) -> bool:
        """Whether there is any of them."""
        return bool(self.file_name or self.find.glob or self.find.words)


class PluginParameters(Model):
    """Announcements for user interfaces; what an Application gives is handed on without them."""

    static: Sequence[Mapping[str, Any]] = ()
    dynamic: PluginCommand = PluginCommand()


class PluginSpec(Model):
    """`spec`."""

    version: str = ""
    init: PluginCommand = PluginCommand()
    generate: PluginCommand = PluginCommand()
    discover: PluginDiscover = PluginDiscover()
    parameters: PluginParameters = PluginParameters()
    preserve_file_mode: bool = False
    provide_git_creds: bool = False


class ConfigManagementPlugin(Model):
    """One plugin."""

    metadata: Metadata = Metadata()
    spec: PluginSpec = PluginSpec()

    @property
    def name(self) -> str:
        """As Applications name it: with the version, if it has one."""
        version = self.spec.version
        return f"{self.metadata.name}-{version}" if version else self.metadata.name

    @property
    def networked(self) -> bool:
        """Whether its commands get a network."""
        return self.metadata.annotations.get(NETWORK) == "true"


def read_plugin(manifest: Manifest) -> ConfigManagementPlugin:
    """Read a plugin. Raises InvalidObject for what is none, Unsupported for a field that is not served."""
    if manifest.kind != KIND:
        raise manifest.problem("kind", f"{manifest.kind!r} is no {KIND}")
    found = parse(ConfigManagementPlugin, manifest)
    if not found.metadata.name:
        raise manifest.problem("metadata.name", "a plugin has a name")
    if not found.spec.generate.words:
        raise manifest.problem("spec.generate.command", "a plugin runs something that makes manifests")
    if found.spec.provide_git_creds:
        raise Unsupported(
            "credentials are not handed to plugins; leave it out",
            obj=manifest.title,
            field="spec.provideGitCreds",
            file=manifest.file,
        )
    return found
