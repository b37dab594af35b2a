"""AnalysisTemplates: several as one, and whether their metrics make sense.

Follows `utils/analysis/helpers.go` (FlattenTemplates, ValidateMetrics, GetDryRunMetrics) of Argo Rollouts. In: specs as they
are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import duration, regex
from argosy.rollouts.analysis.phases import limit

__all__ = ["COUNTS", "TIMES", "flatten", "matching", "metric_problems"]

type Spec = Mapping[str, Any]

COUNTS: Final = ("count", "failureLimit", "consecutiveErrorLimit", "inconclusiveLimit", "consecutiveSuccessLimit")
TIMES: Final = ("interval", "initialDelay")
_NOT_NEGATIVE: Final = COUNTS[2:]


def flatten(templates: Sequence[Spec], cluster_templates: Sequence[Spec] = ()) -> dict[str, list[Any]]:
    """All of them as one spec. Raises EvaluationError for what two of them say differently."""
    specs = [*templates, *cluster_templates]
    return {
        "metrics": _apart(specs, "metrics", "name"),
        "args": _args(specs),
        "dryRun": _apart(specs, "dryRun", "metricName"),
        "measurementRetention": _apart(specs, "measurementRetention", "metricName"),
    }


def _apart(specs: Sequence[Spec], part: str, key: str) -> list[Any]:
    found: list[Any] = []
    for one in (one for spec in specs for one in spec.get(part) or ()):
        if any(other.get(key) == one.get(key) for other in found):
            raise EvaluationError(f"two {part} of the templates have the same name {one.get(key)}")
        found.append(one)
    return found


def _args(specs: Sequence[Spec]) -> list[Any]:
    found: dict[str, Any] = {}
    for arg in (arg for spec in specs for arg in spec.get("args") or ()):
        before = found.get(arg["name"])
        if before is None or before.get("value") is None:
            found[arg["name"]] = arg if before is None or arg.get("value") is not None else before
        elif arg.get("value") is not None and arg["value"] != before["value"]:
            raise EvaluationError(f"Argument `{arg['name']}` specified multiple times with different values")
    return list(found.values())


def metric_problems(metrics: Sequence[Spec]) -> Iterator[str]:
    """What is wrong with the metrics of a run once its arguments are in, in Argo's words."""
    if not metrics:
        yield "no metrics specified"
    names: set[str] = set()
    for index, metric in enumerate(metrics):
        if metric.get("name") in names:
            yield f"metrics[{index}]: duplicate name '{metric.get('name')}'"
        names.add(str(metric.get("name")))
        for problem in _metric(metric):
            yield f"metrics[{index}]: {problem}"


def _metric(metric: Spec) -> Iterator[str]:
    try:
        numbers = {name: limit(metric, name) for name in COUNTS}
    except EvaluationError as x:
        yield str(x)
        return
    for name in _NOT_NEGATIVE:
        if numbers[name] < 0:
            yield f"{name} must be >= 0"
    yield from _limits(numbers)
    yield from _times(metric, numbers["count"])
    given = metric.get("provider") or {}
    providers = sum(len(value) if name == "plugin" else 1 for name, value in given.items() if value is not None)
    if providers != 1:
        yield "multiple providers specified" if providers else "no provider specified"


def _limits(numbers: Mapping[str, int]) -> Iterator[str]:
    count, failures, successes = numbers["count"], numbers["failureLimit"], numbers["consecutiveSuccessLimit"]
    if failures < -1:
        yield "failureLimit must be >= -1"
    if failures == -1 and successes == 0:
        yield "both consecutiveSuccessLimit and failureLimit can't be disabled"
    if count:
        if failures >= 0 and count < failures + successes:
            yield "count must be >= failureLimit + consecutiveSuccessLimit"
        if failures < 0 and count < successes:
            yield "count must be >= consecutiveSuccessLimit"
        if count < numbers["inconclusiveLimit"]:
            yield "count must be >= inconclusiveLimit"


def _times(metric: Spec, count: int) -> Iterator[str]:
    if count > 1 and not metric.get("interval"):
        yield "interval must be specified when count > 1"
    for name in TIMES:
        if metric.get(name):
            try:
                duration.parse(str(metric[name]))
            except EvaluationError as x:
                yield f"invalid {name} string: {x}"


def matching(rules: Sequence[Spec], metrics: Sequence[Spec]) -> set[str]:
    """The names of metrics that the rules name (`dryRun`, `measurementRetention`).

    Raises EvaluationError for an idle rule.
    """
    found: set[str] = set()
    for rule in rules:
        pattern = regex.compile(str(rule.get("metricName", "")))
        names = {str(metric.get("name")) for metric in metrics if pattern.search(str(metric.get("name")))}
        if not names:
            raise EvaluationError(f"rule didn't match any metric name: {rule.get('metricName')}")
        found |= names
    return found
