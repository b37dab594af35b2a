"""What an Application's sources come to, rendered by this process.

In: an Application, its repository as this machine reaches it, the repository Secrets and settings of its control namespace.
Out: its targets. What is fetched and rendered lies in a folder that goes with the command. Called by `argosy app diff`,
`manifests` and `sync --label`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from argosy.cli.apps.store import Applications
from argosy.errors import InvalidObject, NotFound
from argosy.gitops.capabilities import api_versions, kube_version
from argosy.gitops.comparison import Destination, targets_of
from argosy.gitops.observed import instance_name
from argosy.gitops.projects.permissions import Cluster
from argosy.gitops.refresh.needs import LATEST_RESOLVED
from argosy.gitops.requests import AppInfo
from argosy.gitops.settings import CONFIG_MAP, Settings
from argosy.ports.cluster import watchable

if TYPE_CHECKING:
    from argosy.cli.apps.local import Local
    from argosy.gitops.comparison import Object
    from argosy.gitops.observed import Made
    from argosy.ports.cluster import Cluster as ClusterPort
    from argosy.resources.application import Application
    from argosy.services.runtime import Runtime

__all__ = ["IN_CLUSTER", "Workplace", "destination_of", "made_of", "settings_of", "targets_at"]

IN_CLUSTER: Final = Cluster("https://kubernetes.default.svc", "in-cluster")


class Workplace:
    """A runtime that fetches and renders, in a folder of its own; plugins are those of $ARGOSY_PLUGINS."""

    def __enter__(self) -> Runtime:
        from argosy.local.assembly import assemble
        from argosy.local.datadir import DataDir
        from argosy.local.plugins import load_plugins

        self._folder = tempfile.TemporaryDirectory(prefix="argosy-", ignore_cleanup_errors=True)
        folder = os.environ.get("ARGOSY_PLUGINS")
        plugins = load_plugins(Path(folder) if folder else None)
        self._embedded = assemble(DataDir(Path(self._folder.name)), durable=False, plugins=plugins)
        return self._embedded.runtime

    def __exit__(self, *_: object) -> None:
        self._embedded.close()
        self._folder.cleanup()


def made_of(
    runtime: Runtime,
    apps: Applications,
    app: Application,
    revisions: Sequence[str],
    cluster: ClusterPort,
    local: Local | None = None,
) -> Made:
    """What the sources, or `local`, come to for a cluster, with the repository Secrets of the control namespace.

    Raises InvalidObject when they come to nothing, and what rendering raises.
    """
    from argosy.gitops.repositories import named
    from argosy.services.applications.controlsecrets import repository_secrets
    from argosy.services.applications.repositories import signing_in
    from argosy.services.applications.sources import For, Round

    project = app.spec.project_name
    secrets = repository_secrets(apps.cluster, apps.control)
    about = AppInfo(
        name=app.metadata.name,
        namespace=app.spec.destination.namespace,
        project=project,
        kube_version=kube_version(cluster.version()),
        api_versions=api_versions(watchable(cluster.kinds())),
    )
    whom = For(
        about,
        lambda url: signing_in(secrets, url, project),
        _sound_settings(apps).manner,
        named=lambda name: named(secrets, name, project),
    )
    if local is not None:
        return runtime.applications.sources.of_files(local.source_of(app), local.files, whom, Round())
    made = runtime.applications.sources.made(app.spec.all_sources, revisions, whom, Round(), LATEST_RESOLVED)
    if made.problems:
        raise InvalidObject("; ".join(made.problems), obj=f"Application/{app.metadata.namespace}/{app.metadata.name}")
    return made


def targets_at(apps: Applications, app: Application, cluster: ClusterPort, made: Made) -> Sequence[Object]:
    """The objects as they are applied, with their tracking."""
    instance = instance_name(app.metadata.namespace, app.metadata.name, apps.control)
    return targets_of(made.objects, app, instance, _sound_settings(apps), destination_of(app, cluster)).objects


def _sound_settings(apps: Applications) -> Settings:
    """Raises InvalidObject for settings of which a part would count for nothing."""
    found = settings_of(apps)
    if found.problems:
        raise InvalidObject("; ".join(found.problems), obj=f"ConfigMap/{apps.control}/{CONFIG_MAP}")
    return found


def settings_of(apps: Applications) -> Settings:
    """The settings of the control namespace."""
    try:
        return Settings.of(apps.cluster.get("v1", "ConfigMap", apps.control, CONFIG_MAP).get("data") or {})
    except NotFound:
        return Settings()


def destination_of(app: Application, cluster: ClusterPort) -> Destination:
    """Where an Application goes, with the kinds that the cluster serves."""
    served = {(one.api_version.rpartition("/")[0], one.kind): one.namespaced for one in cluster.kinds()}
    to = app.spec.destination
    return Destination(Cluster(to.server.rstrip("/") or IN_CLUSTER.server, to.name or IN_CLUSTER.name), served)
