"""The phase of a Rollout: what clients show, and what the controller writes.

Follows `utils/rollout/rolloututil.go` of Argo Rollouts (GetRolloutPhase, CalculateRolloutPhase).
"""

from __future__ import annotations

import re
from typing import Final

from argosy.lang.instants import parse
from argosy.resources.rollout import Rollout, RolloutSpec, RolloutStatus
from argosy.rollouts.conditions import ABORTED, DEADLINE_EXCEEDED, INVALID_SPEC

__all__ = [
    "COMPLETED_PHASES",
    "DEGRADED",
    "HEALTHY",
    "PAUSED",
    "PROGRESSING",
    "calculated_phase",
    "generation_observed",
    "phase",
]

HEALTHY: Final = "Healthy"
DEGRADED: Final = "Degraded"
PROGRESSING: Final = "Progressing"
PAUSED: Final = "Paused"
COMPLETED_PHASES: Final = frozenset({"Successful", "Failed", "Error", "Inconclusive"})
"""Phases of an AnalysisRun that are its last."""

WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"
_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z")

type Phase = tuple[str, str]


def phase(rollout: Rollout, *, from_workload: bool = False) -> Phase:
    """Phase and message as a client shows them; `from_workload`: the pod template came from a workloadRef."""
    if not generation_observed(rollout):
        return PROGRESSING, "waiting for rollout spec update to be observed"
    if rollout.status.controller_pause and not rollout.status.pause_conditions:
        return PROGRESSING, "waiting for rollout to unpause"
    if from_workload and not _workload_observed(rollout):
        return PROGRESSING, "waiting for rollout spec update to be observed for the reference workload"
    if rollout.status.phase:
        return rollout.status.phase, rollout.status.message
    return calculated_phase(rollout.spec, rollout.status)


def generation_observed(rollout: Rollout) -> bool:
    """Whether the status is about the spec that is there (isGenerationObserved)."""
    text, generation = rollout.status.observed_generation, rollout.metadata.generation
    if not _INTEGER.match(text):
        return True
    return int(text) >= generation


def _workload_observed(rollout: Rollout) -> bool:
    texts = rollout.metadata.annotations.get(WORKLOAD_GENERATION, ""), rollout.status.workload_observed_generation
    if any(not _INTEGER.match(text) or not -(2**31) <= int(text) < 2**31 for text in texts):
        return True
    return int(texts[0]) == int(texts[1])


def calculated_phase(spec: RolloutSpec, status: RolloutStatus) -> Phase:
    """Phase and message that the controller writes."""
    for one in status.conditions:
        if one.type == INVALID_SPEC:
            return DEGRADED, f"{INVALID_SPEC}: {one.message}"
        if one.reason in (ABORTED, DEADLINE_EXCEEDED):
            return DEGRADED, f"{one.reason}: {one.message}"
    if spec.paused:
        return PAUSED, "manually paused"
    if status.pause_conditions:
        return PAUSED, status.pause_conditions[0].reason
    waits = _waits_for(spec, status)
    return (PROGRESSING, waits) if waits else (HEALTHY, "")


def _waits_for(spec: RolloutSpec, status: RolloutStatus) -> str:
    if spec.restart_at is not None and parse(spec.restart_at) != parse(status.restarted_at):
        return "rollout is restarting"
    if status.updated_replicas < spec.desired:
        return "more replicas need to be updated"
    if status.available_replicas < status.updated_replicas:
        return "updated replicas are still becoming available"
    promoted = bool(status.stable_rs) and status.stable_rs == status.current_pod_hash
    blue_green, canary = spec.strategy.blue_green, spec.strategy.canary
    if blue_green is not None:
        active = status.blue_green.active_selector
        if not active or active != status.current_pod_hash:
            return "active service cutover pending"
        if promoted:
            return ""
        run = status.blue_green.post_promotion_analysis_run_status
        analyses = blue_green.post_promotion_analysis is not None and (
            run is None or run.status not in COMPLETED_PHASES
        )
        return "waiting for analysis to complete" if analyses else "waiting for post-promotion verification to complete"
    if canary is not None:
        if canary.traffic_routing is None and status.replicas > status.updated_replicas:
            return "old replicas are pending termination"
        return "" if promoted else "waiting for all steps to complete"
    return ""
