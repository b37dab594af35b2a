"""What several threads want at once: one of them does it, and all are given what it comes to."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from argosy.errors import Unavailable
from argosy.services import flights
from argosy.services.flights import Flights
from support.up import until

OTHERS = 3


def inside() -> int:
    """How many threads are in a flight or wait for one."""
    found = 0
    for frame in sys._current_frames().values():
        at = frame
        while at.f_back is not None and at.f_code.co_filename != flights.__file__:
            at = at.f_back
        found += at.f_code.co_filename == flights.__file__
    return found


def together(name: Callable[[int], str], does: Callable[[], str]) -> tuple[list[str], int]:
    """What each of several threads is given that come while the first is at it, and how often it was done."""
    common, calls, go = Flights(), list[int](), threading.Event()

    def once() -> str:
        calls.append(1)
        go.wait()
        return does()

    def ask(number: int) -> str:
        try:
            return common.shared(name(number), once)
        except Unavailable as x:
            return str(x)

    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask, number) for number in range(OTHERS + 1)]
        until(lambda: inside() == OTHERS + 1, "all have come")
        go.set()
        return [one.result() for one in asked], len(calls)


def refused() -> str:
    raise Unavailable("nobody answers")


@pytest.mark.parametrize(("does", "given"), [(lambda: "done", "done"), (refused, "nobody answers")])
def test_all_are_given_what_the_first_is_given(does: Callable[[], str], given: str) -> None:
    assert together(lambda _: "same", does) == ([given] * (OTHERS + 1), 1)


def test_different_things_are_done_side_by_side() -> None:
    assert together(str, lambda: "done") == (["done"] * (OTHERS + 1), OTHERS + 1)


@pytest.mark.parametrize(("does", "given"), [(lambda: "done", "done"), (refused, "nobody answers")])
def test_who_wants_it_anew_is_not_given_what_began_before(does: Callable[[], str], given: str) -> None:
    common, began, go = Flights(), threading.Semaphore(0), threading.Event()
    calls: list[int] = []

    def once() -> str:
        calls.append(1)
        began.release()
        go.wait()
        return does()

    def ask() -> str:
        try:
            return common.anew("same", once)
        except Unavailable as x:
            return str(x)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask)
        began.acquire()
        others = [pool.submit(ask) for _ in range(OTHERS)]
        until(lambda: inside() == OTHERS + 1, "all have come")
        assert len(calls) == 1, "one after the other"
        go.set()
        assert [one.result() for one in (first, *others)] == [given] * (OTHERS + 1)
    assert len(calls) == 2, "the others share one"
    assert (ask(), len(calls)) == (given, 3)


def test_whoever_comes_after_does_it_again() -> None:
    common = Flights()
    assert [common.shared("same", lambda one=one: one) for one in "ab"] == ["a", "b"]  # type: ignore[misc]
