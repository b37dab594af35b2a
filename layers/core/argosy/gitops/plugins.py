"""Config management plugins: which one a source is rendered by, and its commands.

In: a source, its folder's files, the plugins of an installation, the build environment. Out: a plugin, and `Call`s of the
tool `plugin`. Called by `argosy.services.producing`. Matches `matchRepository` and `generateManifest` of
`cmpserver/plugin/plugin.go`, `cmpSupports` of `util/app/discovery/discovery.go` and `getPluginEnvs` of
`reposerver/repository/repository.go` in Argo CD 3.6.

On purpose different: what a plugin announces of its parameters is read and asked for nowhere, since nothing here shows it.
`lockRepo` is always kept: each render has files of its own.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence

from argosy.errors import InvalidObject
from argosy.gitops.calls import Call
from argosy.gitops.environment import plugin_parameters, substitute
from argosy.gitops.tree import Tree
from argosy.lang import doublestar
from argosy.resources.plugin import ConfigManagementPlugin
from argosy.resources.source import Source, SourcePlugin

__all__ = ["Asks", "calls", "chosen", "environment", "finding"]

type Asks = Callable[[ConfigManagementPlugin], bool]
"""Whether a plugin's own command finds anything in the folder."""


def chosen(
    source: Source, plugins: Sequence[ConfigManagementPlugin], tree: Tree, folder: str, asks: Asks
) -> ConfigManagementPlugin | None:
    """The plugin for a source without another section; None when it names none and none finds its folder.

    Raises InvalidObject for a section `plugin` that no plugin is for.
    """
    name = source.plugin.name if source.plugin is not None else ""
    if name:
        return _named(name, plugins, tree, folder, asks)
    for plugin in sorted(plugins, key=lambda one: one.name):
        if plugin.spec.discover.configured and _supports(plugin, tree, folder, asks):
            return plugin
    if source.plugin is None:
        return None
    raise InvalidObject(f"no plugin finds anything in {folder or '.'}; name one", field="spec.source.plugin.name")


def _named(
    name: str, plugins: Sequence[ConfigManagementPlugin], tree: Tree, folder: str, asks: Asks
) -> ConfigManagementPlugin:
    found = next((one for one in plugins if one.name == name), None)
    if found is None:
        there = ", ".join(sorted(one.name for one in plugins))
        raise InvalidObject(f"there is no plugin {name!r}; there are: {there}", field="spec.source.plugin.name")
    if found.spec.discover.configured and not _supports(found, tree, folder, asks):
        raise InvalidObject(f"plugin {name!r} does not find {folder or '.'}", field="spec.source.plugin.name")
    return found


def _supports(plugin: ConfigManagementPlugin, tree: Tree, folder: str, asks: Asks) -> bool:
    discover = plugin.spec.discover
    pattern = discover.file_name.replace("**", "*") or discover.find.glob
    if not pattern:
        return asks(plugin)
    return bool(doublestar.find(posixpath.normpath(pattern), tree.files(folder, recurse=True)))


def environment(
    source: Source, env: Mapping[str, str], *, kube_version: str, api_versions: Sequence[str]
) -> dict[str, str]:
    """All that a plugin's commands are told of a source, beside where they find programs and what is home to them."""
    told = {**env, "KUBE_VERSION": kube_version, "KUBE_API_VERSIONS": ",".join(api_versions)}
    section = source.plugin
    if section is None:
        return told
    own = {f"ARGOCD_ENV_{one.name}": substitute(one.value, told) for one in section.env}
    return told | own | _parameters(section)


def _parameters(section: SourcePlugin) -> dict[str, str]:
    given = plugin_parameters(section.parameters or ())
    return given if section.parameters is not None else given | {"ARGOCD_APP_PARAMETERS": "null"}


def finding(plugin: ConfigManagementPlugin, folder: str, env: Mapping[str, str]) -> Call:
    """The command that tells whether a folder is the plugin's: if it says anything."""
    return _call(plugin, plugin.spec.discover.find.words, folder, env)


def calls(plugin: ConfigManagementPlugin, folder: str, env: Mapping[str, str]) -> list[Call]:
    """What is run in order; the last one prints manifests."""
    commands = (plugin.spec.init.words, plugin.spec.generate.words)
    return [_call(plugin, words, folder, env) for words in commands if words]


def _call(plugin: ConfigManagementPlugin, words: tuple[str, ...], folder: str, env: Mapping[str, str]) -> Call:
    spec = plugin.spec
    return Call(
        "plugin", words, folder, environment=env, networked=plugin.networked, keeps_modes=spec.preserve_file_mode
    )
