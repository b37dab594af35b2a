"""What a project permits: repositories, destinations, kinds, and the namespaces of Applications.

In: a project, and what is to be used; out: whether it may be. Called when an Application's spec is checked
(`argosy.gitops.projects.specs`) and again for each rendered and live object. Follows
`pkg/apis/application/v1alpha1/types.go` of Argo CD 3.6, down to what a lone denial means: it permits what it does not name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.errors import EvaluationError
from argosy.gitops.identity import Key
from argosy.gitops.projects.patterns import any_matches, is_denial, permits
from argosy.gitops.revisions import comparable
from argosy.lang import filematch
from argosy.resources.appproject import AppProject, ClusterKind, NamespacedKind

__all__ = [
    "Cluster",
    "destination_permitted",
    "kind_permitted",
    "namespace_permitted",
    "object_refusal",
    "repository_permitted",
    "source_permitted",
]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as destinations name it; `project` is the one that it belongs to, "" for all."""

    server: str = ""
    name: str = ""
    project: str = ""


def source_permitted(project: AppProject, url: str) -> bool:
    """Whether a repository may be used (IsSourcePermitted); `*` stays within a part of a path, `**` does not."""
    return _source_permitted(project, [url])


def repository_permitted(project: AppProject, url: str) -> bool:
    """The same of what a source names besides: a registry is known with and without `oci://`, and denied in either form."""
    return _source_permitted(project, list(dict.fromkeys([url, url.removeprefix("oci://")])))


def _source_permitted(project: AppProject, forms: Sequence[str]) -> bool:
    texts = [comparable(form) for form in forms]
    matched = False
    for entry in project.spec.source_repos:
        denial = is_denial(entry)
        pattern = "!" + comparable(entry[1:]) if denial else comparable(entry)
        fits = [permits(pattern, text, separators="/") for text in texts]
        if all(fits) if denial else any(fits):
            matched = True
        elif denial:
            return False
    return matched


def destination_permitted(
    project: AppProject, cluster: Cluster, namespace: str, scoped: Sequence[Cluster] = ()
) -> bool:
    """Whether a project's objects may go to a namespace of a cluster (IsDestinationPermitted).

    `scoped`: the clusters that belong to the project; where the project wants only such, the cluster must be one of them.
    """
    if not _destination_matches(project, cluster, namespace):
        return False
    if not project.spec.permit_only_project_scoped_clusters:
        return True
    return any(one.name == cluster.name or one.server == cluster.server for one in scoped)


def _destination_matches(project: AppProject, cluster: Cluster, namespace: str) -> bool:
    matched = False
    for one in project.spec.destinations:
        name = bool(cluster.name) and permits(one.name, cluster.name)
        server = bool(cluster.server) and permits(one.server, cluster.server)
        within = permits(one.namespace, namespace)
        if (server or name) and within:
            matched = True
        elif (
            (is_denial(one.name) and not name)
            or (is_denial(one.server) and not server and within)
            or (is_denial(one.namespace) and not within and server)
        ):
            return False
    return matched


def kind_permitted(project: AppProject, group: str, kind: str, name: str, *, namespaced: bool) -> bool:
    """Whether objects of a kind may be made (IsGroupKindNamePermitted)."""
    spec = project.spec
    if namespaced:
        wanted = spec.namespace_resource_whitelist
        allowed = wanted is None or _listed(wanted, group, kind, name)
        return allowed and not _listed(spec.namespace_resource_blacklist, group, kind, name)
    allowed = _listed(spec.cluster_resource_whitelist, group, kind, name)
    return allowed and not _listed(spec.cluster_resource_blacklist, group, kind, name)


def _listed(entries: Sequence[NamespacedKind], group: str, kind: str, name: str) -> bool:
    return any(
        _fits(one.kind, kind)
        and _fits(one.group, group)
        and not (isinstance(one, ClusterKind) and one.name and not _fits(one.name, name))
        for one in entries
    )


def _fits(pattern: str, text: str) -> bool:
    try:
        return filematch.matches(pattern, text)
    except EvaluationError:
        return False


def object_refusal(
    project: AppProject, key: Key, cluster: Cluster, scoped: Sequence[Cluster] = (), *, namespaced: bool
) -> str:
    """Why an object may not be synced, in Argo's words, "" when it may.

    Called for each object before a sync. Live objects that are refused are left out of comparisons, and never pruned.
    """
    if not kind_permitted(project, key.group, key.kind, key.name, namespaced=namespaced):
        return f"resource {key.group}:{key.kind} is not permitted in project {project.name}"
    if namespaced and not destination_permitted(project, cluster, key.namespace, scoped):
        return f"namespace {key.namespace} is not permitted in project '{project.name}'"
    return ""


def namespace_permitted(project: AppProject, namespace: str, control: str) -> bool:
    """Whether Applications of the project may stand in a namespace (IsAppNamespacePermitted); `control` is Argo's own."""
    return namespace in ("", control) or any_matches(project.spec.source_namespaces, namespace, "regexp")
