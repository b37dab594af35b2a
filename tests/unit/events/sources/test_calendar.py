"""Event source `calendar`: exclusions, catch-up, clock changes, payload. Plain times stand in the conformance family."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.calendar import due_times, next_times, payload, rfc3339
from argosy.resources.eventsource import CalendarSource
from support.events import model

LATE = timedelta(minutes=2)


def entry(**fields: Any) -> CalendarSource:
    return model(CalendarSource, fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def firsts(source: CalendarSource, after: str, count: int) -> list[str]:
    return [rfc3339(one) for one in islice(next_times(source, at(after)), count)]


@pytest.mark.parametrize(
    ("fields", "after", "times"),
    [
        # The hour that does not exist is skipped, the one that comes twice fires twice, as in robfig/cron.
        (
            {"schedule": "30 2 * * *", "timezone": "Europe/Berlin"},
            "2026-03-28T00:00:00Z",
            ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            {"schedule": "30 2 * * *", "timezone": "Europe/Berlin"},
            "2026-10-24T12:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        ({"schedule": "TZ=Asia/Tokyo 0 9 * * *"}, "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z"]),
        (
            {"schedule": "CRON_TZ=UTC 0 9 * * *", "timezone": "Asia/Tokyo"},
            "2026-01-01T00:00:00Z",
            ["2026-01-01T09:00:00Z"],
        ),
        ({"interval": "90s"}, "2026-01-01T00:00:00.75Z", ["2026-01-01T00:01:30Z", "2026-01-01T00:03:00Z"]),
        ({"schedule": "0 0 1 1 *", "interval": "1s"}, "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]),
        ({"schedule": "0 0 30 2 *"}, "2026-01-01T00:00:00Z", []),
        ({"schedule": "0 0 29 2 *"}, "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z"]),
    ],
)
def test_times(fields: dict[str, Any], after: str, times: list[str]) -> None:
    assert firsts(entry(**fields), after, len(times) or 1) == times


@pytest.mark.parametrize(
    ("dates", "times"),
    [
        (["EXDATE:20260102T000000Z"], ["2026-01-01T09:00:00Z", "2026-01-03T09:00:00Z"]),
        (["EXDATE:20260101T235959Z,20260102T120000Z"], ["2026-01-03T09:00:00Z", "2026-01-04T09:00:00Z"]),
        (["RRULE:FREQ=DAILY", "20260101"], ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]),
    ],
)
def test_excluded_days(dates: list[str], times: list[str]) -> None:
    assert firsts(entry(schedule="0 9 * * *", exclusionDates=dates), "2026-01-01T00:00:00Z", 2) == times


def test_a_day_is_excluded_in_the_zone_of_the_entry() -> None:
    source = entry(schedule="0 1 * * *", timezone="Asia/Tokyo", exclusionDates=["EXDATE:20260102T000000Z"])
    assert firsts(source, "2025-12-31T12:00:00Z", 2) == ["2025-12-31T16:00:00Z", "2026-01-02T16:00:00Z"]


def test_an_entry_that_excludes_everything_ends() -> None:
    days = ",".join(f"{datetime(2026, 1, 1) + timedelta(days=n):%Y%m%d}T000000Z" for n in range(3))
    source = entry(schedule="0 0 1-3 1 *", exclusionDates=[f"EXDATE:{days}"])
    assert firsts(source, "2025-12-31T00:00:00Z", 1) == ["2027-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"schedule": "* * * *"},
        {"schedule": "@daily"},
        {"schedule": "61 * * * *"},
        {"schedule": "* * * * *", "timezone": "Nowhere/Land"},
        {"schedule": "TZ=Nowhere/Land * * * * *"},
        {"schedule": "* * * * *", "timezone": "../../etc/passwd"},
        {"interval": "10"},
        {"interval": "0s"},
        {"interval": "-1s"},
        {"schedule": "* * * * *", "exclusionDates": ["EXDATE:2026-01-01"]},
        {"schedule": "* * * * *", "exclusionDates": ["EXDATE:20261301T000000Z"]},
        {"schedule": "* * * * *", "exclusionDates": ["EXDATE:20260101T000000Z, 20260102T000000Z"]},
    ],
)
def test_what_cannot_be_read(fields: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError):
        firsts(entry(**fields), "2026-01-01T00:00:00Z", 1)


# What is due


CATCHUP = {"persistence": {"catchup": {"enabled": True}}}
CATCHUP_HOUR = {"persistence": {"catchup": {"enabled": True, "maxDuration": "1h"}}}


@pytest.mark.parametrize(
    ("fields", "last", "now", "times"),
    [
        # On time, and a little late.
        ({"schedule": "* * * * *"}, "00:00:00", "00:01:00", ["00:01:00"]),
        ({"schedule": "* * * * *"}, "00:00:00", "00:00:59", []),
        ({"schedule": "* * * * *"}, "00:00:00", "00:01:50", ["00:01:00"]),
        # Missed for longer than that: only what is not too old, everything with catch-up.
        ({"schedule": "* * * * *"}, "00:00:00", "00:10:30", ["00:09:00", "00:10:00"]),
        ({"schedule": "*/30 * * * *"}, "00:00:00", "03:10:00", []),
        (
            {"schedule": "*/30 * * * *", **CATCHUP},
            "00:00:00",
            "02:10:00",
            ["00:30:00", "01:00:00", "01:30:00", "02:00:00"],
        ),
        ({"schedule": "*/30 * * * *", **CATCHUP_HOUR}, "00:00:00", "03:10:00", ["02:30:00", "03:00:00"]),
        (
            {"schedule": "*/30 * * * *", "persistence": {"catchup": {"enabled": False, "maxDuration": "1h"}}},
            "00:00:00",
            "03:10:00",
            [],
        ),
        # An interval keeps its beat, however late it is noticed.
        ({"interval": "45s"}, "00:00:00", "00:01:30", ["00:00:45", "00:01:30"]),
        ({"interval": "7m"}, "00:00:00", "01:11:00", ["01:10:00"]),
        ({"interval": "7m", **CATCHUP}, "00:00:00", "00:22:00", ["00:07:00", "00:14:00", "00:21:00"]),
        # Excluded days do not count as missed.
        ({"schedule": "* * * * *", "exclusionDates": ["EXDATE:20260101T000000Z"]}, "00:00:00", "00:05:00", []),
    ],
)
def test_due_times(fields: dict[str, Any], last: str, now: str, times: list[str]) -> None:
    day = "2026-01-01T{}Z"
    found, reached = due_times(entry(**fields), at(day.format(last)), at(day.format(now)), LATE, 1000)
    assert [rfc3339(one) for one in found] == [day.format(text) for text in times]
    assert reached <= at(day.format(now))
    again, _ = due_times(entry(**fields), reached, at(day.format(now)), LATE, 1000)
    assert again == [], "a time fires once"


def test_no_more_than_the_limit_and_the_rest_after_it() -> None:
    source = entry(schedule="* * * * *", **CATCHUP)
    start, now = at("2026-01-01T00:00:00Z"), at("2026-01-01T00:10:00Z")
    seen: list[datetime] = []
    last = start
    while True:
        found, last = due_times(source, last, now, LATE, 4)
        if not found:
            break
        assert len(found) <= 4
        seen.extend(found)
    assert seen == [start + timedelta(minutes=n) for n in range(1, 11)]


def test_a_clock_that_went_back_fires_nothing() -> None:
    last = at("2026-01-01T00:00:00Z")
    assert due_times(entry(interval="1s"), last, last - timedelta(hours=1), LATE, 10)[0] == []


# Payload


@pytest.mark.parametrize(
    ("fields", "when", "text"),
    [
        ({}, "2026-01-01T09:00:00Z", "2026-01-01 09:00:00 +0000 UTC"),
        ({"timezone": "Europe/Berlin"}, "2026-07-01T09:00:00Z", "2026-07-01 11:00:00 +0200 CEST"),
        ({"timezone": "America/New_York"}, "2026-01-01T00:00:00Z", "2025-12-31 19:00:00 -0500 EST"),
        ({}, "2026-01-01T09:00:00.25Z", "2026-01-01 09:00:00.25 +0000 UTC"),
    ],
)
def test_the_event_time_is_written_as_in_go(fields: dict[str, Any], when: str, text: str) -> None:
    assert json.loads(payload(entry(schedule="* * * * *", **fields), at(when))) == {"eventTime": text}


def test_metadata() -> None:
    body = json.loads(payload(entry(interval="1s", metadata={"a": "b"}), at("2026-01-01T00:00:00Z")))
    assert body["metadata"] == {"a": "b"}


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (datetime(2026, 1, 1, microsecond=120000, tzinfo=UTC), "2026-01-01T00:00:00.12Z"),
        (at("2026-01-01T01:00:00+02:00"), "2025-12-31T23:00:00Z"),
    ],
)
def test_rfc3339(when: datetime, text: str) -> None:
    assert rfc3339(when) == text
