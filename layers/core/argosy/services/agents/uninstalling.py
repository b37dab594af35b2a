"""Takes an agent out of its cluster again: what `argosy agent uninstall` removes, and what it leaves.

In: the cluster, through the Cluster port, as the user who asks. Out: what is ours, and its end. Ours is what carries the
label of `manifests` with the agent's cluster, and definitions that carry our annotation (`argosy.resources.crds`): one that
Argo or somebody else has installed does not, and stays. A namespace that holds something of others stays, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import NotFound
from argosy.ports.cluster import Cluster, Objects, ServedKind
from argosy.resources.crds import ANNOTATION
from argosy.resources.definitions import GROUP
from argosy.services.agents.manifests import LABEL

__all__ = ["Ours", "declared_there", "found", "is_empty", "remove"]

_DEFINITION: Final = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_KINDS: Final = (
    ("apps/v1", "Deployment"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("v1", "ServiceAccount"),
    ("v1", "Namespace"),
)
"""The pod goes first, so that nothing runs on with half of its rights; the namespace last."""

_OF_KUBERNETES: Final = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
_PASSING: Final = frozenset({"Event", "Lease", "Endpoints", "EndpointSlice", "PodMetrics"})


@dataclass(frozen=True, slots=True)
class Ours:
    """An object of ours; `uid` so that nothing that has taken its name meanwhile is removed in its place."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


def found(cluster: Cluster, name: str) -> list[Ours]:
    """What there is of ours in the cluster that the hub knows as `name`, in the order in which it is to be removed.

    Nothing when no agent of that name is there; definitions are left alone while another agent is.
    """
    own = [
        _ours(obj)
        for api_version, kind in _KINDS
        for obj in cluster.list(api_version, kind, "", label_selector=f"{LABEL}={name}")
    ]
    if not own:
        return []
    others = cluster.list(*_KINDS[0], "", label_selector=f"{LABEL},{LABEL}!={name}")
    namespaces = [one for one in own if one.kind == "Namespace"]
    definitions = [] if others else _definitions(cluster)
    return [*(one for one in own if one.kind != "Namespace"), *definitions, *namespaces]


def declared_there(cluster: Cluster, ours: Sequence[Ours]) -> int:
    """How many objects of users go with the definitions among `ours`."""
    names = {one.name for one in ours if one.kind == _DEFINITION[1]}
    kinds = [kind for kind in cluster.kinds() if f"{kind.plural}.{GROUP}" in names and _group(kind) == GROUP]
    return sum(len(cluster.list(kind.api_version, kind.kind, "")) for kind in kinds)


def is_empty(cluster: Cluster, namespace: str) -> bool:
    """Whether a namespace holds nothing but what Kubernetes puts into each, and what ends by itself."""
    return not any(True for _ in _others(cluster, namespace))


def remove(cluster: Cluster, ours: Sequence[Ours]) -> Iterator[Ours]:
    """Remove the objects, and give each that was there. Raises what deleting raises; what was removed stays removed."""
    for one in ours:
        try:
            cluster.delete(one.api_version, one.kind, one.namespace, one.name, uid=one.uid)
        except NotFound:
            continue
        yield one


def _definitions(cluster: Cluster) -> list[Ours]:
    return [
        _ours(obj)
        for obj in cluster.list(*_DEFINITION, "")
        if ANNOTATION in (obj["metadata"].get("annotations") or {}) and obj["spec"]["group"] == GROUP
    ]


def _others(cluster: Cluster, namespace: str) -> Iterator[str]:
    for kind in cluster.kinds():
        if not kind.namespaced or not {"list", "delete"} <= kind.verbs or kind.kind in _PASSING:
            continue
        for obj in _listed(cluster, kind, namespace):
            metadata = obj["metadata"]
            passing = metadata.get("ownerReferences") or metadata.get("deletionTimestamp")
            if not passing and (kind.kind, metadata["name"]) not in _OF_KUBERNETES:
                yield f"{kind.kind} {metadata['name']}"


def _listed(cluster: Cluster, kind: ServedKind, namespace: str) -> Objects:
    """Nothing of a kind whose definition has just been removed."""
    try:
        return cluster.list(kind.api_version, kind.kind, namespace)
    except NotFound:
        return []


def _group(kind: ServedKind) -> str:
    return kind.api_version.rpartition("/")[0]


def _ours(obj: dict[str, Any]) -> Ours:
    metadata = obj["metadata"]
    return Ours(obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"], metadata["uid"])
