"""Times of Kubernetes objects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from argosy.lang import instants


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
    ],
)
def test_a_time(text: str, at: datetime) -> None:
    assert instants.parse(text) == at


@pytest.mark.parametrize(
    "text", [None, 5, "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "0001-01-01T00:00:00+23:00"]
)
def test_what_is_none(text: object) -> None:
    assert instants.parse(text) is None
