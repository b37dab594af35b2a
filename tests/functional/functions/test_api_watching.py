"""functions/api: pages, watches and answers that are too large."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Row
from support.api import SOURCE, Answer, apply, request
from support.events import sensor, trigger
from support.services import FakeInstallation


@pytest.fixture
def made() -> FakeInstallation:
    return FakeInstallation()


class Paged(FakeStore):
    """Counts the rows that queries give."""

    given = 0

    def query(self, *arguments: Any, **more: Any) -> list[Row]:
        rows = super().query(*arguments, **more)
        self.given += len(rows)
        return rows


def test_a_page_reads_no_more_than_it_shows() -> None:
    clock = FakeClock()
    store = Paged(clock)
    made = FakeInstallation(clock=clock, store=store)
    for number in range(50):
        made.apply(sensor([trigger()], name=f"s-{number:02}"))
    store.given = 0
    made.runtime.views.page("Sensor", None, after="ns/s-20", limit=5)
    assert store.given <= 6


def watch(made: FakeInstallation, path: str, since: str, timeout: str = "20") -> Answer:
    return request(made, "GET", path, query={"watch": "true", "since": since, "timeout": timeout})


LIST, ONE = "/api/v1/objects/sensors", "/api/v1/objects/sensors/ns/s"


def test_a_watch_with_another_version_is_answered_at_once(made: FakeInstallation) -> None:
    began = made.clock.now()
    apply(made, SOURCE)
    assert watch(made, LIST, "0").body["version"] == "1"
    assert watch(made, LIST, "").body["version"] == "1"
    assert made.clock.now() == began


@pytest.mark.parametrize("change", ["create", "update", "delete"])
def test_a_watch_ends_with_a_change(made: FakeInstallation, change: str) -> None:
    if change != "create":
        apply(made, sensor([trigger()]))
    before = request(made, "GET", LIST).body
    began = made.clock.now()

    def happens(_: float) -> None:
        if (made.clock.now() - began).total_seconds() == 3:
            if change == "delete":
                made.runtime.objects.delete([("Sensor", "ns", "s")])
            else:
                made.apply(sensor([trigger("new")]))

    made.clock.while_asleep = happens
    after = watch(made, LIST, before["version"]).body
    assert (made.clock.now() - began).total_seconds() == 3
    assert after["version"] != before["version"]
    assert len(after["items"]) == (0 if change == "delete" else 1)


@pytest.mark.parametrize(("timeout", "waits"), [("20", 20), ("2.5", 3), ("0", 0)])
def test_a_watch_without_a_change_ends_in_time(made: FakeInstallation, timeout: str, waits: float) -> None:
    apply(made, sensor([trigger()]))
    before, began = request(made, "GET", LIST).body, made.clock.now()
    assert watch(made, LIST, before["version"], timeout).body == before
    assert (made.clock.now() - began).total_seconds() == waits


def test_a_watch_ends_with_the_process(made: FakeInstallation) -> None:
    began = made.clock.now()
    made.clock.ending = True
    assert watch(made, LIST, "0").status == 200
    assert made.clock.now() == began


def test_one_object_is_watched_with_its_status(made: FakeInstallation) -> None:
    apply(made, sensor([trigger()]))
    (tag,) = request(made, "GET", ONE).headers["ETag"]
    made.clock.while_asleep = lambda _: made.runtime.store.tally("outcomes/ns/s", "t", {"fired": 1}, {})
    began = made.clock.now()
    answer = watch(made, ONE, tag)
    assert answer.headers["ETag"] != [tag]
    assert answer.body["status"]["triggers"]["t"]["fired"] == 1
    assert (made.clock.now() - began).total_seconds() == 1


def test_a_watched_object_that_is_deleted(made: FakeInstallation) -> None:
    apply(made, sensor([trigger()]))
    (tag,) = request(made, "GET", ONE).headers["ETag"]
    made.clock.while_asleep = lambda _: made.runtime.objects.delete([("Sensor", "ns", "s")])
    assert watch(made, ONE, tag).status == 404


@pytest.mark.parametrize("timeout", ["20.1", "-1", "x"])
def test_a_wait_that_cannot_be(made: FakeInstallation, timeout: str) -> None:
    answer = watch(made, LIST, "0", timeout)
    assert (answer.status, "timeout" in answer.error) == (422, True)


# Large answers


def large(made: FakeInstallation) -> Answer:
    text = "x" * 60_000
    for number in range(100):
        made.apply(sensor([trigger(http={"url": f"http://example.com/{text}"})], name=f"s-{number:03}"))
    return request(made, "GET", LIST)


def test_a_large_answer_lies_elsewhere(made: FakeInstallation) -> None:
    answer = large(made)
    assert (answer.status, answer.body["seconds"]) == (303, 300)
    assert answer.headers["Location"] == [answer.body["url"]]
    key = answer.body["url"].removeprefix("https://blobs.example/").partition("?")[0]
    assert key.startswith("answers/")
    assert len(json.loads(made.runtime.blobs.get(key))["items"]) == 100


def test_a_large_answer_is_given_where_nothing_else_has_addresses() -> None:
    clock = FakeClock()
    made = FakeInstallation(clock=clock, blobs=FakeBlobs(clock, addresses=False))
    answer = large(made)
    assert (answer.status, len(answer.body["items"])) == (200, 100)
