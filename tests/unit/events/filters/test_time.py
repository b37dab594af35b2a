"""Filter `time`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.events.filters.time import passes
from argosy.resources.sensor import Filters
from support.events import event, model


def ask(start: str, stop: str, at: str, timezone: str = "") -> bool:
    filters = model(Filters, {"time": {"start": start, "stop": stop, "timezone": timezone}})
    return passes(filters, event({}, time=at))


@pytest.mark.parametrize(
    ("start", "stop", "at", "expected"),
    [
        ("09:00:00", "17:00:00", "2024-03-05T09:00:00Z", True),
        ("09:00:00", "17:00:00", "2024-03-05T16:59:59.999Z", True),
        ("09:00:00", "17:00:00", "2024-03-05T17:00:00Z", False),
        ("9:00:00", "17:00:00", "2024-03-05T08:59:59Z", False),
        ("09:00:00", "17:00:00", "2024-03-05T18:30:00+02:00", True),
        ("22:00:00", "06:00:00", "2024-03-05T23:00:00Z", True),
        ("22:00:00", "06:00:00", "2024-03-05T05:59:59Z", True),
        ("22:00:00", "06:00:00", "2024-03-05T12:00:00Z", False),
        ("10:00:00", "10:00:00", "2024-03-05T03:00:00Z", True),
        ("09:00:00.5", "17:00:00", "2024-03-05T09:00:00.4Z", False),
    ],
)
def test_times_of_day(start: str, stop: str, at: str, *, expected: bool) -> None:
    assert ask(start, stop, at) is expected


@pytest.mark.parametrize(
    ("start", "stop", "at", "timezone", "expected"),
    [
        ("09:00:00", "17:00:00", "2024-03-05T13:30:00Z", "America/New_York", False),
        ("09:00:00", "17:00:00", "2024-03-05T14:30:00Z", "America/New_York", True),
        ("09:00:00", "17:00:00", "2024-07-05T13:30:00Z", "America/New_York", True),
        # On 31 March 2024 clocks in Berlin go from 02:00 to 03:00: 02:30 is 01:30 before the change.
        ("02:30:00", "04:00:00", "2024-03-31T00:45:00Z", "Europe/Berlin", True),
        ("02:30:00", "04:00:00", "2024-03-31T00:15:00Z", "Europe/Berlin", False),
        # On 27 October 2024 the hour from 02:00 comes twice.
        ("02:30:00", "04:00:00", "2024-10-27T00:45:00Z", "Europe/Berlin", True),
        ("02:30:00", "04:00:00", "2024-10-27T00:15:00Z", "Europe/Berlin", False),
    ],
)
def test_time_zones(start: str, stop: str, at: str, timezone: str, *, expected: bool) -> None:
    assert ask(start, stop, at, timezone) is expected


@pytest.mark.parametrize("clock", ["", "9", "09:00", "24:00:00", "09:60:00", "09:00:60", "09:0:00", "09:00:00Z", "x"])
def test_what_is_no_time_of_day(clock: str) -> None:
    for start, stop in ((clock, "10:00:00"), ("10:00:00", clock)):
        with pytest.raises(EvaluationError, match=r"time filter: .* no time of day"):
            ask(start, stop, "2024-03-05T09:00:00Z")


def test_what_is_no_zone_and_no_time() -> None:
    with pytest.raises(EvaluationError, match="no time zone 'Mars/Base'"):
        ask("09:00:00", "10:00:00", "2024-03-05T09:00:00Z", "Mars/Base")
    with pytest.raises(EvaluationError, match="the event's time 'soon' is none"):
        ask("09:00:00", "10:00:00", "soon")


def test_no_filter_passes() -> None:
    assert passes(model(Filters, {}), event({}))
