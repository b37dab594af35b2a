"""The live objects of an Application: those that it manages, their health, and what they have made.

The status of an Application does not keep the health of each object (nor does Argo CD's, whose server has it in its cache).
It is judged here, as the controller judges it, where the Application goes to the cluster of the kubeconfig.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.cli.apps.rendering import IN_CLUSTER, settings_of
from argosy.cli.apps.store import Applications
from argosy.errors import ArgosyError, NotFound
from argosy.gitops.health.assess import visible_health
from argosy.gitops.identity import Key
from argosy.gitops.observed import instance_name
from argosy.gitops.orphans import may_be_orphaned, orphans
from argosy.ports.cluster import Cluster
from argosy.resources.application import Application, Health, ResourceStatus

__all__ = ["is_here", "live_of", "orphans_of", "owned_by", "versions", "with_health"]

_MADE: Final = (
    ("v1", "Pod"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "ControllerRevision"),
    ("batch/v1", "Job"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
)
"""What the built-in controllers make; whatever else an operator makes is not looked for."""


def is_here(app: Application) -> bool:
    """Whether it goes to the cluster that it is in."""
    to = app.spec.destination
    return IN_CLUSTER.server == to.server.rstrip("/") or IN_CLUSTER.name == to.name


def versions(app: Application) -> dict[Key, str]:
    """The objects that the status tells of, with their versions."""
    return {Key(one.group, one.kind, one.namespace, one.name): one.version for one in app.status.resources}


def live_of(cluster: Cluster, keys: Mapping[Key, str]) -> dict[Key, dict[str, Any]]:
    """Those of the objects that are there; `keys`: their versions."""
    found: dict[Key, dict[str, Any]] = {}
    for key, version in keys.items():
        try:
            api = f"{key.group}/{version}" if key.group else version
            found[key] = cluster.get(api, key.kind, key.namespace, key.name)
        except NotFound:
            continue
    return found


def with_health(apps: Applications, app: Application) -> Application:
    """The Application with the health of each object; as it is, where that cannot be told."""
    if not is_here(app) or not app.status.resources:
        return app
    try:
        overrides, live = settings_of(apps).overrides, live_of(apps.cluster, versions(app))
    except ArgosyError:
        return app

    def judged(one: ResourceStatus) -> ResourceStatus:
        body = live.get(Key(one.group, one.kind, one.namespace, one.name))
        if body is None:
            return one.model_copy(update={"health": Health(status="Missing")})
        health = visible_health(body, overrides)
        told = None if health is None else Health(status=health.status, message=health.message)
        return one.model_copy(update={"health": told})

    resources = [one if one.health is not None else judged(one) for one in app.status.resources]
    return app.model_copy(update={"status": app.status.model_copy(update={"resources": resources})})


def orphans_of(apps: Applications, app: Application) -> list[Key]:
    """What is nobody's in its destination's namespace, where its project watches for that and it may be read."""
    project, namespace = apps.project_of(app), app.spec.destination.namespace
    watched = project.spec.orphaned_resources
    if watched is None or not namespace or not is_here(app):
        return []
    settings, objects = settings_of(apps), list[dict[str, Any]]()
    for one in apps.cluster.kinds():
        group = one.api_version.rpartition("/")[0]
        if (
            one.namespaced
            and one.is_watchable
            and may_be_orphaned(group, one.kind, project, settings.filter, IN_CLUSTER.server)
        ):
            with contextlib.suppress(ArgosyError):
                objects += apps.cluster.list(one.api_version, one.kind, namespace)
    return sorted(orphans(objects, settings.tracking, watched.ignore, versions(app).keys(), _living(apps)))


def _living(apps: Applications) -> Callable[[str], bool]:
    """Whether there is an Application whose objects carry a name; all are taken to be, where they may not be listed."""
    try:
        found = [one["metadata"] for one in apps.listing(everywhere=True)]
    except ArgosyError:
        return lambda _: True
    return {instance_name(one["namespace"], one["name"], apps.control) for one in found}.__contains__


def owned_by(cluster: Cluster, app: Application) -> list[dict[str, Any]]:
    """All of what controllers make in the namespaces of an Application's objects; what may not be read is left out."""
    found: list[dict[str, Any]] = []
    for namespace in sorted({one.namespace for one in app.status.resources if one.namespace}):
        for api_version, kind in _MADE:
            try:
                found += cluster.list(api_version, kind, namespace)
            except ArgosyError:
                continue
    return found
