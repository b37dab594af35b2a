"""What is done beside: in order, without holding anybody up, and to its end when the process ends."""

from __future__ import annotations

import threading

import pytest

from argosy.adapters.afterwards import Afterwards


def test_in_order_and_beside_whoever_asks() -> None:
    told: list[int] = []
    goes_on, afterwards = threading.Event(), Afterwards()
    afterwards(lambda: told.append(0 if goes_on.wait(10) else -1))
    for number in range(1, 5):
        afterwards(lambda number=number: told.append(number))  # type: ignore[misc]  # a default of a lambda
    assert told == []
    goes_on.set()
    assert afterwards.close(10)
    assert told == [0, 1, 2, 3, 4]


def test_one_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    afterwards = Afterwards()
    afterwards(lambda: told.append(str(1 // 0)))
    afterwards(lambda: told.append("next"))
    assert afterwards.close(10)
    assert told == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_of_too_many_the_oldest_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    told: list[int] = []
    begun, goes_on = threading.Event(), threading.Event()
    afterwards = Afterwards(most=2)

    def first() -> None:
        begun.set()
        goes_on.wait(10)

    afterwards(first)
    assert begun.wait(10)
    for number in range(4):
        afterwards(lambda number=number: told.append(number))  # type: ignore[misc]  # a default of a lambda
    goes_on.set()
    assert afterwards.close(10)
    assert told == [2, 3]
    assert "the oldest is dropped" in caplog.text


def test_what_takes_too_long_is_left_and_what_comes_after_the_end_is_done_at_once() -> None:
    told: list[str] = []
    goes_on, afterwards = threading.Event(), Afterwards()
    afterwards(lambda: told.append(f"first: {goes_on.wait(10)}"))
    assert not afterwards.close(0)
    afterwards(lambda: told.append("late"))
    assert told == ["late"]
    goes_on.set()
    assert afterwards.close(10)
    assert told == ["late", "first: True"]


def test_nothing_to_do_costs_no_thread() -> None:
    before = threading.active_count()
    afterwards = Afterwards()
    assert threading.active_count() == before
    assert afterwards.close(0)
