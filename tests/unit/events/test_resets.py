"""The times at which conditions are reset."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from argosy.events.resets import compile_resets, last_reset
from argosy.resources.sensor import ConditionsReset, ResetTime


def entry(cron: str, timezone: str = "") -> ConditionsReset:
    return ConditionsReset(by_time=ResetTime(cron=cron, timezone=timezone))


@pytest.mark.parametrize(
    ("entries", "now", "last"),
    [
        ([], "2026-01-05T12:00:00Z", None),
        ([entry("0 6 * * *")], "2026-01-05T12:00:00Z", "2026-01-05T06:00:00Z"),
        ([entry("0 6 * * *")], "2026-01-05T06:00:00Z", "2026-01-05T06:00:00Z"),
        ([entry("0 6 * * *")], "2026-01-05T05:59:59.5Z", "2026-01-04T06:00:00Z"),
        ([entry("0 6 * * *", "Europe/Berlin")], "2026-01-05T12:00:00Z", "2026-01-05T05:00:00Z"),
        ([entry("0 6 * * *"), entry("0 8 * * *")], "2026-01-05T12:00:00Z", "2026-01-05T08:00:00Z"),
        ([entry("no cron"), ConditionsReset(), entry("0 8 * * *")], "2026-01-05T12:00:00Z", "2026-01-05T08:00:00Z"),
        ([entry("0 0 30 2 *")], "2026-01-05T12:00:00Z", None),
    ],
)
def test_the_last_reset(entries: list[ConditionsReset], now: str, last: str | None) -> None:
    found = last_reset(compile_resets(entries), datetime.fromisoformat(now))
    assert found == (datetime.fromisoformat(last).astimezone(UTC).timestamp() if last else 0.0)
