"""The controller of Rollouts: reads the hub's copy of a cluster, decides, and says what has to be written there.

`Rollouts` is a `control.controller.Controller`; what it decides is `argosy.rollouts.reconcile`. Its objects keep their
status in their cluster, where Argo's own tools read and patch it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from argosy.control.claims import Claims
from argosy.control.controller import Controller, Report
from argosy.control.effects import Call, Decision, Observation, Patch, Version, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.wakes import Wakes, read_wake
from argosy.errors import EvaluationError, NotFound
from argosy.ports.balancers import Balancers
from argosy.resources.base import Problem
from argosy.resources.definitions import GROUP
from argosy.resources.rollout import Rollout
from argosy.rollouts import needs
from argosy.rollouts.reconcile import reconcile
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.traffic.alb import BALANCERS, groups_of
from argosy.rollouts.turn import Seen
from argosy.rollouts.workloads import resolved, workload_ref
from argosy.rollouts.writes import Outside, Ref
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.others import ARGO_ROLLOUTS, are_served
from argosy.services.queues import RECONCILE_ROLLOUT
from argosy.services.rollouts.carrying import effects_of
from argosy.services.rollouts.watching import Watched
from argosy.services.timing import timers_of

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Rollouts", "handle_wake", "rollout_loop"]

INSTANCE: Final = "argo-rollouts.argoproj.io/controller-instance-id"
_SOON: Final = timedelta(seconds=1)
_TEMPLATES: Final = ("AnalysisTemplate", "ClusterAnalysisTemplate")
_DEEPEST: Final = 20
# What changes with every pod. Whoever waits for a rollout reads its phase.
_PATIENT: Final = frozenset(
    ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "HPAReplicas", "message", "conditions")
)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a Rollout. `waits`: not all of it can be seen yet; `observed`: a living Argo decides on it."""

    key: Key
    version: Version
    seen: Seen | None = None
    problems: Sequence[Problem] = ()
    versions: Mapping[Ref, Version] = field(default_factory=dict)
    waits: bool = False
    observed: bool = False


class Rollouts:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        watched = Watched(Mirror(self._runtime.store, self._runtime.blobs, key.cluster))
        copy = watched.find(GROUP, "Rollout", key.namespace, key.name)
        if copy is None or copy.object is None:
            return None
        version = Version(copy.uid, copy.version)
        if is_left(self._runtime, key, copy.object):
            return Observation(Read(key, version, observed=True), {key: version}, copy.version)
        return _Reading(key, copy, copy.object, watched, self._runtime.balancers).observation()

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        read: Read = observation.object
        if read.observed:
            return Decision()  # whoever changes who decides on it looks at it again
        if read.waits or read.seen is None:
            return Decision(requeue_at=now + _SOON)
        plan = reconcile(read.seen, read.problems, now)
        effects = effects_of(plan, read.key, read.seen.body, read.versions, now)
        # Pods may only go on what is so, the rest is made good by the next turn, as in Argo.
        sets = [key for key in observation.read if key.kind == "ReplicaSet"] if plan.takes_away else ()
        return Decision(effects, plan.status, plan.requeue_at, stands_on=sets)

    def call(self, call: Call) -> bool:
        """See `Controller.call`: weights of load balancers are all that is outside."""
        balancers = self._runtime.balancers
        if not isinstance(call.what, Outside) or call.what.kind != "alb" or balancers is None:
            raise EvaluationError(f"nobody carries out {call.id}")
        balancers.share(call.what.body["hostname"], call.what.body["weights"])
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`. A problem of this turn stands in our own row; a Rollout's status is Argo's."""
        del report
        read: Read = observation.object
        if decision is None or not decision.status:
            return None
        return Patch(read.key, {"status": decision.status}, read.version, patient=decision.status.keys() <= _PATIENT)


class _Reading:
    """Gathers all that belongs to one Rollout."""

    def __init__(
        self, key: Key, copy: Copy, body: dict[str, Any], watched: Watched, balancers: Balancers | None
    ) -> None:
        self._key, self._copy, self._body, self._watched = key, copy, body, watched
        self._balancers = balancers
        self._versions: dict[Ref, Version] = {Ref(GROUP, "Rollout", key.name): Version(copy.uid, copy.version)}
        self._others: dict[Ref, Mapping[str, Any] | None] = {}
        self._blind = False

    def observation(self) -> Observation:
        version = Version(self._copy.uid, self._copy.version)
        body, workload = self._with_workload()
        try:
            rollout = Rollout.of(body)
        except ValueError as x:
            return self._unreadable(version, x)
        named_so = list(self._owned("apps", "ReplicaSet"))
        sets = [one for one in named_so if _is_of(one, self._copy.uid)]
        named = needs.named(rollout)
        for ref in named:
            if ref.group != BALANCERS:
                self._look(ref)
        for ref in named:
            if ref.group == BALANCERS:
                self._others[ref] = self._balancer(rollout, ref.name)
        seen = Seen(
            rollout,
            body,
            [ReplicaSet.of(one) for one in sets],
            [one for one in self._owned(GROUP, "AnalysisRun") if _is_of(one, self._copy.uid)],
            [one for one in self._owned(GROUP, "Experiment") if _is_of(one, self._copy.uid)],
            list(self._pods(sets)) if needs.wants_pods(rollout) else [],
            self._others,
            taken=frozenset(one["metadata"]["name"] for one in named_so) - {one["metadata"]["name"] for one in sets},
            workload=workload,
        )
        problems = needs.problems(seen) if not self._blind else ()
        read = Read(self._key, version, seen, problems, self._versions, waits=self._blind)
        stands_on: dict[Key, Version | None] = {self._key: version}
        for ref, found in self._versions.items():
            if ref.kind == "ReplicaSet":
                stands_on[self._key_of(ref)] = found
        known = {found.uid: found.resource for found in self._versions.values()}
        return Observation(read, stands_on, self._watched.listed("apps", "ReplicaSet", self._key.namespace) or 0, known)

    def _unreadable(self, version: Version, error: ValueError) -> Observation:
        """A spec with values of the wrong type: refused as an invalid one, by its first field."""
        first: list[Any] = getattr(error, "errors", list)()
        place = ".".join(str(part) for part in first[0]["loc"]) if first else "spec"
        said = first[0]["msg"] if first else str(error)
        bare = {name: self._body.get(name) for name in ("apiVersion", "kind", "metadata", "status")}
        seen = Seen(Rollout.of(bare), self._body)
        read = Read(self._key, version, seen, [Problem(place, said)], self._versions)
        return Observation(read, {self._key: version}, self._copy.version)

    def _with_workload(self) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
        named = (self._body.get("spec") or {}).get("workloadRef")
        if not named:
            return self._body, None
        ref = workload_ref(Rollout.of({"spec": {"workloadRef": named}}))
        found = self._look(ref) if ref is not None else None
        return (resolved(self._body, found), found) if found is not None else (self._body, None)

    def _look(self, ref: Ref) -> Mapping[str, Any] | None:
        if ref in self._others:
            return self._others[ref]
        namespace = "" if ref.kind == "ClusterAnalysisTemplate" else self._key.namespace
        if self._watched.listed(ref.group, ref.kind, namespace) is None:
            self._blind = True
        copy = self._watched.find(ref.group, ref.kind, namespace, ref.name)
        found = copy.object if copy is not None else None
        self._others[ref] = found
        if copy is not None and found is not None:
            self._versions[ref] = Version(copy.uid, copy.version)
        if found is not None and ref.kind in _TEMPLATES and len(self._others) < _DEEPEST * _DEEPEST:
            for one in (found.get("spec") or {}).get("templates") or ():
                kind = _TEMPLATES[bool(one.get("clusterScope"))]
                self._look(Ref(GROUP, kind, str(one.get("templateName", ""))))
        return found

    def _balancer(self, rollout: Rollout, ingress: str) -> Mapping[str, Any] | None:
        """The load balancer of an Ingress as it is now; None while there is none."""
        one = self._others.get(Ref("networking.k8s.io", "Ingress", ingress)) or {}
        named = ((one.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        hostname = str(named[0].get("hostname", "")) if named else ""
        if not hostname or self._balancers is None:
            return None
        try:
            found = self._balancers.look(hostname, groups_of(rollout, ingress))
        except NotFound:
            return None
        shares = {
            name: {"weight": one.weight, "targets": one.targets, "healthy": one.healthy} for name, one in found.items()
        }
        return {"hostname": hostname, "shares": shares}

    def _owned(self, group: str, kind: str) -> Iterator[Mapping[str, Any]]:
        """Objects that are named after the rollout, as all of its own are."""
        if self._watched.listed(group, kind, self._key.namespace) is None:
            self._blind = True
        for copy in self._watched.owned(group, kind, self._key.namespace, f"{self._key.name}-"):
            if copy.object is None:
                self._blind = True  # its blob is lost; the agent is asked for it
                continue
            name = copy.object["metadata"]["name"]
            if kind == "Pod" or _is_of(copy.object, self._copy.uid):
                self._versions[Ref(group, kind, name)] = Version(copy.uid, copy.version)
            yield copy.object

    def _pods(self, sets: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        uids = {(one.get("metadata") or {}).get("uid") for one in sets}
        for pod in self._owned("", "Pod"):
            owners = (pod.get("metadata") or {}).get("ownerReferences") or ()
            if any(owner.get("uid") in uids for owner in owners):
                yield pod

    def _key_of(self, ref: Ref) -> Key:
        return replace(self._key, group=ref.group, kind=ref.kind, name=ref.name)


def _is_of(body: Mapping[str, Any], uid: str) -> bool:
    """Whether the rollout of `uid` controls it."""
    owners = (body.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)


def is_left(runtime: Runtime, key: Key, body: Mapping[str, Any]) -> bool:
    """Whether somebody else decides on an object: a living Argo, or an installation with another instance id."""
    entry = runtime.registry.find(key.cluster)
    labels = (body.get("metadata") or {}).get("labels") or {}
    if labels.get(INSTANCE, "") != entry.instance_id:
        return True
    return are_served(runtime.store, entry, ARGO_ROLLOUTS)


def rollout_loop(runtime: Runtime, key: Key) -> Loop:
    """The loop that turns for one object of Argo Rollouts' kinds."""
    store, clock = runtime.store, runtime.clock
    if key.kind == "AnalysisRun":
        controller: Controller = runtime.analysis_runs
    elif key.kind == "Experiment":
        controller = runtime.experiments
    else:
        controller = runtime.rollouts
    return Loop(
        controller,
        States(store, clock, RECONCILE_ROLLOUT),
        Wakes(store, runtime.queue, clock, RECONCILE_ROLLOUT),
        timers_of(runtime, RECONCILE_ROLLOUT),
        Claims(store, clock, everything=False, lease=0.0),
        clock,
        runtime.clusters.carrier(key),
        runtime.patience,
    )


def handle_wake(runtime: Runtime, body: str) -> None:
    """Look at the object that a message of the queue names.

    Raises EvaluationError for a message that is no wake, Unavailable when our own store or queue fail.
    """
    text = read_wake(body)
    if text is None:
        raise EvaluationError("not a wake of an object of Argo Rollouts")
    key = Key.parse(text)
    rollout_loop(runtime, key).run(key)
