"""The controller of Experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Patch, Version, Write
from argosy.control.keys import Key
from argosy.errors import EvaluationError
from argosy.resources.definitions import GROUP
from argosy.rollouts.analysis.building import template_ref
from argosy.rollouts.experiment.turn import ExperimentSeen, reconcile_experiment
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.writes import Ref
from argosy.services.agents.mirror import Mirror
from argosy.services.rollouts.carrying import effects_of
from argosy.services.rollouts.watching import Watched

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Experiments"]

_SOON: Final = timedelta(seconds=1)

type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of an experiment; `seen` is None while not all of it can be seen, or somebody else decides."""

    key: Key
    version: Version
    seen: ExperimentSeen | None = None
    versions: Mapping[Ref, Version] = field(default_factory=dict)
    observed: bool = False


class Experiments:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        from argosy.services.rollouts.controller import is_left

        watched = Watched(Mirror(self._runtime.store, self._runtime.blobs, key.cluster))
        copy = watched.find(GROUP, "Experiment", key.namespace, key.name)
        if copy is None or copy.object is None:
            return None
        version = Version(copy.uid, copy.version)
        if is_left(self._runtime, key, copy.object):
            return Observation(Read(key, version, observed=True), {key: version}, copy.version)
        kinds = (("apps", "ReplicaSet"), (GROUP, "AnalysisTemplate"), ("", "Service"))
        if any(watched.listed(group, kind, key.namespace) is None for group, kind in kinds):
            return Observation(Read(key, version), {key: version}, copy.version)
        versions = {Ref(GROUP, "Experiment", key.name): version}
        found: dict[str, list[Body]] = {"ReplicaSet": [], "AnalysisRun": []}
        for group, kind in (("apps", "ReplicaSet"), (GROUP, "AnalysisRun")):
            for one in watched.owned(group, kind, key.namespace, f"{key.name}-"):
                owners = ((one.object or {}).get("metadata") or {}).get("ownerReferences") or ()
                if one.object is not None and any(owner.get("uid") == copy.uid for owner in owners):
                    found[kind].append(one.object)
                    versions[Ref(group, kind, one.object["metadata"]["name"])] = Version(one.uid, one.version)
        others = self._others(watched, key, copy.object)
        sets = [ReplicaSet.of(one) for one in found["ReplicaSet"]]
        seen = ExperimentSeen(copy.object, sets, found["AnalysisRun"], others)
        known = {one.uid: one.resource for one in versions.values()}
        as_of = watched.listed("apps", "ReplicaSet", key.namespace) or 0
        return Observation(Read(key, version, seen, versions), {key: version}, as_of, known)

    def _others(self, watched: Watched, key: Key, body: Body) -> dict[Ref, Body | None]:
        spec, others = body.get("spec") or {}, dict[Ref, Body | None]()
        for template in spec.get("templates") or ():
            if template.get("service") is not None:
                name = str(template["service"].get("name") or f"{key.name}-{template.get('name')}")
                copy = watched.find("", "Service", key.namespace, name)
                others[Ref("", "Service", name)] = copy.object if copy is not None else None
        left = [
            template_ref(str(one.get("templateName", "")), cluster=bool(one.get("clusterScope")))
            for one in spec.get("analyses") or ()
        ]
        while left:
            ref = left.pop()
            if ref in others:
                continue
            namespace = "" if ref.kind == "ClusterAnalysisTemplate" else key.namespace
            copy = watched.find(GROUP, ref.kind, namespace, ref.name)
            found = copy.object if copy is not None else None
            others[ref] = found
            left += [
                template_ref(str(one.get("templateName", "")), cluster=bool(one.get("clusterScope")))
                for one in ((found or {}).get("spec") or {}).get("templates") or ()
            ]
        return others

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        read: Read = observation.object
        if read.seen is None:
            return Decision(requeue_at=None if read.observed else now + _SOON)
        plan = reconcile_experiment(read.seen, now)
        effects = effects_of(plan, read.key, read.seen.body, read.versions, now)
        return Decision(effects, plan.status, plan.requeue_at, stands_on=())

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        raise EvaluationError(f"nobody carries out {call.id}")

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`."""
        del report
        read: Read = observation.object
        if decision is None or not decision.status:
            return None
        return Patch(read.key, {"status": decision.status}, read.version)
