"""When a cluster without an agent is listed next, and who waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.keys import Key
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Row
from argosy.resources.definitions import GROUP
from argosy.services.applications.surveys import Survey, Surveys

SHOP = Key("edge", GROUP, "Application", "argocd", "shop")
OTHER = Key("edge", GROUP, "Application", "argocd", "other")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def surveys(clock: FakeClock) -> Surveys:
    return Surveys(FakeStore(clock), clock)


def survey(at: float, failed: int = 0) -> Survey:
    return Survey(at, at, failed, "no answer" if failed else "")


def test_the_schedule_those_who_ask_and_what_is_under_way(surveys: Surveys, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    assert surveys.due("far", Survey(), 120) < now, "never yet"
    assert surveys.due("far", survey(now), 120) == now + 120
    assert surveys.hurry("far", SHOP, under_way=True)
    assert not surveys.hurry("far", SHOP, under_way=True), "no news"
    assert surveys.due("far", survey(now), 120) == now + 10
    assert surveys.due("far", survey(now), 5) == now + 5
    surveys.hurry("far", SHOP, under_way=False)
    assert surveys.due("far", survey(now), 120) == now + 120
    surveys.hurry("far", SHOP, under_way=True)
    clock.advance(301)
    assert surveys.due("far", survey(now + 301), 120) == now + 421, "it does not go on for ever"
    surveys.ask("far", SHOP)
    assert surveys.due("far", survey(now), 120) == now + 302
    assert surveys.due("far", survey(now + 301), 120) == now + 303, "not twice in two seconds"


def test_a_cluster_that_is_away_is_asked_ever_more_rarely_whoever_waits(surveys: Surveys, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    surveys.ask("far", SHOP)
    waits = [surveys.due("far", survey(now, failed), 120) - now for failed in range(1, 20)]
    assert waits[0] >= 2.5
    assert waits[-1] == max(waits) == 120


def test_who_has_written_waits_for_a_list_that_began_after_that(surveys: Surveys, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    surveys.ask("far", SHOP, wrote=True)
    surveys.ask("far", OTHER)
    assert "has not been listed since" in surveys.lacks("far", SHOP)
    assert surveys.lacks("far", OTHER) == ""
    assert surveys.answered("far", survey(now + 0.5)) == [], "clocks may differ"
    clock.advance(10)
    surveys.ask("far", SHOP, wrote=True)
    assert surveys.answered("far", survey(now + 5)) == [OTHER]
    assert surveys.answered("far", survey(now + 11)) == [SHOP]
    assert surveys.lacks("far", SHOP) == ""


def test_who_writes_again_meanwhile_waits_for_the_next_one(clock: FakeClock) -> None:
    class Racing(FakeStore):
        """Somebody asks anew right after the rows were read."""

        def query(self, pk: str, prefix: str = "", **how: Any) -> list[Row]:
            found = super().query(pk, prefix, **how)
            clock.advance(10)
            racing.ask("far", SHOP, wrote=True)
            return found

    racing = Surveys(Racing(clock), clock)
    racing.ask("far", SHOP, wrote=True)
    assert racing.answered("far", survey(clock.now().timestamp() + 2)) == []
    assert "has not been listed since" in racing.lacks("far", SHOP)
