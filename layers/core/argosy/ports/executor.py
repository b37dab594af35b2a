"""Executor port: carries out one kind of effect, and for objects tells afterwards what has become of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from argosy.records import record

__all__ = ["Executor", "FiringInfo", "Observer", "ObservingExecutor"]


@record
class FiringInfo:
    """Which firing an effect belongs to; `id` is its idempotency key, the same in every attempt.

    `look`: for the how many-th time what it has written is looked at, 0 when it is carried out. `trace`: the trace that it
    belongs to (`argosy.events.tracing`), "" when none is known.
    """

    id: str
    namespace: str
    sensor: str
    trigger: str
    attempt: int = 1
    look: int = 0
    trace: str = ""


class Executor(Protocol):
    """Does an effect once, or recognises that it was done for this firing already."""

    async def execute(self, effect: Any, firing: FiringInfo) -> str:
        """Carry out `effect` and say in one line what came of it (no secrets).

        Raises Permanent when trying again cannot help, Retryable when it may.
        """
        ...


class Observer(Protocol):
    """Looks at the object that an effect has written."""

    async def labels(self, effect: Any, firing: FiringInfo) -> Mapping[str, str] | None:
        """Its labels, None when it has none. Raises as `Executor.execute`, NotFound when it is gone."""
        ...


class ObservingExecutor(Executor, Observer, Protocol):
    """Both."""
