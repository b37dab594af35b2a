"""What is wrong with an Application's spec, seen with its project and the known clusters.

In: the spec, the project, the clusters; out: the messages of InvalidSpecError conditions, in Argo's words. Called when an
Application is accepted, at the beginning of each of its reconciles, and for the sources of an operation. Follows
`ValidatePermissions` of `util/argo/argo.go` and `GetDestinationCluster` of `util/argo/destination.go` in Argo CD 3.6.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from argosy.errors import InvalidObject
from argosy.gitops.projects.permissions import Cluster, destination_permitted, source_permitted
from argosy.resources.application import ApplicationSpec, Destination
from argosy.resources.appproject import AppProject
from argosy.resources.source import Source

__all__ = ["UnknownCluster", "destination_cluster", "permission_problems", "source_problems"]


class UnknownCluster(InvalidObject):
    """A destination names a cluster that is not registered."""


def permission_problems(spec: ApplicationSpec, project: AppProject, clusters: Sequence[Cluster]) -> list[str]:
    """The messages; an empty list for a spec that may be synced."""
    found, defective = _sources(spec.all_sources, project, multiple=spec.multiple)
    if defective:
        return found
    destination = spec.destination
    try:
        cluster = destination_cluster(destination, clusters)
    except InvalidObject as x:
        return [*found, x.reason]
    scoped = [one for one in clusters if one.project == project.name]
    if not destination_permitted(project, cluster, destination.namespace, scoped):
        where = cluster.name if destination.name else cluster.server
        found.append(
            f"application destination server '{where}' and namespace '{destination.namespace}' do not match "
            f"any of the allowed destinations in project '{project.name}'"
        )
    return found


def source_problems(sources: Sequence[Source], project: AppProject, *, multiple: bool) -> list[str]:
    """The messages about sources that take the place of the spec's, as an operation may have them."""
    return _sources(sources, project, multiple=multiple)[0]


def _sources(sources: Sequence[Source], project: AppProject, *, multiple: bool) -> tuple[list[str], bool]:
    """The messages, and whether one of the sources lacks something: then nothing more is looked at."""
    found: list[str] = []
    for source in sources:
        defect = _defect(source, multiple=multiple)
        if defect:
            return [*found, defect], True
        if not source_permitted(project, source.repo_url):
            found.append(f"application repo {source.repo_url} is not permitted in project '{project.name}'")
    return found, False


def _defect(source: Source, *, multiple: bool) -> str:
    """What a source lacks (validateSourcePermissions), "" for nothing."""
    if not source.repo_url or not (source.path or source.chart or (multiple and source.ref)):
        if multiple:
            return (
                "spec.source.repoURL and either source.path, source.chart, or source.ref are required for source "
                + json.dumps(source.model_dump(by_alias=True, exclude_unset=True))
            )
        return "spec.source.repoURL and either spec.source.path or spec.source.chart are required"
    if source.chart and not source.target_revision:
        return "spec.source.targetRevision is required if the manifest source is a helm chart"
    return ""


def destination_cluster(destination: Destination, clusters: Sequence[Cluster]) -> Cluster:
    """The cluster that a destination means.

    Raises InvalidObject in Argo's words when that is none, or more than one; of those UnknownCluster when it is none that is
    registered.
    """
    if destination.name and destination.server:
        raise InvalidObject(
            f"application destination can't have both name and server defined: {destination.name} {destination.server}"
        )
    if destination.server:
        server = destination.server.rstrip("/")
        for one in clusters:
            if one.server == server:
                return one
        raise UnknownCluster(f'error getting cluster by server "{destination.server}": cluster "{server}" not found')
    if not destination.name:
        raise InvalidObject("Destination server missing from app spec")
    named = [one for one in clusters if one.name == destination.name]
    if not named:
        raise UnknownCluster(f"there are no clusters with this name: {destination.name}")
    if len(named) > 1:
        servers = " ".join(one.server for one in named)
        raise InvalidObject(f"there are {len(named)} clusters with the same name: [{servers}]")
    return named[0]
