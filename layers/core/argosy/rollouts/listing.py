"""Columns of `kubectl argo rollouts list rollouts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argosy.resources.rollout import Rollout
from argosy.rollouts.canary.steps import current_step, set_weight
from argosy.rollouts.phase import phase

__all__ = ["columns"]

type Body = Mapping[str, Any]


def columns() -> Sequence[tuple[str, Callable[[Body], str]]]:
    """Title and cell of each."""
    return (
        ("NAME", lambda one: str(one["metadata"]["name"])),
        ("STRATEGY", lambda one: "Canary" if Rollout.of(one).canary is not None else "BlueGreen"),
        ("STATUS", lambda one: phase(Rollout.of(one))[0]),
        ("STEP", _step),
        ("SET-WEIGHT", lambda one: str(set_weight(Rollout.of(one))) if Rollout.of(one).canary is not None else "-"),
        ("READY", lambda one: f"{Rollout.of(one).status.ready_replicas}/{Rollout.of(one).status.replicas}"),
        ("DESIRED", lambda one: str(Rollout.of(one).spec.desired)),
        ("UP-TO-DATE", lambda one: str(Rollout.of(one).status.updated_replicas)),
        ("AVAILABLE", lambda one: str(Rollout.of(one).status.available_replicas)),
    )


def _step(one: Body) -> str:
    rollout = Rollout.of(one)
    index, _ = current_step(rollout)
    return "-" if index is None else f"{index}/{len(rollout.steps)}"
