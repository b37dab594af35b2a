"""Go times and durations as values."""

from __future__ import annotations

import datetime

import pytest

from argosy.errors import EvaluationError
from argosy.lang.times import Duration, Time, fixed


def test_a_time_prints_and_formats_as_in_go() -> None:
    time = Time.parse("2006-01-02T15:04:05Z07:00", "2024-02-29T13:04:05.5+02:00")
    assert str(time) == "2024-02-29 13:04:05.5 +0200 +0200"
    assert str(time.UTC()) == "2024-02-29 11:04:05.5 +0000 UTC"
    assert (time.Year(), str(time.Month()), time.Day(), time.Hour(), time.YearDay()) == (2024, "February", 29, 13, 60)
    assert time.Format("Monday 02 January 06") == "Thursday 29 February 24"


def test_arithmetic() -> None:
    time = Time.parse("2006-01-02", "2024-02-29")
    later = time.Add(Duration(90_000_000_000))
    assert str(later.Sub(time)) == "1m30s"
    assert later.After(time)
    assert time.Before(later)
    assert time.AddDate(1, 0, 0).Format("2006-01-02") == "2025-03-01"
    assert str(Duration(-1_500_000_000).Truncate(Duration(1_000_000_000))) == "-1s"
    assert str(Duration(1_500_000_000).Round(Duration(1_000_000_000))) == "2s"


def test_the_clock_can_be_fixed() -> None:
    instant = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    with fixed(instant):
        assert Time.now().Unix() == 1704067200
    assert Time.now().Unix() > 1704067200


def test_zones() -> None:
    time = Time.parse("2006-01-02 15:04", "2024-03-10 12:00", "America/New_York")
    assert time.UTC().Hour() == 16
    assert time.in_zone("Asia/Tokyo").Day() == 11
    assert time.in_zone("Nope/Zone").Hour() == 16


@pytest.mark.parametrize(("layout", "text"), [("2006-01-02", "nope"), ("2006-01-02", "2024-02-30"), ("15:04", "25:00")])
def test_what_does_not_fit_is_an_error(layout: str, text: str) -> None:
    with pytest.raises(EvaluationError):
        Time.parse(layout, text)
    assert Time.zero().IsZero()
