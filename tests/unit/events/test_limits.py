"""Rate limits; the table of Argo's answers is the shared family `events/rate-limit`."""

from __future__ import annotations

import pytest

from argosy.events.limits import slot, spacing
from argosy.resources.sensor import RateLimit


@pytest.mark.parametrize(
    ("unit", "number", "apart"),
    [("", 1, 1.0), ("Second", 4, 0.25), ("Minute", 30, 2.0), ("Hour", 60, 60.0), ("Day", 2, 0.5), ("Second", 0, 0.0)],
)
def test_spacing(unit: str, number: int, apart: float) -> None:
    assert spacing(RateLimit(unit=unit, requests_per_unit=number)) == apart


def test_no_limit() -> None:
    assert spacing(None) == 0.0


@pytest.mark.parametrize(("free", "now", "start"), [(0.0, 5.0, 5.0), (7.0, 5.0, 7.0), (5.0, 5.0, 5.0)])
def test_nothing_is_saved_up(free: float, now: float, start: float) -> None:
    assert slot(free, now, 2.0) == (start, start + 2.0)
