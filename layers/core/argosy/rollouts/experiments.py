"""The Experiment of a canary's step: made, watched, and ended.

Follows `rollout/experiment.go` of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.resources.rollout import Experiment, ExperimentTemplate, Rollout
from argosy.rollouts.analysis.building import resolved_args
from argosy.rollouts.canary.steps import current_experiment, current_step
from argosy.rollouts.pauses import INCONCLUSIVE_EXPERIMENT
from argosy.rollouts.phase import COMPLETED_PHASES
from argosy.rollouts.replicasets import HASH, REVISION, ReplicaSet
from argosy.rollouts.traffic import Destination
from argosy.rollouts.turn import API_VERSION, GROUP, Turn
from argosy.rollouts.writes import Ref, owned_by

__all__ = ["destinations", "phase", "sync"]

type Body = Mapping[str, Any]


def sync(turn: Turn) -> None:
    """Make the step's experiment, end all others, and act on how it ended (reconcileExperiments)."""
    wanted = _wanted(turn)
    current = _current(turn)
    for one in turn.seen.experiments:
        keep = wanted is not None and current is not None and _name(one) == _name(current)
        if not keep:
            _end(turn, one)
    if wanted is None:
        turn.set_canary(current_experiment="")
        _forget(turn)
        return
    if current is None and not (turn.rollout.status.pause_conditions or turn.halted):
        current = _create(turn, wanted)
    if current is None:
        return
    turn.set_canary(current_experiment=_name(current))
    status = current.get("status") or {}
    ended = status.get("phase")
    if ended in ("Failed", "Error"):
        turn.abort_message = str(status.get("message") or f"Experiment '{_name(current)}' {ended}")
    elif ended == "Inconclusive":
        turn.pauses.append(INCONCLUSIVE_EXPERIMENT)
    _forget(turn)


def _wanted(turn: Turn) -> Experiment | None:
    step = current_step(turn.rollout)[1]
    if step is None or step.experiment is None or turn.aborted or turn.rollout.fully_promoted:
        return None
    if turn.rollout.status.promote_full or turn.stable is None:
        return None
    return current_experiment(turn.rollout)


def _base(turn: Turn) -> str:
    index = current_step(turn.rollout)[0]
    return f"{turn.rollout.metadata.name}-{turn.new_hash}-{turn.revision}-{index}"


def _current(turn: Turn) -> Body | None:
    named = turn.rollout.status.canary.current_experiment
    base = _base(turn)
    found = next((one for one in turn.seen.experiments if _name(one) == (named or base)), None)
    if named and found is not None and _is_called(found, base):
        return found
    # One that was made before a crash; one that has ended is of before a retry.
    return next((one for one in turn.seen.experiments if _is_called(one, base) and not _is_ending(one)), None)


def _is_called(one: Body, base: str) -> bool:
    """Whether it is the step's first or one of those after it: `base`, `base-1`, …"""
    rest = _name(one).removeprefix(base)
    return rest != _name(one) and (not rest or (rest[0] == "-" and rest[1:].isdigit()))


def _is_ending(one: Body) -> bool:
    ended = (one.get("status") or {}).get("phase") in COMPLETED_PHASES
    return ended or bool((one.get("spec") or {}).get("terminate"))


def _create(turn: Turn, wanted: Experiment) -> Body | None:
    rollout, new, stable = turn.rollout, turn.new, turn.stable
    if new is None or stable is None:
        return None
    name, taken = _base(turn), {_name(one) for one in turn.seen.experiments}
    count = 0
    while name in taken:
        count += 1
        name = f"{_base(turn)}-{count}"
    labels = {HASH: new.hash} | dict((rollout.spec.selector or {}).get("matchLabels") or {})
    owner = owned_by("Rollout", rollout.metadata.name, rollout.metadata.uid)
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "Experiment",
        "metadata": {
            "name": name,
            "namespace": rollout.metadata.namespace,
            "labels": labels,
            "annotations": {REVISION: str(turn.revision)},
            "ownerReferences": [owner],
        },
        "spec": _spec(turn, wanted, {"stable": stable, "canary": new}),
    }
    turn.create(_ref(name), manifest)
    return manifest


def _spec(turn: Turn, wanted: Experiment, sets: Mapping[str, ReplicaSet]) -> dict[str, Any]:
    """The experiment's spec (GetExperimentFromTemplate)."""
    templates = [_template(turn.rollout, one, sets[one.spec_ref]) for one in wanted.templates if one.spec_ref in sets]
    spec: dict[str, Any] = {"templates": templates}
    if wanted.duration:
        spec["duration"] = wanted.duration
    deadline = turn.rollout.spec.progress_deadline_seconds
    if deadline is not None:
        spec["progressDeadlineSeconds"] = deadline
    if wanted.scale_down_delay_seconds is not None:
        spec["scaleDownDelaySeconds"] = wanted.scale_down_delay_seconds
    analyses = []
    for one in wanted.analyses:
        args = resolved_args(one.args, turn.seen.body, sets["canary"], sets["stable"])
        entry: dict[str, Any] = {"name": one.name, "templateName": one.template_name, "args": args}
        entry |= {"clusterScope": True} if one.cluster_scope else {}
        entry |= {"requiredForCompletion": True} if one.required_for_completion else {}
        analyses.append(entry)
    if analyses:
        spec["analyses"] = analyses
    if wanted.dry_run:
        spec["dryRun"] = [dict(one) for one in wanted.dry_run]
    metadata = wanted.analysis_run_metadata.model_dump(exclude_unset=True)
    return spec | ({"analysisRunMetadata": metadata} if metadata else {})


def _template(rollout: Rollout, wanted: ExperimentTemplate, source: ReplicaSet) -> dict[str, Any]:
    template = source.template
    metadata = template.get("metadata") or {}
    labels = {name: text for name, text in (metadata.get("labels") or {}).items() if name != HASH}
    labels |= dict(wanted.metadata.labels)
    annotations = {**(metadata.get("annotations") or {}), **wanted.metadata.annotations}
    selector = dict(wanted.selector or rollout.spec.selector or {})
    made: dict[str, Any] = {
        "name": wanted.name,
        "replicas": 1 if wanted.replicas is None else wanted.replicas,
        "selector": selector,
        "minReadySeconds": rollout.spec.min_ready_seconds,
        "template": {**template, "metadata": {**metadata, "labels": labels, "annotations": annotations}},
    }
    if wanted.service is not None or wanted.weight is not None:
        made["service"] = dict(wanted.service or {})
    return made


def _end(turn: Turn, one: Body) -> None:
    if not _is_ending(one):
        turn.change(_ref(_name(one)), {"spec": {"terminate": True}})


def _forget(turn: Turn) -> None:
    """Delete experiments of versions that are gone."""
    hashes = {one.hash for one in turn.sets}
    for one in turn.seen.experiments:
        metadata = one.get("metadata") or {}
        orphan = (metadata.get("labels") or {}).get(HASH) not in hashes
        if orphan and not metadata.get("deletionTimestamp"):
            turn.erase(_ref(_name(one)))


def phase(turn: Turn) -> str | None:
    """The phase of the current step's experiment."""
    named = turn.rollout.status.canary.current_experiment
    found = next((one for one in turn.seen.experiments if _name(one) == named), None)
    return ((found or {}).get("status") or {}).get("phase")


def destinations(turn: Turn) -> list[Destination]:
    """Where a running experiment's weights go (calculateWeightDestinationsFromExperiment)."""
    wanted, current = _wanted(turn), _current(turn)
    if wanted is None or current is None:
        return []
    status = current.get("status") or {}
    if status.get("phase") != "Running":
        return []
    weights = {one.name: one.weight for one in wanted.templates if one.weight is not None}
    return [
        Destination(str(one.get("serviceName", "")), weights[one["name"]], str(one.get("podTemplateHash", "")))
        for one in status.get("templateStatuses") or ()
        if one.get("name") in weights and one.get("serviceName")
    ]


def _name(one: Body) -> str:
    return str((one.get("metadata") or {}).get("name", ""))


def _ref(name: str) -> Ref:
    return Ref(GROUP, "Experiment", name)
