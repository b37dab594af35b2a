"""What to do next about an AnalysisRun: `reconcile_run(seen, now)`.

Follows `analysis/analysis.go` (reconcileAnalysisRun) of Argo Rollouts, in its order: arguments, validation, rules,
measurements, phase, what is kept. Measuring is looking at the world: whoever observes the run has done it, for the
metrics that `wanted_now` names; Jobs are objects of the run's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.instants import parse
from argosy.rollouts.analysis.args import with_args, without_secrets
from argosy.rollouts.analysis.jobs import Job, job_metric
from argosy.rollouts.analysis.phases import COMPLETED, ERROR, is_terminating, metric_phase, recorded, run_verdict
from argosy.rollouts.analysis.providers import Measured
from argosy.rollouts.analysis.schedule import due, is_expired, kept, next_look
from argosy.rollouts.analysis.templates import matching, metric_problems
from argosy.rollouts.instants import stamp
from argosy.rollouts.writes import Create, Erase, Event, Plan, Ref, Write

__all__ = ["RunSeen", "reconcile_run", "run_ref", "wanted_now"]

type Body = Mapping[str, Any]
type Json = dict[str, Any]

_MASK: Final = "*****"


@dataclass(frozen=True, slots=True)
class RunSeen:
    """An AnalysisRun, the Jobs that it has made by name, and what was measured for it just now.

    `measured`: by metric; None = it is on its way. `args`: those of the run with their values, None where nobody has read
    them. `secrets`: values of Secrets, which are shown nowhere.
    """

    body: Body
    jobs: Mapping[str, Body] = field(default_factory=dict)
    measured: Mapping[str, Measured | None] = field(default_factory=dict)
    args: Sequence[Body] | None = None
    secrets: Sequence[str] = ()


def run_ref(body: Body) -> Ref:
    """The run itself."""
    return Ref("argoproj.io", "AnalysisRun", str((body.get("metadata") or {}).get("name", "")))


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a run's spec says once arguments are in.

    `metrics`: as they are looked at to decide, a placeholder stands for Secrets in them; `written`: by name, as the spec
    has them; `dry`: names of those that count for nothing; `retention`: name → measurements that are kept.
    """

    metrics: Sequence[Body]
    written: Mapping[str, Body]
    dry: set[str]
    retention: Mapping[str, int]

    @staticmethod
    def of(spec: Body) -> _Rules:
        """Read them. Raises EvaluationError with what the run says of it."""
        written: Sequence[Body] = spec.get("metrics") or ()
        try:
            known = without_secrets(spec.get("args") or ())
            metrics = [with_args(one, known) for one in written]
        except EvaluationError as x:
            raise EvaluationError(f"Unable to resolve metric arguments: {x}") from x
        problems = list(metric_problems(metrics))
        try:
            dry = matching(spec.get("dryRun") or (), metrics)
            retention = _retention(spec, metrics)
        except EvaluationError as x:
            problems.append(str(x))
        if problems:
            raise EvaluationError(f"Analysis spec invalid: {problems[0]}")
        named = {str(one["name"]): raw for one, raw in zip(metrics, written, strict=True)}
        return _Rules(metrics, named, dry, retention)


def wanted_now(body: Body, now: datetime) -> Mapping[str, Body]:
    """By name the metrics for which something has to be read from outside now, as they are written.

    What is measured by a Job is among them while the Job is to be made: that needs the values of its arguments.
    """
    spec, status = body.get("spec") or {}, body.get("status") or {}
    if status.get("phase") in COMPLETED or (body.get("metadata") or {}).get("deletionTimestamp"):
        return {}
    try:
        rules = _Rules.of(spec)
    except EvaluationError:
        return {}  # the turn says so
    run = _started(body, rules, now)
    running = {str(one.get("name")) for one in run["status"].get("metricResults") or () if _is_running(one)}
    return {
        name: rules.written[name] for name in due(run, now) if not (job_metric(rules.written[name]) and name in running)
    }


def _is_running(result: Body) -> bool:
    """Whether a measurement is under way."""
    measurements: Sequence[Body] = result.get("measurements") or ()
    return bool(measurements) and measurements[-1].get("phase") not in COMPLETED


def reconcile_run(seen: RunSeen, now: datetime) -> Plan:
    """Decide. Pure."""
    body = seen.body
    spec, status = body.get("spec") or {}, body.get("status") or {}
    if (body.get("metadata") or {}).get("deletionTimestamp"):
        return Plan()
    if status.get("phase") in COMPLETED:
        return _ended(body, now)
    try:
        rules = _Rules.of(spec)
    except EvaluationError as x:
        return _failed(status, str(x), now)
    return _measured(seen, rules, now)


def _measured(seen: RunSeen, rules: _Rules, now: datetime) -> Plan:
    run, dry = _started(seen.body, rules, now), rules.dry
    before = seen.body.get("status") or {}
    names, terminating = set(due(run, now)), is_terminating(run)
    results: dict[str, Json] = {str(one["name"]): dict(one) for one in run["status"].get("metricResults") or ()}
    writes: list[Write] = []
    for name, metric in rules.written.items():
        result = results.setdefault(name, {"name": name, "phase": ""})
        result |= {"dryRun": True} if name in dry else {}
        if name in names:
            writes += _measure(seen, metric, result, now, terminating=terminating)
    ordered = [results[name] for name in rules.written]
    run["status"]["metricResults"] = ordered
    for _ in range(2):  # a metric that has failed ends the others
        terminating = is_terminating(run)
        for metric, result in zip(rules.metrics, ordered, strict=True):
            result["phase"] = metric_phase(metric, result, terminating=terminating)
    verdict = run_verdict(run, dry)
    status = {
        **run["status"],
        "phase": verdict.phase,
        "metricResults": [_trimmed(one, rules.retention) for one in ordered],
    }
    status |= _summaries(ordered, dry)
    status |= {"message": verdict.message} if verdict.message else {}
    events = _events(before, verdict.phase, verdict.message)
    if verdict.phase in COMPLETED:
        status["completedAt"] = stamp(now)
    run["status"] = status
    again = None if verdict.phase in COMPLETED else _again(seen, run, now)
    return Plan(writes, _patch(before, status), events, again)


def _again(seen: RunSeen, run: Json, now: datetime) -> datetime | None:
    """When to look again; soon for what is on its way, at once where the end is only to be drawn."""
    times = [next_look(run, now)]
    if any(one is None for one in seen.measured.values()):
        times.append(now + timedelta(seconds=1))
    if due(run, now):
        times.append(now + timedelta(seconds=1))
    return min((at for at in times if at is not None), default=None)


def _started(body: Body, rules: _Rules, now: datetime) -> Json:
    """The run with its beginning, and with arguments in its metrics; its status is a copy."""
    status = {**(body.get("status") or {})}
    status.setdefault("startedAt", stamp(now))
    status["phase"] = status.get("phase") or "Pending"
    return {**body, "spec": {**(body.get("spec") or {}), "metrics": rules.metrics}, "status": status}


def _measure(seen: RunSeen, metric: Body, result: Json, now: datetime, *, terminating: bool) -> list[Write]:
    """Add a measurement to a metric's result, or bring the one that is on its way further."""
    if job_metric(metric):
        return _measure_job(seen, metric, result, now, terminating=terminating)
    found = seen.measured.get(str(result["name"]))
    if found is None:
        return []
    _finish(result, _measurement(found, seen.secrets, now))
    return []


def _measure_job(seen: RunSeen, metric: Body, result: Json, now: datetime, *, terminating: bool) -> list[Write]:
    measurements = list(result.get("measurements") or ())
    last = measurements[-1] if measurements else {}
    if _is_running(result):
        job = Job(seen.jobs.get((last.get("metadata") or {}).get("job-name", "")))
        found = job.measured(last, now)
        if found is None and not terminating:
            return []
        writes: list[Write] = []
        if found is None:
            found = Measured("Successful", metadata=last.get("metadata") or {})
            writes = [Erase(Ref("batch", "Job", str(found.metadata["job-name"])))] if job.body is not None else []
        result["measurements"] = measurements[:-1]
        _finish(result, {**_measurement(found, seen.secrets, now), "startedAt": last.get("startedAt", stamp(now))})
        return writes
    refused = seen.measured.get(str(result["name"]))
    if refused is not None:
        _finish(result, _measurement(refused, seen.secrets, now))
        return []
    if seen.args is None:
        return []  # it has become due since they were read
    try:
        manifest = Job.manifest(seen.body, with_args(metric, seen.args), result)
    except EvaluationError as x:
        _finish(result, _measurement(Measured(ERROR, message=str(x)), seen.secrets, now))
        return []
    made = str(manifest["metadata"]["name"])
    place = {"job-name": made, "job-namespace": manifest["metadata"]["namespace"]}
    running = {"phase": "Running", "startedAt": stamp(now), "metadata": place}
    result["measurements"] = [*measurements, running]
    return [Create(Ref("batch", "Job", made), manifest)]


def _measurement(found: Measured, secrets: Sequence[str], now: datetime) -> Json:
    made: Json = {"phase": found.phase, "startedAt": stamp(now), "finishedAt": stamp(now)}
    made |= {"value": _masked(found.value, secrets)} if found.value else {}
    made |= {"message": _masked(found.message, secrets)} if found.message else {}
    return made | ({"metadata": dict(found.metadata)} if found.metadata else {})


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, _MASK)
    return text


def _finish(result: Json, measurement: Json) -> None:
    result["measurements"] = [*(result.get("measurements") or ()), measurement]
    counters = recorded(result, measurement["phase"])
    result |= {name: value for name, value in counters.items() if value or name in result}
    if measurement["phase"] == ERROR:
        result["message"] = measurement.get("message", "")
    else:
        result.pop("message", None)


def _retention(spec: Body, metrics: Sequence[Body]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for rule in spec.get("measurementRetention") or ():
        limits |= dict.fromkeys(matching([rule], metrics), int(rule.get("limit", 0)))
    return limits


def _trimmed(result: Json, retention: Mapping[str, int]) -> Json:
    measurements = result.get("measurements") or []
    count = kept(len(measurements), retention.get(str(result["name"])))
    return {**result, "measurements": measurements[len(measurements) - count :]} if measurements else result


def _summaries(results: Sequence[Body], dry: set[str]) -> Json:
    counted = [one for one in results if one["name"] not in dry]
    made: Json = {"runSummary": _summary(counted)}
    return made | ({"dryRunSummary": _summary([one for one in results if one["name"] in dry])} if dry else {})


def _summary(results: Sequence[Body]) -> Json:
    names = {"Successful": "successful", "Failed": "failed", "Inconclusive": "inconclusive", "Error": "error"}
    made: Json = {"count": len(results)}
    for one in results:
        if one["phase"] in names:
            made[names[one["phase"]]] = made.get(names[one["phase"]], 0) + 1
    return made


def _failed(status: Body, message: str, now: datetime) -> Plan:
    began = status.get("startedAt") or stamp(now)
    after = {"phase": ERROR, "message": message, "completedAt": stamp(now), "startedAt": began}
    return Plan((), _patch(status, {**status, **after}), [Event("AnalysisRunError", message, warning=True)])


def _events(before: Body, phase: str, message: str) -> list[Event]:
    if phase == (before.get("phase") or ""):
        return []
    text = f"Analysis Completed. Result: {phase}" if phase in COMPLETED else f"Analysis {phase}"
    warning = phase not in ("Successful", "Running", "Pending")
    return [Event(f"AnalysisRun{phase}", f"{text}. {message}".strip(". "), warning=warning)]


def _patch(before: Body, after: Body) -> Json:
    return {name: value for name, value in after.items() if before.get(name) != value}


def _ended(body: Body, now: datetime) -> Plan:
    """An ended run goes when its time is over."""
    if is_expired(body, now):
        return Plan([Erase(run_ref(body))])
    ttl, status = (body.get("spec") or {}).get("ttlStrategy") or {}, body.get("status") or {}
    completed = parse(status.get("completedAt"))
    own = {"Successful": "secondsAfterSuccess", "Failed": "secondsAfterFailure"}.get(str(status.get("phase")), "")
    seconds = ttl.get(own) if ttl.get(own) is not None else ttl.get("secondsAfterCompletion")
    if completed is None or seconds is None:
        return Plan()
    return Plan(requeue_at=completed + timedelta(seconds=seconds + 1))
