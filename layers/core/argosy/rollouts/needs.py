"""What a Rollout names: the objects that have to be read to decide on it, and whether they are as they must be.

Follows `rollout/controller.go` (getRolloutReferencedResources) and `pkg/apis/rollouts/validation/validation_references.go`
of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Iterator

from argosy.errors import EvaluationError
from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout, RolloutAnalysis
from argosy.resources.rollout_validation import validate
from argosy.rollouts import routing
from argosy.rollouts.analysis.building import gathered, template_ref
from argosy.rollouts.analysis.foreseeing import foreseen_problems
from argosy.rollouts.served import unserved
from argosy.rollouts.services import MANAGED_BY
from argosy.rollouts.turn import SERVICE, Seen
from argosy.rollouts.workloads import workload_ref
from argosy.rollouts.writes import Ref

__all__ = ["named", "problems", "wants_pods"]

_CANARY = "spec.strategy.canary"
_BLUE_GREEN = "spec.strategy.blueGreen"


def named(rollout: Rollout) -> set[Ref]:
    """Everything that it names; templates name others, which are found when those are read."""
    refs = {SERVICE(name) for _, name in _services(rollout) if name}
    refs |= set(routing.needs(rollout))
    for _, analysis, _ in _analyses(rollout):
        refs |= {template_ref(one.template_name, cluster=one.cluster_scope) for one in analysis.templates}
    for step in rollout.steps:
        if step.experiment is not None:
            refs |= {template_ref(one.template_name, cluster=one.cluster_scope) for one in step.experiment.analyses}
    workload = workload_ref(rollout)
    return refs | ({workload} if workload is not None else set())


def wants_pods(rollout: Rollout) -> bool:
    """Whether its pods have to be seen one by one: to restart them, or to change what they carry."""
    canary, blue_green = rollout.canary, rollout.blue_green
    carried = (
        [canary.canary_metadata, canary.stable_metadata]
        if canary is not None
        else [blue_green.active_metadata, blue_green.preview_metadata]
        if blue_green is not None
        else []
    )
    return any(one is not None for one in carried) or rollout.spec.restart_at is not None


def problems(seen: Seen) -> list[Problem]:
    """What is wrong with the spec; only if nothing is, what is wrong with what it names."""
    found = validate(seen.rollout) or list(unserved(seen.rollout, seen.body))
    return found or [*_workload(seen), *_missing_services(seen), *_templates(seen), *routing.problems(seen)]


def _workload(seen: Seen) -> Iterator[Problem]:
    ref = workload_ref(seen.rollout)
    if ref is not None and seen.workload is None:
        yield Problem("spec.workloadRef", f'Invalid value: "{ref.name}": {ref.kind} "{ref.name}" not found')


def _services(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Field and name of each Service."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if canary is not None:
        yield f"{_CANARY}.stableService", canary.stable_service
        yield f"{_CANARY}.canaryService", canary.canary_service
        if canary.ping_pong is not None:
            yield f"{_CANARY}.pingPong.pingService", canary.ping_pong.ping_service
            yield f"{_CANARY}.pingPong.pongService", canary.ping_pong.pong_service
    if blue_green is not None:
        yield f"{_BLUE_GREEN}.activeService", blue_green.active_service
        yield f"{_BLUE_GREEN}.previewService", blue_green.preview_service


def _missing_services(seen: Seen) -> Iterator[Problem]:
    for field, name in _services(seen.rollout):
        if not name:
            continue
        service = seen.others.get(SERVICE(name))
        if service is None:
            yield Problem(field, f'Invalid value: "{name}": service "{name}" not found')
            continue
        owner = ((service.get("metadata") or {}).get("annotations") or {}).get(MANAGED_BY)
        if owner is not None and owner != seen.rollout.metadata.name:
            yield Problem(field, f'Invalid value: "{name}": Service "{name}" is managed by another Rollout')


def _analyses(rollout: Rollout) -> Iterator[tuple[str, RolloutAnalysis, bool]]:
    """Field and analysis of each place that has one, and whether the update waits for its end."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if canary is not None:
        if canary.analysis is not None:
            yield f"{_CANARY}.analysis", canary.analysis, False
        for index, step in enumerate(rollout.steps):
            if step.analysis is not None:
                yield f"{_CANARY}.steps[{index}].analysis", step.analysis, True
    if blue_green is not None:
        for name, analysis in (
            ("prePromotionAnalysis", blue_green.pre_promotion_analysis),
            ("postPromotionAnalysis", blue_green.post_promotion_analysis),
        ):
            if analysis is not None:
                yield f"{_BLUE_GREEN}.{name}", analysis, True


def _templates(seen: Seen) -> Iterator[Problem]:
    for field, analysis, must_end in _analyses(seen.rollout):
        missing = list(_missing_templates(seen, field, analysis))
        yield from missing
        if analysis.templates and not missing:
            names = " ".join(one.template_name for one in analysis.templates)
            for reason in foreseen_problems(analysis, seen.others, seen.body, must_end=must_end):
                yield Problem(f"{field}.templates", f'Invalid value: "templateNames: [{names}]": {reason}')


def _missing_templates(seen: Seen, field: str, analysis: RolloutAnalysis) -> Iterator[Problem]:
    for index, one in enumerate(analysis.templates):
        try:
            list(gathered([(one.template_name, one.cluster_scope)], seen.others))
        except EvaluationError as x:
            name = f"{field}.templates[{index}].templateName"
            yield Problem(name, f'Invalid value: "{one.template_name}": {x}')
