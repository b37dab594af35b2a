"""What to do next about an Experiment: `reconcile_experiment(seen, now)`.

Follows `experiments/experiment.go` and `experiments/replicaset.go` of Argo Rollouts: a ReplicaSet (and a Service where one
is asked for) for each template, analyses once all of them are there, everything scaled down when it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.instants import parse
from argosy.rollouts.analysis.args import experiment_values, merge, substitute
from argosy.rollouts.analysis.building import gathered
from argosy.rollouts.analysis.phases import COMPLETED
from argosy.rollouts.analysis.templates import flatten
from argosy.rollouts.experiment.phases import (
    ends_at,
    experiment_phase,
    is_terminating,
    replicas,
    template_status,
)
from argosy.rollouts.hashing import template_hash
from argosy.rollouts.instants import stamp
from argosy.rollouts.replicasets import DEADLINE, EXPERIMENT, HASH, ReplicaSet
from argosy.rollouts.writes import Change, Create, Event, Plan, Ref, Write, owned_by

__all__ = ["ExperimentSeen", "reconcile_experiment"]

type Body = Mapping[str, Any]
type Json = dict[str, Any]

_TEMPLATE: Final = "experiment.argoproj.io/template-name"
_DELAY: Final = 30


@dataclass(frozen=True, slots=True)
class ExperimentSeen:
    """An Experiment with its ReplicaSets and AnalysisRuns; `others`: Services and templates that it names."""

    body: Body
    sets: Sequence[ReplicaSet] = ()
    runs: Sequence[Body] = ()
    others: Mapping[Ref, Body | None] = field(default_factory=dict)


def reconcile_experiment(seen: ExperimentSeen, now: datetime) -> Plan:
    """Decide. Pure."""
    if (seen.body.get("metadata") or {}).get("deletionTimestamp"):
        return Plan()
    return _Turn(seen, now).plan()


class _Turn:
    def __init__(self, seen: ExperimentSeen, now: datetime) -> None:
        self._seen, self._now = seen, now
        self._before: Body = seen.body.get("status") or {}
        self._status: Json = {**self._before}
        self._body: Json = {**seen.body, "spec": seen.body.get("spec") or {}, "status": self._status}
        self._metadata: Body = seen.body.get("metadata") or {}
        self._writes: list[Write] = []
        self._due: list[datetime] = []
        self._events: list[Event] = []
        self._sets = {self._template_of(one): one for one in seen.sets}

    def plan(self) -> Plan:
        """All of it."""
        self._status["phase"] = self._status.get("phase") or "Pending"
        templates = self._body["spec"].get("templates") or ()
        self._status["templateStatuses"] = [self._template(one) for one in templates]
        running = all(one["status"] == "Running" for one in self._status["templateStatuses"])
        if running and templates and not self._status.get("availableAt"):
            self._status["availableAt"] = stamp(self._now)
        runs = [self._analysis(one) for one in self._body["spec"].get("analyses") or ()]
        if runs or self._before.get("analysisRuns"):
            self._status["analysisRuns"] = [one for one in runs if one is not None]
        self._assess()
        end = ends_at(self._body)
        if end is not None and end + timedelta(seconds=1) > self._now and self._status["phase"] not in COMPLETED:
            self._due.append(end + timedelta(seconds=1))
        patch = {name: value for name, value in self._status.items() if self._before.get(name) != value}
        if "phase" in patch:
            self._due.append(self._now)  # what its templates and runs are told depends on it
        return Plan(self._writes, patch, self._events, min(self._due, default=None))

    def _assess(self) -> None:
        """The phase, and its message and event when it is another."""
        phase = experiment_phase(self._body)
        if phase == self._before.get("phase"):
            return
        self._status["phase"] = phase
        worst: Json = next(
            (one for one in self._status["templateStatuses"] if one["status"] in ("Failed", "Error")), {}
        )
        ill: Json = next(
            (
                r
                for r in self._status.get("analysisRuns") or ()
                if r.get("phase") in ("Failed", "Error", "Inconclusive")
            ),
            {},
        )
        message = str(worst.get("message") or ill.get("message") or "")
        if message:
            self._status["message"] = message
        text = f"Experiment transitioned from {self._before.get('phase') or 'New'} -> {phase}"
        self._events.append(Event(f"Experiment{phase}", text, warning=phase in ("Failed", "Error", "Inconclusive")))

    # Templates

    def _template_of(self, one: ReplicaSet) -> str:
        prefix = f"{self._metadata.get('name', '')}-"
        return one.annotations.get(_TEMPLATE) or one.name.removeprefix(prefix)

    def _template(self, template: Body) -> Json:
        name = str(template.get("name", ""))
        known: Json = next(
            (dict(o) for o in self._before.get("templateStatuses") or () if o.get("name") == name), {"name": name}
        )
        found = self._sets.get(name)
        if found is None:
            if not is_terminating(self._body):
                found = self._create(template, name)
        else:
            self._scale(found, replicas(self._body, name))
        there = found.available if found is not None else 0
        since = parse(known.get("lastTransitionTime"))
        status = template_status(self._body, name, there, self._now, since)
        if status != known.get("status"):
            known["lastTransitionTime"] = stamp(self._now)
            known["message"] = f"Template {name} is {status.lower()}" if status in ("Failed", "Error") else ""
        if status == "Progressing":
            deadline = self._body["spec"].get("progressDeadlineSeconds")
            began = since or self._now
            self._due.append(began + timedelta(seconds=(600 if deadline is None else deadline) + 1))
        known |= {"status": status, "replicas": found.current if found is not None else 0}
        known |= {"updatedReplicas": known["replicas"], "readyReplicas": found.ready if found is not None else 0}
        known["availableReplicas"] = there
        if found is not None:
            known["podTemplateHash"] = found.hash
        service = self._service(template, name, found)
        return known | ({"serviceName": service} if service else {})

    def _scale(self, one: ReplicaSet, wanted: int) -> None:
        ref = Ref("apps", "ReplicaSet", one.name)
        if one.replicas == wanted:
            return
        if wanted == 0:
            delay = self._body["spec"].get("scaleDownDelaySeconds")
            deadline = one.deadline or self._now + timedelta(seconds=_DELAY if delay is None else delay)
            if one.deadline is None and deadline > self._now:
                self._writes.append(Change(ref, {"metadata": {"annotations": {DEADLINE: stamp(deadline)}}}))
            if deadline > self._now:
                self._due.append(deadline)
                return
        way = "up" if wanted > one.replicas else "down"
        text = f"Scaled {way} ReplicaSet {one.name} from {one.replicas} to {wanted}"
        self._events.append(Event("ScalingReplicaSet", text))
        gone = {"metadata": {"annotations": {DEADLINE: None}}} if DEADLINE in one.annotations else {}
        self._writes.append(Change(ref, {"spec": {"replicas": wanted}, **gone}))

    def _create(self, template: Body, name: str) -> ReplicaSet:
        pods = template.get("template") or {}
        pod_hash = template_hash(pods, None)
        own = pods.get("metadata") or {}
        labels = {**(own.get("labels") or {}), HASH: pod_hash}
        selector = template.get("selector") or {}
        made = f"{self._metadata.get('name', '')}-{name}"
        spec: Json = {
            "replicas": replicas(self._body, name),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: pod_hash}},
            "template": {**pods, "metadata": {**own, "labels": labels}},
        }
        if template.get("minReadySeconds"):
            spec["minReadySeconds"] = template["minReadySeconds"]
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": made,
                "namespace": self._metadata.get("namespace"),
                "labels": labels,
                "annotations": {EXPERIMENT: self._metadata.get("name"), _TEMPLATE: name},
                "ownerReferences": [self._owner()],
            },
            "spec": spec,
        }
        self._writes.append(Create(Ref("apps", "ReplicaSet", made), manifest))
        self._events.append(Event("NewReplicaSetCreated", f"Created ReplicaSet {made}"))
        return ReplicaSet.of(manifest)

    def _service(self, template: Body, name: str, one: ReplicaSet | None) -> str:
        """The Service of a template that wants one; it goes with the experiment, which owns it."""
        if template.get("service") is None or one is None:
            return ""
        made = str(template["service"].get("name") or f"{self._metadata.get('name', '')}-{name}")
        ref = Ref("", "Service", made)
        if self._seen.others.get(ref) is not None or is_terminating(self._body):
            return made
        containers = ((template.get("template") or {}).get("spec") or {}).get("containers") or ()
        ports = [
            {
                "name": p.get("name") or f"port-{p['containerPort']}",
                "port": p["containerPort"],
                "protocol": p.get("protocol") or "TCP",
            }
            for container in containers
            for p in container.get("ports") or ()
        ]
        selector = {**((template.get("selector") or {}).get("matchLabels") or {}), HASH: one.hash}
        metadata = {
            "name": made,
            "namespace": self._metadata.get("namespace"),
            "annotations": {EXPERIMENT: self._metadata.get("name"), _TEMPLATE: name},
            "ownerReferences": [self._owner()],
        }
        spec = {"selector": selector, "ports": ports or [{"name": "http", "port": 80, "protocol": "TCP"}]}
        self._writes.append(Create(ref, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}))
        return made

    def _owner(self) -> Json:
        return owned_by("Experiment", self._metadata.get("name"), self._metadata.get("uid"))

    # Analyses

    def _analysis(self, analysis: Body) -> Json | None:
        name = str(analysis.get("name", ""))
        known = next((dict(o) for o in self._before.get("analysisRuns") or () if o.get("name") == name), None)
        if known is None:
            return self._begin(analysis, name)
        run = next((one for one in self._seen.runs if one["metadata"]["name"] == known.get("analysisRun")), None)
        if run is None:
            return known
        status = run.get("status") or {}
        known["phase"] = status.get("phase") or known.get("phase") or "Pending"
        known |= {"message": status["message"]} if status.get("message") else {}
        if (
            is_terminating(self._body)
            and known["phase"] not in COMPLETED
            and not (run.get("spec") or {}).get("terminate")
        ):
            self._writes.append(Change(_run_ref(known["analysisRun"]), {"spec": {"terminate": True}}))
        return known

    def _begin(self, analysis: Body, name: str) -> Json | None:
        """Make the run, once all templates are there."""
        if not self._status.get("availableAt") or is_terminating(self._body):
            return None
        made = f"{self._metadata.get('name', '')}-{name}"
        try:
            spec = self._run_spec(analysis)
        except EvaluationError as x:
            return {"name": name, "analysisRun": "", "phase": "Error", "message": str(x)}
        labels = {key: text for key, text in (self._metadata.get("labels") or {}).items() if key != HASH}
        metadata = self._body["spec"].get("analysisRunMetadata") or {}
        taken = {str(one["metadata"]["name"]) for one in self._seen.runs}
        count = next(n for n in range(len(taken) + 1) if (f"{made}.{n}" if n else made) not in taken)
        made = f"{made}.{count}" if count else made
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisRun",
            "metadata": {
                "name": made,
                "namespace": self._metadata.get("namespace"),
                "labels": {**labels, **(metadata.get("labels") or {})},
                "annotations": {EXPERIMENT: self._metadata.get("name"), **(metadata.get("annotations") or {})},
                "ownerReferences": [self._owner()],
            },
            "spec": spec,
        }
        self._writes.append(Create(_run_ref(made), manifest))
        return {"name": name, "analysisRun": made, "phase": "Pending"}

    def _run_spec(self, analysis: Body) -> Json:
        named = [(str(analysis.get("templateName", "")), bool(analysis.get("clusterScope")))]
        specs = list(gathered(named, self._seen.others))
        whole = flatten([spec for spec, cluster in specs if not cluster], [spec for spec, cluster in specs if cluster])
        sets = {name: {"name": one.name, "podTemplateHash": one.hash} for name, one in self._sets.items()}
        values = experiment_values(self._body, sets)
        given = [
            {**arg, "value": substitute(arg["value"], values)} if arg.get("value") is not None else dict(arg)
            for arg in analysis.get("args") or ()
        ]
        spec: Json = {"metrics": whole["metrics"]}
        parts = {
            "args": merge(given, whole["args"]),
            "dryRun": [*whole["dryRun"], *(self._body["spec"].get("dryRun") or ())],
            "measurementRetention": whole["measurementRetention"],
        }
        return spec | {name: value for name, value in parts.items() if value}


def _run_ref(name: str) -> Ref:
    return Ref("argoproj.io", "AnalysisRun", name)
