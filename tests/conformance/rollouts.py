"""Conformance adapters of Argo Rollouts: replicas, steps, pauses, status, services and tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang.instants import parse
from argosy.lang.patch.mergepatch import merge_patch
from argosy.resources.rollout import Canary, Pause, PodMetadata, Rollout, RolloutStatus, Step, Threshold, Weights
from argosy.resources.rollout_validation import validate_canary, validate_spec, validate_strategy
from argosy.rollouts import bluegreen, conditions, pauses
from argosy.rollouts import metadata as ephemeral
from argosy.rollouts import phase as phases
from argosy.rollouts.analysis import args, schedule, templates
from argosy.rollouts.analysis import conditions as analysis_conditions
from argosy.rollouts.analysis import phases as phase_rules
from argosy.rollouts.analysis.providers import Answer, Question, judged, provider_of
from argosy.rollouts.analysis.providers.web import floats
from argosy.rollouts.bounds import max_surge, max_unavailable
from argosy.rollouts.canary import counts, progress, steps
from argosy.rollouts.experiment import phases as experiments
from argosy.rollouts.hashing import step_hash
from argosy.rollouts.history import surplus
from argosy.rollouts.instants import stamp
from argosy.rollouts.replicasets import EXPERIMENT, HASH, ReplicaSet, referenced, revision_of
from argosy.rollouts.restart import Pod, needs_restart, restart
from argosy.rollouts.scaledown import abort_delay, deadline_step, delay
from argosy.rollouts.services import switch_allowed, switch_patch
from argosy.rollouts.traffic import Destination, Split, routers
from argosy.rollouts.verbs import patches
from argosy.rollouts.writes import Create, Outside, Ref

type Case = dict[str, Any]

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def _rs(body: Any) -> ReplicaSet | None:
    return ReplicaSet.of(body) if body is not None else None


def _sets(body: Any) -> list[ReplicaSet]:
    return [ReplicaSet.of(one) for one in body or ()]


def _rollout(case: Case) -> Rollout:
    return Rollout.of(case.get("rollout") or {})


def _status(body: Any) -> RolloutStatus:
    return RolloutStatus.model_validate(body or {})


def _now(case: Case) -> Any:
    return parse(case["now"])


def _weights(case: Case) -> Weights | None:
    return Weights.model_validate(case["weights"]) if case.get("weights") else None


def _of(case: Case) -> tuple[Any, ...]:
    return (
        _rollout(case),
        _rs(case.get("newRS")),
        _rs(case.get("stableRS")),
        _sets(case.get("olderRSs")),
        _weights(case),
    )


def _json(model: Any, raw: Any) -> Any:
    return raw if model is not None else None


def approximate(case: Case) -> object:
    return counts.approximate(case["replicas"], case["weight"], case["maxWeight"], case["maxSurge"])._asdict()


def replica_counts(case: Case) -> object:
    return counts.replica_counts(*_of(case))._asdict()


def _current_step(case: Case) -> object:
    index, step = steps.current_step(_rollout(case))
    raw = case["rollout"]["spec"]["strategy"]["canary"]["steps"][index] if step is not None else None
    return {"index": index, "step": raw}


def _replicas_or_weight(case: Case) -> object:
    replicas, weight = steps.replicas_or_weight(*_of(case)[:3])
    return {"replicas": replicas, "weight": weight}


def _experiment_step(case: Case) -> object:
    found = steps.current_experiment(_rollout(case))
    return None if found is None else found.model_dump(by_alias=True, exclude_unset=True, mode="json")


CURRENT_STEP: dict[str, Callable[[Case], object]] = {
    "currentStep": _current_step,
    "setWeight": lambda case: steps.set_weight(_rollout(case)),
    "replicasOrWeight": _replicas_or_weight,
    "beforeStartingStep": lambda case: steps.before_starting_step(_rollout(case)),
    "experimentStep": _experiment_step,
    "shouldVerifyWeight": lambda case: steps.should_verify_weight(_rollout(case), case["desiredWeight"]),
    "stepString": lambda case: steps.step_text(Step.model_validate(case["step"])),
}


def _promote(case: Case) -> object:
    facts = bluegreen.Facts(
        case["hasStable"],
        case["newRSAvailable"],
        case["fastRollback"],
        case["withinWindow"],
        case["aborted"],
        case["targetsVerified"],
        case["postAnalysis"],
    )
    return bluegreen.promote_reason(_rollout(case), _status(case["newStatus"]), facts)


def _abort_delay(case: Case) -> object:
    seconds, explicit = abort_delay(_rollout(case))
    return {"seconds": seconds, "explicit": explicit}


BLUE_GREEN: dict[str, Callable[[Case], object]] = {
    "newReplicas": lambda case: bluegreen.new_replicas(_rollout(case), _rs(case["newRS"]), _sets(case["allRSs"])),
    "fastTracked": lambda case: bluegreen.is_fast_tracked(
        _rollout(case), case["activeSelector"], ReplicaSet.of(case["newRS"]), fast_rollback=case["fastRollback"]
    ),
    "promoteReason": _promote,
    "scaleDownDelay": lambda case: delay(_rollout(case)),
    "abortScaleDownDelay": _abort_delay,
}


def _step_completed(case: Case) -> object:
    facts = case["facts"]
    return progress.is_step_completed(
        _rollout(case),
        progress.StepFacts(
            facts["atDesiredReplicas"],
            facts["weightVerified"],
            facts["experimentPhase"],
            facts["analysisPhase"],
            facts["pluginCompleted"],
            facts["pauseCompleted"],
        ),
    )


def _next_index(case: Case) -> object:
    moved = progress.Moved(
        case["newHash"],
        case["stepsChanged"] or case["templateChanged"],
        case["rollbackWithinWindow"],
        case["newActive"],
        case["fullPromote"],
        case["aborted"],
        case["stepCompleted"],
    )
    index, stable = progress.next_index(_rollout(case), moved)
    return {"currentStepIndex": index, "stableRS": stable}


def _full_promote(case: Case) -> object:
    facts = bluegreen.Facts(
        case["hasStable"],
        case["newRSAvailable"],
        case["fastRollback"],
        case["withinWindow"],
        case["aborted"],
        desired=case["newRSDesired"],
    )
    return progress.promote_reason(_rollout(case), facts)


def _rollback_window(case: Case) -> object:
    sets = [
        ReplicaSet(
            one["name"], created=parse(one["createdAt"]), annotations={EXPERIMENT: "e"} if one.get("experiment") else {}
        )
        for one in case["replicaSets"]
    ]
    named = {one.name: one for one in sets}
    new, stable = named.get(case["newRS"]), named.get(case["stableRS"])
    return progress.within_rollback_window(sets, new, stable, case["revisions"])


STATUS_SYNC: dict[str, Callable[[Case], object]] = {
    "stepCompleted": _step_completed,
    "nextIndex": _next_index,
    "fullPromote": _full_promote,
    "rollbackWindow": _rollback_window,
}


def _threshold(case: Case) -> object:
    threshold = Threshold.model_validate(case["threshold"]) if case["threshold"] else None
    return counts.threshold_met(threshold, _rs(case["rs"]), case["desired"])


REPLICA_PROGRESS: dict[str, Callable[[Case], object]] = {
    "threshold": _threshold,
    "atDesired": lambda case: counts.at_desired(*_of(case)),
    "forScaleDown": lambda case: counts.for_scale_down(_rs(case["rs"]), ignore=case["ignoreAvailability"]),
    "maxSurge": lambda case: max_surge(_rollout(case)),
    "maxUnavailable": lambda case: max_unavailable(_rollout(case)),
}


def _history(case: Case) -> object:
    sets = [
        ReplicaSet(
            one["name"],
            created=parse(one["createdAt"]),
            replicas=one["replicas"],
            current=one["statusReplicas"],
            deleting=one.get("deleting", False),
            generation=one.get("generation", 0),
            observed=one.get("observedGeneration", 0),
        )
        for one in case["replicaSets"]
    ]
    limit = case["revisionHistoryLimit"]
    return [one.name for one in surplus(sets, 10 if limit is None else limit)]


def _restart(case: Case) -> object:
    pods = [Pod(p["name"], parse(p["createdAt"]), p["available"], p.get("deleting", False)) for p in case["pods"]]
    found = restart(_rollout(case), pods, case["totalReplicas"])
    return {"restarted": list(found.pods), "done": found.done}


REVISION: dict[str, Callable[[Case], object]] = {
    "historyDelete": _history,
    "maxRevision": lambda case: revision_of(case["revisions"]),
    "needsRestart": lambda case: needs_restart(_rollout(case), _now(case)),
    "restart": _restart,
}


def _timed_out(case: Case) -> object:
    spec = {"progressDeadlineSeconds": case["progressDeadlineSeconds"]}
    rollout = Rollout.of({"spec": spec})
    return conditions.timed_out(rollout.spec.progress_deadline, _status(case["status"]), _now(case))


def _step_hash(case: Case) -> object:
    canary = case["rollout"]["spec"]["strategy"].get("canary")
    return "" if canary is None else step_hash(canary.get("steps"))


CONDITIONS: dict[str, Callable[[Case], object]] = {
    "progressing": lambda case: conditions.is_progressing(_rollout(case), _status(case["newStatus"])),
    "healthy": lambda case: conditions.is_healthy(_rollout(case), _status(case["newStatus"])),
    "completed": lambda case: conditions.is_completed(_status(case["status"])),
    "timedOut": _timed_out,
    "stepHash": _step_hash,
}


def _pause_status(case: Case) -> object:
    found = pauses.pause_fields(
        _rollout(case),
        _now(case),
        add=case["add"],
        remove=case["remove"],
        clear=case["clear"],
        add_abort=case["addAbort"],
        remove_abort=case["removeAbort"],
    )
    return {
        "abort": found.abort,
        "abortedAt": found.aborted_at,
        "controllerPause": found.controller_pause,
        "pauseConditions": list(found.conditions),
    }


PAUSE: dict[str, Callable[[Case], object]] = {
    "duration": lambda case: pauses.seconds(case["duration"]),
    "canaryCompleted": lambda case: pauses.canary_pause_over(
        _rollout(case), Pause.model_validate(case["pause"]), _now(case)
    ),
    "blueGreenCompleted": lambda case: pauses.blue_green_pause_over(_rollout(case), _now(case)),
    "needsPause": lambda case: pauses.needs_pause(_rollout(case)),
    "status": _pause_status,
    "manual": lambda case: pauses.is_manual(_rollout(case), case["reason"]),
}


def _phase(case: Case) -> object:
    found, message = phases.phase(_rollout(case), from_workload=case.get("templateResolvedFromRef", False))
    return {"phase": found, "message": message}


PHASE: dict[str, Callable[[Case], object]] = {
    "phase": _phase,
    "generationObserved": lambda case: phases.generation_observed(_rollout(case)),
    "fullyPromoted": lambda case: _rollout(case).fully_promoted,
}


def _deadline(case: Case) -> object:
    rs = case["rs"]
    found = deadline_step(_rollout(case), rs["replicas"], parse(rs.get("deadline")), case["annotated"], _now(case))
    at = stamp(found.deadline) if found.deadline is not None else None
    return {"annotated": found.annotated, "replicas": found.replicas, "newDeadline": at}


def _active(case: Case) -> object:
    return bluegreen.active_after(
        _rollout(case),
        case["selector"],
        case["newHash"],
        ready=case["ready"],
        saturated=case["saturated"],
        pause_over=case["pauseCompleted"],
        analysed=case["prePromotionDone"],
        fast_tracked=case["fastTracked"],
    )


def _canary_service(case: Case) -> object:
    managed = {"argo-rollouts.argoproj.io/managed-by-rollouts": "r"} if case["managed"] else {}
    service = {"metadata": {"annotations": managed}, "spec": {"selector": {HASH: case["serviceSelector"]}}}
    available = {"full": 2, "partial": 1, "none": 0}[case["rs"]["availability"]]
    target = ReplicaSet("rs", case["rs"]["hash"], replicas=2, available=available)
    return switch_allowed(service, target, check=case["check"])


SCALE_DOWN: dict[str, Callable[[Case], object]] = {
    "referenced": lambda case: referenced(_rollout(case), case["hash"], case["services"]),
    "deadlineStep": _deadline,
    "activeService": _active,
    "servicePatch": lambda case: switch_patch(case["service"], case["hash"], case["rolloutName"]),
    "canaryService": _canary_service,
}


def _pod_metadata(body: Any) -> PodMetadata | None:
    return PodMetadata.model_validate(body) if body is not None else None


def _sync_set(case: Case) -> object:
    one = ReplicaSet.of(case["replicaSet"])
    change = ephemeral.synced_set(one, _pod_metadata(case["podMetadata"]))
    parsed = ephemeral.recorded(change.record)
    recorded = None if parsed is None else parsed.model_dump(exclude_unset=True)
    found = change.injected
    return {
        "modified": found.modified,
        "labels": dict(found.labels),
        "annotations": dict(found.annotations),
        "recorded": recorded,
    }


def _sync_metadata(case: Case) -> object:
    found = ephemeral.synced(case["metadata"], _pod_metadata(case["existing"]), _pod_metadata(case["desired"]))
    return {"modified": found.modified, "labels": dict(found.labels), "annotations": dict(found.annotations)}


def _parse(case: Case) -> object:
    found = ephemeral.recorded((case["annotations"] or {}).get(ephemeral.EPHEMERAL))
    return None if found is None else found.model_dump(exclude_unset=True)


METADATA: dict[str, Callable[[Case], object]] = {
    "syncReplicaSet": _sync_set,
    "syncMetadata": _sync_metadata,
    "parse": _parse,
}


def validate(case: Case) -> object:
    check = {"spec": validate_spec, "strategy": validate_strategy, "canary": validate_canary}[case["scope"]]
    fields = sorted({problem.field for problem in check(_rollout(case))})
    return {"valid": not fields, "fields": fields}


def verbs(case: Case) -> object:
    found = patches(case["verb"], _rollout(case), parse(case.get("now")))
    return {"spec": found.spec, "status": found.status}


def _resolve(case: Case) -> object:
    return args.resolve(case["template"], case["args"], quoted=case.get("quoted", False))


def _experiment_arg(case: Case) -> object:
    return args.substitute(case["template"], args.experiment_values(case["experiment"], case["replicaSets"]))


ARGS: dict[str, Callable[[Case], object]] = {
    "resolve": _resolve,
    "merge": lambda case: args.merge(case["incoming"], case["template"]),
    "fieldPath": lambda case: args.field_value(case["rollout"], case["path"]),
    "experimentArg": _experiment_arg,
}

TEMPLATES: dict[str, Callable[[Case], object]] = {
    "validateMetrics": lambda case: {"valid": not list(templates.metric_problems(case["metrics"]))},
    "flatten": lambda case: templates.flatten(case["templates"], case["clusterTemplates"]),
    "matchRules": lambda case: sorted(templates.matching(case["rules"], case["metrics"])),
    "worst": lambda case: phase_rules.worse(case["left"], case["right"]),
    "terminating": lambda case: phase_rules.is_terminating(case["run"]),
}


def _condition(case: Case) -> object:
    result = case["result"] if case.get("ints") else floats(case["result"])
    return analysis_conditions.evaluate(result, case["condition"])


def _measurement(case: Case) -> object:
    return judged(case["metric"], floats(case["result"]), "").phase


ANALYSIS_CONDITIONS: dict[str, Callable[[Case], object]] = {
    "condition": _condition,
    "measurement": _measurement,
    "time": lambda case: stamp(analysis_conditions.evaluate_time(case["expression"])),
}


def _metric_phase(case: Case) -> object:
    return phase_rules.metric_phase(case["metric"], case["result"], terminating=case["terminating"])


def _next_look(case: Case) -> object:
    found = schedule.next_look(case["run"], _now(case))
    return stamp(found) if found is not None else None


ANALYSIS_RUN: dict[str, Callable[[Case], object]] = {
    "metric": _metric_phase,
    "limits": lambda case: phase_rules.limits(case["metric"], case["result"])._asdict(),
    "run": lambda case: phase_rules.run_verdict(case["run"], case["dryRun"])._asdict(),
    "tasks": lambda case: list(schedule.due(case["run"], _now(case))),
    "next": _next_look,
    "retention": lambda case: schedule.kept(case["measurements"], case["limit"]),
    "record": lambda case: phase_rules.recorded(case["before"], case["phase"]),
    "ttl": lambda case: schedule.is_expired(case["run"], _now(case)),
}


def _provider(case: Case) -> object:
    metric, name = case["metric"], case["provider"]
    try:
        provider, config = provider_of(metric)
        asked = provider.question(config, lambda *_: "1", NOW) if name == "web" else None
        values = case["response"]
        if name in ("web", "datadog"):
            values = provider.answer(config, Answer(values["status"], values["body"]))
        found = provider.measured(metric, values)
    except EvaluationError:
        return {"phase": "Error", "value": ""}
    made: dict[str, Any] = {"phase": found.phase, "value": found.value}
    if asked is not None and _shows_request(case):
        made["request"] = _request(asked)
    return made


def _shows_request(case: Case) -> bool:
    """Cases that say how to ask are about the request, too."""
    return not {"method", "body", "jsonBody"}.isdisjoint(case["metric"]["provider"]["web"])


def _request(asked: Question) -> object:
    shown: dict[str, Any] = {"method": asked.method}
    if asked.headers.get("Content-Type"):
        return shown | {"contentType": asked.headers["Content-Type"]}
    return shown | ({"body": asked.body} if asked.body else {})


def _template_status(case: Case) -> object:
    since = parse(case["lastTransition"])
    return experiments.template_status(case["experiment"], case["template"], case["available"], _now(case), since)


EXPERIMENTS: dict[str, Callable[[Case], object]] = {
    "replicas": lambda case: experiments.replicas(case["experiment"], case["template"]),
    "terminating": lambda case: experiments.is_terminating(case["experiment"]),
    "passed": lambda case: experiments.has_passed(case["experiment"], _now(case)),
    "templateStatus": _template_status,
    "phase": lambda case: experiments.experiment_phase(case["experiment"]),
}


def routed(case: Case) -> object:
    rollout = _rollout(case)
    canary = rollout.canary or Canary()
    router = next(iter(routers(rollout)))
    extra = [Destination(one["serviceName"], one["weight"]) for one in case.get("additional") or ()]
    split = Split(
        case["weight"], canary.canary_service, canary.stable_service, "canary", "stable", extra, canary.max_weight
    )
    objects: dict[Ref, Any] = dict.fromkeys(router.needs(rollout))
    objects[router.needs(rollout)[0]] = case.get("object")
    objects |= {ref: {} for ref in objects if ref.kind == "DestinationRule"}
    whole = case.get("object") or {}
    for move in router.shares(rollout, objects, split):
        if not isinstance(move, Outside) and move.ref.kind != "DestinationRule":
            whole = move.manifest if isinstance(move, Create) else merge_patch(whole, move.body)
    return ROUTED[case["router"]](case, whole)


def _alb(case: Case, ingress: Any) -> object:
    annotations = ingress["metadata"]["annotations"]
    managed = json.loads(annotations["rollouts.argoproj.io/managed-alb-annotations"])
    key = managed[case["rollout"]["metadata"]["name"]][-1]
    return {"key": key, "action": json.loads(annotations[key]), "managed": managed}


def _istio(case: Case, service: Any) -> object:
    del case
    routes = [
        [{**one["destination"], "weight": one.get("weight")} for one in route["route"]]
        for route in service["spec"]["http"]
    ]
    return {"http": routes}


ROUTED: dict[str, Callable[[Case, Any], object]] = {
    "nginx": lambda _, one: {
        "name": one["metadata"]["name"],
        "annotations": one["metadata"]["annotations"],
        "spec": one["spec"],
    },
    "alb": _alb,
    "istio": _istio,
    "smi": lambda _, one: {"name": one["metadata"]["name"], **one["spec"]},
    "traefik": lambda _, one: {"services": one["spec"]["weighted"]["services"]},
    "apisix": lambda _, one: {"http": one["spec"]["http"]},
    "ambassador": lambda _, one: {"name": one["metadata"]["name"], "spec": one["spec"]},
}


def _by_op(table: dict[str, Callable[[Case], object]]) -> Callable[[Case], object]:
    return lambda case: table[case["op"]](case)


FAMILIES = {
    "rollouts/experiments": _by_op(EXPERIMENTS),
    "rollouts/traffic-routing": routed,
    "rollouts/analysis-args": _by_op(ARGS),
    "rollouts/analysis-condition": _by_op(ANALYSIS_CONDITIONS),
    "rollouts/analysis-run": _by_op(ANALYSIS_RUN),
    "rollouts/analysis-template": _by_op(TEMPLATES),
    "rollouts/metric-providers": _provider,
    "rollouts/canary-approximate-counts": approximate,
    "rollouts/canary-replica-counts": replica_counts,
    "rollouts/canary-current-step": _by_op(CURRENT_STEP),
    "rollouts/bluegreen": _by_op(BLUE_GREEN),
    "rollouts/canary-status-sync": _by_op(STATUS_SYNC),
    "rollouts/replica-progress": _by_op(REPLICA_PROGRESS),
    "rollouts/revision-and-restart": _by_op(REVISION),
    "rollouts/rollout-conditions": _by_op(CONDITIONS),
    "rollouts/rollout-pause": _by_op(PAUSE),
    "rollouts/rollout-phase": _by_op(PHASE),
    "rollouts/scale-down-and-services": _by_op(SCALE_DOWN),
    "rollouts/ephemeral-metadata": _by_op(METADATA),
    "rollouts/rollout-validate": validate,
    "rollouts/rollout-verbs": verbs,
}
