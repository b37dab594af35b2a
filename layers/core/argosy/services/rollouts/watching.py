"""What agents watch so that rollouts can be decided on, and which objects a change wakes.

The kinds themselves are watched where a cluster's door is open; all else only while a rollout of the cluster names it. So a
cluster without rollouts costs three idle watches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import CONTROL, Wanted
from argosy.control.keys import Key
from argosy.resources.definitions import GROUP, VERSION
from argosy.resources.rollout import Rollout
from argosy.rollouts.analysis.jobs import job_metric
from argosy.rollouts.needs import named, wants_pods
from argosy.rollouts.replicasets import HASH, ReplicaSet
from argosy.rollouts.writes import Ref
from argosy.services.agents.mirror import Copy, Mirror

__all__ = ["KINDS", "Watched", "concerned", "needed_kinds", "scopes", "served", "wake_digest_of"]

KINDS: Final[Mapping[str, str]] = {"rollouts": "Rollout", "analysisruns": "AnalysisRun", "experiments": "Experiment"}
"""Plural → kind of what has a controller of its own."""

# What a Rollout may name: kind → (group, version, plural). Discovery is the agent's; these are the versions Argo speaks.
_NAMED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("", "Service"): ("v1", "services"),
    ("", "Pod"): ("v1", "pods"),
    ("apps", "ReplicaSet"): ("v1", "replicasets"),
    ("apps", "Deployment"): ("v1", "deployments"),
    ("batch", "Job"): ("v1", "jobs"),
    ("apps", "StatefulSet"): ("v1", "statefulsets"),
    ("", "PodTemplate"): ("v1", "podtemplates"),
    (GROUP, "AnalysisTemplate"): (VERSION, "analysistemplates"),
    (GROUP, "ClusterAnalysisTemplate"): (VERSION, "clusteranalysistemplates"),
    ("networking.k8s.io", "Ingress"): ("v1", "ingresses"),
    ("networking.istio.io", "VirtualService"): ("v1", "virtualservices"),
    ("networking.istio.io", "DestinationRule"): ("v1", "destinationrules"),
    ("split.smi-spec.io", "TrafficSplit"): ("v1alpha1", "trafficsplits"),
    ("traefik.io", "TraefikService"): ("v1alpha1", "traefikservices"),
    ("apisix.apache.org", "ApisixRoute"): ("v2", "apisixroutes"),
    ("getambassador.io", "Mapping"): ("v2", "mappings"),
    ("gateway.networking.k8s.io", "HTTPRoute"): ("v1", "httproutes"),
}
_BASE: Final = (
    ("", "Service"),
    ("apps", "ReplicaSet"),
    (GROUP, "AnalysisTemplate"),
    (GROUP, "ClusterAnalysisTemplate"),
)
_LABELLED: Final = {("apps", "ReplicaSet"): HASH, ("", "Pod"): HASH, ("batch", "Job"): "analysisrun.argoproj.io/uid"}
_VERBS: Final = ("abort", "promoteFull", "pauseConditions", "controllerPause", "currentStepIndex", "abortedAt")


class Watched:
    """The copies of one cluster that rollouts are decided on."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._scopes = [one for one in mirror.scopes().values() if one[0].purpose == CONTROL]

    def scope(self, group: str, resource: str, namespace: str) -> tuple[Wanted, str] | None:
        """Who watches a kind's objects of a namespace, and the resourceVersion of its last complete list."""
        for wanted, listed in self._scopes:
            if (wanted.group, wanted.resource) == (group, resource) and wanted.namespace in ("", namespace):
                return wanted, listed
        return None

    def find(self, group: str, kind: str, namespace: str, name: str) -> Copy | None:
        """An object's copy; None when there is none, or nobody watches its kind."""
        found = self.scope(group, _plural(group, kind), namespace)
        return self._mirror.find(found[0].key, namespace, name) if found is not None else None

    def owned(self, group: str, kind: str, namespace: str, prefix: str) -> Iterator[Copy]:
        """The copies of a kind whose names begin with `prefix`."""
        found = self.scope(group, _plural(group, kind), namespace)
        if found is not None:
            for place, copy in self._mirror.all(found[0].key, namespace, prefix):
                if place.partition("/")[0] == namespace:
                    yield copy

    def listed(self, group: str, kind: str, namespace: str) -> int | None:
        """The version of the last complete list of a kind; None when there was none yet."""
        found = self.scope(group, _plural(group, kind), namespace)
        return int(found[1]) if found is not None and found[1] else None


def served(group: str, kind: str) -> tuple[str, str]:
    """Group and plural of a kind."""
    return group, _plural(group, kind)


def _plural(group: str, kind: str) -> str:
    if (group, kind) in _NAMED:
        return _NAMED[group, kind][1]
    return next((plural for plural, own in KINDS.items() if own == kind), "")


def scopes(mirror: Mirror, namespaces: tuple[str, ...]) -> Iterator[Wanted]:
    """What a cluster's agent is to watch for its rollouts; `namespaces`: those that count, () = all."""
    places = namespaces or ("",)
    for namespace in places:
        yield from (Wanted(GROUP, VERSION, plural, namespace, purpose=CONTROL) for plural in KINDS)
    kinds = _kinds(Watched(mirror), mirror, places)
    for group, kind in kinds:
        version, plural = _NAMED[group, kind]
        labels = _LABELLED.get((group, kind), "")
        for namespace in places if kind != "ClusterAnalysisTemplate" else ("",):
            yield Wanted(group, version, plural, namespace, labels, CONTROL)


def _kinds(watched: Watched, mirror: Mirror, places: tuple[str, ...]) -> set[tuple[str, str]]:
    kinds: set[tuple[str, str]] = set()
    for namespace in places:
        for plural in KINDS:
            found = watched.scope(GROUP, plural, namespace)
            for _, copy in mirror.all(found[0].key) if found is not None else ():
                if copy.object is not None:
                    kinds |= needed_kinds(copy.object)
    return kinds


def needed_kinds(body: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Group and kind of what has to be watched to decide on an object."""
    if body.get("kind") == "AnalysisRun":
        metrics = (body.get("spec") or {}).get("metrics") or ()
        return {("batch", "Job")} if any(job_metric(one) for one in metrics) else set()
    kinds = set(_BASE)
    if body.get("kind") != "Rollout":
        return kinds
    try:
        rollout = Rollout.of(body)
    except ValueError:
        return kinds
    kinds |= {(ref.group, ref.kind) for ref in named(rollout) if (ref.group, ref.kind) in _NAMED}
    return kinds | ({("", "Pod")} if wants_pods(rollout) else set())


def wake_digest_of(body: Mapping[str, Any]) -> str:
    """What of a Rollout's status tools write, and so wakes its controller."""
    status = body.get("status") or {}
    return repr([status.get(name) for name in _VERBS])


def concerned(cluster: str, wanted: Wanted, item: Item, before: Copy | None, mirror: Mirror) -> Iterator[Key]:
    """The objects that have to be looked at because `item` has changed."""
    kind = KINDS.get(wanted.resource)
    body = item.object or (before.object if before is not None else None) or {}
    if kind is not None and wanted.group == GROUP and _changed(before, item):
        yield Key(cluster, GROUP, kind, item.namespace, item.name)
    if wanted.resource == "replicasets" and not _tells(before, item):
        return
    for owner in (body.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("kind") in KINDS.values():
            yield Key(cluster, GROUP, owner["kind"], item.namespace, owner["name"])
        elif owner.get("kind") == "ReplicaSet" and wanted.resource == "pods":
            name = str(owner.get("name", "")).rpartition("-")[0]
            yield Key(cluster, GROUP, "Rollout", item.namespace, name)
    if wanted.resource in ("replicasets", "pods") or kind is not None:
        return
    yield from _naming(cluster, wanted, item, mirror)


def _changed(before: Copy | None, item: Item) -> bool:
    if before is None or before.object is None or item.object is None:
        return True
    metadata = ("labels", "annotations", "finalizers", "deletionTimestamp")
    old, new = before.object, item.object
    same = old.get("spec") == new.get("spec") and wake_digest_of(old) == wake_digest_of(new)
    kept = ((old.get("metadata") or {}).get(name) == (new.get("metadata") or {}).get(name) for name in metadata)
    return not (same and all(kept))


def _tells(before: Copy | None, item: Item) -> bool:
    """Whether a ReplicaSet's change is more than how far its own controller has come, as a quarter of them are not."""
    if before is None or before.object is None or item.object is None:
        return True
    return not ReplicaSet.of(before.object).looks_like(ReplicaSet.of(item.object))


def _naming(cluster: str, wanted: Wanted, item: Item, mirror: Mirror) -> Iterator[Key]:
    """Rollouts of the namespace that name the object."""
    kind = next(
        (kind for (group, kind), (_, plural) in _NAMED.items() if (group, plural) == (wanted.group, wanted.resource)),
        "",
    )
    ref = Ref(wanted.group, kind, item.name)
    found = Watched(mirror).scope(GROUP, "rollouts", item.namespace)
    for place, copy in mirror.all(found[0].key, item.namespace) if found is not None else ():
        if copy.object is None:
            continue
        try:
            names = named(Rollout.of(copy.object))
        except ValueError:
            continue
        if ref in names:
            yield Key(cluster, GROUP, "Rollout", *place.split("/", 1))
