"""Cron schedules: a corpus recorded from robfig/cron 3.0.1, looking backwards, and endurance."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import cron
from unit.lang.golden import cases


def _shown(instant: datetime | None) -> str | None:
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("given_", "expect"), cases("cron"))
def test_answers_of_the_original(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    options = {"seconds": given_["seconds"], "optional_weekday": given_["seconds"]}
    zone = cron.load_zone(given_["zone"])
    if "error" in expect:
        with pytest.raises(EvaluationError):
            cron.parse(given_["spec"], timezone=zone, **options)
        return
    schedule = cron.parse(given_["spec"], timezone=zone, **options)
    instant = datetime.fromisoformat(given_["after"])
    for wanted in expect["times"]:
        following = schedule.next(instant)
        assert _shown(following) == wanted
        if following is not None:
            instant = following


@pytest.mark.parametrize(
    ("spec", "before", "answer"),
    [
        ("0 0/15 * * * *", "2012-07-09T14:59:00Z", "2012-07-09T14:45:00Z"),
        ("0 59 23 * * *", "2024-05-01T23:59:00Z", "2024-04-30T23:59:00Z"),
        ("0 0 0 29 Feb ?", "2018-07-09T23:35:00Z", "2016-02-29T00:00:00Z"),
        ("TZ=America/New_York 0 0 2 * * ?", "2012-03-12T04:00:00Z", "2012-03-10T07:00:00Z"),  # 2:00 was left out
        ("TZ=America/New_York 0 30 1 * * ?", "2012-11-04T12:00:00Z", "2012-11-04T06:30:00Z"),  # 1:30 came twice
        ("TZ=Australia/Lord_Howe 0 45 * * * ?", "2024-04-06T15:10:00Z", "2024-04-06T14:45:00Z"),
        ("0 0 0 30 Feb ?", "2012-07-09T23:35:00Z", None),
        ("@every 1h", "2024-01-01T00:00:00Z", "2023-12-31T23:00:00Z"),
    ],
)
def test_looking_backwards(spec: str, before: str, answer: str | None) -> None:
    schedule = cron.parse(spec, seconds=True, optional_weekday=True)
    assert _shown(schedule.prev(datetime.fromisoformat(before))) == answer


@pytest.mark.parametrize("spec", ["@daily", "TZ=Asia/Tokyo @daily"])
def test_descriptors_can_be_refused(spec: str) -> None:
    assert cron.parse(spec)
    with pytest.raises(EvaluationError, match="not allowed"):
        cron.parse(spec, descriptors=False)


def test_a_day_that_a_zone_left_out_does_not_stop_the_search() -> None:
    schedule = cron.parse("0 0 15 * *", timezone=ZoneInfo("Pacific/Apia"))
    assert _shown(schedule.next(datetime(2011, 12, 29, tzinfo=UTC))) == "2012-01-14T10:00:00Z"


@pytest.mark.parametrize(
    "spec", ["", "TZ=UTC", "* * * *", "60 * * * *", "* * * * 7", "5-1 * * * *", "TZ=Nope/Zone * * * * *"]
)
def test_wrong_schedules(spec: str) -> None:
    with pytest.raises(EvaluationError):
        cron.parse(spec)


FIELD = st.sampled_from(["*", "?", "0", "5", "1-3", "*/7", "1,2", ",", "31", "x"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"])


@given(
    st.lists(FIELD, min_size=5, max_size=5),
    ZONES,
    st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)),
)
@settings(max_examples=200, deadline=None)
def test_the_next_time_comes_after_and_the_one_before_comes_before(fields: list[str], zone: str, at: datetime) -> None:
    try:
        schedule = cron.parse(" ".join(fields), timezone=cron.load_zone(zone))
    except EvaluationError:
        return
    instant = at.replace(tzinfo=UTC)
    following, earlier = schedule.next(instant), schedule.prev(instant)
    assert following is None or instant < following
    assert earlier is None or earlier < instant


@given(st.integers(min_value=0, max_value=10**9), ZONES)
@settings(max_examples=100, deadline=None)
def test_backwards_undoes_forwards_away_from_clock_changes(seconds: int, zone: str) -> None:
    schedule = cron.parse("*/10 * * * *", timezone=cron.load_zone(zone))
    instant = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    following = schedule.next(instant)
    assert following is not None
    earlier = schedule.prev(following + timedelta(seconds=1))
    assert earlier == following


@given(st.text(alphabet="0123456789*/,-? @TZ=everydail", max_size=25))
def test_no_text_crashes(spec: str) -> None:
    with contextlib.suppress(EvaluationError):
        cron.parse(spec)
