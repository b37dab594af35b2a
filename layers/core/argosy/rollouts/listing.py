"""Columns of `kubectl argo rollouts list rollouts` and `list experiments`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from argosy.lang.instants import parse
from argosy.resources.rollout import Rollout
from argosy.rollouts.canary.steps import current_step, set_weight
from argosy.rollouts.pauses import seconds
from argosy.rollouts.phase import phase
from argosy.rollouts.showing import age

__all__ = ["columns", "experiment_columns"]

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


def experiment_columns(now: datetime) -> Sequence[tuple[str, Callable[[Body], str]]]:
    """Title and cell of each, of experiments (`cmd/list/list_experiments.go`)."""
    return (
        ("NAME", lambda one: str(one["metadata"]["name"])),
        ("STATUS", lambda one: str((one.get("status") or {}).get("phase") or "-")),
        ("DURATION", lambda one: str((one.get("spec") or {}).get("duration") or "-")),
        ("REMAINING", lambda one: _remaining(one, now)),
        ("AGE", lambda one: age(one["metadata"].get("creationTimestamp"), now)),
    )


def _remaining(one: Body, now: datetime) -> str:
    """How long an experiment that runs still has."""
    status, lasts = one.get("status") or {}, (one.get("spec") or {}).get("duration")
    since = parse(status.get("availableAt"))
    if not lasts or since is None or status.get("phase") != "Running":
        return "-"
    left = seconds(lasts) - (now - since).total_seconds()
    return f"{max(0, round(left))}s"
