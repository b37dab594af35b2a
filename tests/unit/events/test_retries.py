"""Attempts and waits; the table of waits without chance is the shared family `events/retry-backoff`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.retries import attempts, wait_after
from argosy.resources.sensor import Backoff
from support.events import model


def backoff(**fields: Any) -> Backoff:
    return model(Backoff, fields)


@pytest.mark.parametrize(
    ("at_least_once", "strategy", "most"),
    [
        (False, None, 1),
        (False, backoff(steps=9), 1),
        (True, None, 1),
        (True, backoff(), 5),
        (True, backoff(steps=0), 5),
        (True, backoff(steps=-1), 5),
        (True, backoff(steps=1), 1),
        (True, backoff(steps=7), 7),
    ],
)
def test_attempts(at_least_once: bool, strategy: Backoff | None, most: int) -> None:
    assert attempts(at_least_once, strategy) == most


@pytest.mark.parametrize(
    ("strategy", "chance", "waits"),
    [
        (backoff(), 0.0, [1.0, 1.0]),
        (backoff(), 0.5, [1.5, 1.5]),
        (backoff(duration="2s", factor=3, jitter=0), 0.5, [2.0, 6.0, 18.0]),
        (backoff(duration="2s", factor=2, jitter=0.5), 0.5, [2.5, 5.0]),
        (backoff(duration="1h", factor=10, jitter=0), 0.0, [3600.0, 36000.0, 86400.0]),
        (backoff(duration="1h", factor=1e300, jitter=0), 0.0, [3600.0, 86400.0, 86400.0]),
        (backoff(duration=500_000_000, jitter=0), 0.0, [0.5]),
        (backoff(duration="0s", factor=2), 0.9, [0.0, 0.0]),
    ],
)
def test_waits(strategy: Backoff, chance: float, waits: list[float]) -> None:
    assert [wait_after(strategy, number, chance) for number in range(1, len(waits) + 1)] == pytest.approx(waits)


@pytest.mark.parametrize("duration", ["soon", "", "10", "-5s", -1])
def test_a_duration_that_cannot_be_waited(duration: str | int) -> None:
    with pytest.raises(EvaluationError):
        wait_after(backoff(duration=duration), 1, 0.0)
