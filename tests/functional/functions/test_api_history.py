"""functions/api on the history: lists, one event, why, replays."""

from __future__ import annotations

import pytest

from support.api import ALICE, audit, request
from support.events import event, sensor, trigger
from support.services import FakeInstallation

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def made() -> FakeInstallation:
    """One event that has fired, and one that nobody hears."""
    installation = FakeInstallation()
    installation.apply(sensor([trigger()]))
    installation.sense(event({"n": 1}), event({}, id="f" * 32, subject="other"))
    installation.carry_out()
    installation.clock.advance(60)
    return installation


def test_a_list_page_by_page(made: FakeInstallation) -> None:
    made.sense(event({}, id="e" * 32))
    made.clock.advance(60)
    first = request(made, "GET", "/api/v1/events", query={"namespace": "ns", "limit": "1"}).body
    (line,) = first["items"]
    assert (line["id"], line["source"], line["event"], line["firings"]) == ("e" * 32, "hook", "example", 1)
    query = {"namespace": "ns", "limit": "1", "before": first["next"]}
    assert [one["id"] for one in request(made, "GET", "/api/v1/events", query=query).body["items"]] == ["f" * 32, ID]
    assert request(made, "GET", "/api/v1/events").body == {"items": [], "next": ""}


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"until": "x"}, {"before": "x"}])
def test_what_is_no_time(made: FakeInstallation, query: dict[str, str]) -> None:
    assert request(made, "GET", "/api/v1/events", query=query).status == 400


def test_an_event(made: FakeInstallation) -> None:
    body = request(made, "GET", f"/api/v1/events/ns/{ID}").body
    assert (body["event"]["data"], body["trace"], body["bus"]) == ('{"n":1}', ID, "default")
    ((firing,), (attempt,)) = body["firings"], body["attempts"]
    assert firing["firing"] == attempt["firing"]
    assert (attempt["state"], attempt["attempt"], attempt["trigger"]) == ("fired", 1, "t")


def test_why(made: FakeInstallation) -> None:
    body = request(made, "GET", f"/api/v1/events/ns/{ID}/why/s").body
    assert [(step["about"], step["verdict"]) for step in body["steps"]] == [
        ("dependency dep", "passed"),
        ("trigger t", "decided"),
        ("trigger t", "fired"),
    ]
    other = request(made, "GET", f"/api/v1/events/ns/{'f' * 32}/why/s").body
    assert [step["verdict"] for step in other["steps"]] == ["stopped", "stopped"]
    assert request(made, "GET", f"/api/v1/events/ns/{ID}/why/nobody").status == 404


def test_a_replay(made: FakeInstallation) -> None:
    asked = {"namespace": "ns", "since": "1h"}
    dry = request(made, "POST", "/api/v1/replays", asked).body
    assert (dry["events"], dry["published"], dry["next"]) == (2, 0, "")
    assert dry["firings"] == [{"sensor": "s", "trigger": "t", "events": {"dep": ID}, "problem": ""}]
    assert audit(made) == []
    real = request(made, "POST", "/api/v1/replays", {**asked, "dryRun": False}).body
    assert real["published"] == 2
    assert [message["replays"] for message in made.events()] == [ID, "f" * 32]
    assert audit(made) == [(ALICE, [f"Event/ns 2 replayed as {real['name']}"])]
    unknown = {**asked, "sensor": "nobody"}
    assert request(made, "POST", "/api/v1/replays", unknown).status == 404
