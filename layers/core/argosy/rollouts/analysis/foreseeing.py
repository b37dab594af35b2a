"""What is wrong with an analysis of a Rollout, before an update has begun that it would abort.

In: the analysis as the Rollout has it, and the templates that it names. Out: reasons, in words.

Follows `pkg/apis/rollouts/validation/validation_references.go` (ValidateAnalysisTemplatesWithType) of Argo Rollouts, which
tries what the templates and arguments make together. On purpose different: the metrics are looked at with the values that
the Rollout gives, not with those of the template alone, and by all rules that a run has for them. Numbers and times that
depend on what is known later are taken as they may come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import RolloutAnalysis
from argosy.rollouts.analysis.args import OF_A_SECRET, PLACEHOLDER, with_args
from argosy.rollouts.analysis.building import foreseen_spec
from argosy.rollouts.analysis.phases import effective_count
from argosy.rollouts.analysis.templates import COUNTS, TIMES, metric_problems
from argosy.rollouts.writes import Ref

__all__ = ["foreseen_problems"]

type Body = Mapping[str, Any]

_MEASURES: Final = frozenset({*COUNTS, *TIMES})


def foreseen_problems(
    analysis: RolloutAnalysis, objects: Mapping[Ref, Body | None], rollout: Body, *, must_end: bool
) -> Iterator[str]:
    """`must_end`: something waits for the run, so that none of its metrics may go on forever."""
    try:
        spec = foreseen_spec(analysis, objects, rollout)
        metrics = [with_args(metric, spec["args"]) for metric in spec["metrics"]]
    except EvaluationError as x:
        yield str(x)
        return
    problems = [*_secret_measures(metrics), *metric_problems([_told(metric) for metric in metrics])]
    yield from problems
    if must_end and not problems:
        for index, metric in enumerate(metrics):
            if effective_count(_told(metric)) is None:
                yield f'metrics[{index}]: metric "{metric.get("name")}" runs indefinitely: it has an interval and no count'


def _secret_measures(metrics: Iterable[Body]) -> Iterator[str]:
    """Numbers and times of a Secret: a run reads those when it measures, and would be an Error before that."""
    for index, metric in enumerate(metrics):
        for name in sorted(_MEASURES):
            if OF_A_SECRET in str(metric.get(name, "")):
                yield f'metrics[{index}]: {name} of metric "{metric.get("name")}" comes from a Secret, which it cannot'


def _told(metric: Body) -> Body:
    """The metric without its numbers and times where one of them is known later: each counts with the others."""
    later = any(PLACEHOLDER in str(metric.get(name, "")) for name in _MEASURES)
    return {name: value for name, value in metric.items() if name not in _MEASURES} if later else metric
