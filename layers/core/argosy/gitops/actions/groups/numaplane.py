"""Actions of Numaplane (`resource_customizations/numaplane.numaproj.io`): they pause what a rollout makes."""

from __future__ import annotations

from argosy.gitops.actions.action import Action, Call, Draft, Run, into
from argosy.gitops.actions.groups.numaflow import pausing

__all__ = ["MONO_VERTEX", "PIPELINE"]


def _resumed(child: str, *, fast: bool) -> Run:
    def run(draft: Draft, _: Call) -> None:
        into(draft, "spec", child, "spec", "lifecycle")["desiredPhase"] = "Running"
        into(draft, "spec", "strategy", "pauseResume")["fastResume"] = fast

    return run


def _of(child: str) -> dict[str, Action]:
    return pausing(_resumed(child, fast=False), _resumed(child, fast=True), "spec", child)


MONO_VERTEX = _of("monoVertex")
PIPELINE = _of("pipeline")
