"""functions/api with API Gateway events (REST API, payload v1): every route, every refusal, every audit row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from argosy.api.app import schema
from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Permanent,
    Unavailable,
    Unsupported,
)
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.queue import Delivery, Outgoing
from argosy.services.queues import AWS_QUEUES, BUS, DEAD_LETTERS, FIFO, LOCAL_QUEUES
from argosy.version import VERSION
from support.api import ALICE, EVENT, HOOK, PLACE, SOURCE, apply, audit, request, routes
from support.events import GROUP_VERSION, event_source, sensor, trigger
from support.functions import ROOT
from support.services import FakeInstallation

MNS = {"queue": "q", "endpoint": "e"}


@pytest.fixture
def made() -> FakeInstallation:
    return FakeInstallation()


# Objects


def test_apply(made: FakeInstallation) -> None:
    other = sensor([trigger()])
    del other["metadata"]["namespace"]
    answer = apply(made, SOURCE, other, namespace="elsewhere")
    assert answer.status == 200
    assert [(each["kind"], each["namespace"], each["name"], each["what"]) for each in answer.body["results"]] == [
        ("EventSource", "ns", "hook", "created"),
        ("Sensor", "elsewhere", "s", "created"),
    ]
    again = apply(made, SOURCE, sensor([trigger("new")], namespace="elsewhere"))
    assert [each["what"] for each in again.body["results"]] == ["unchanged", "configured"]


def test_all_or_none(made: FakeInstallation) -> None:
    answer = apply(made, SOURCE, {"apiVersion": GROUP_VERSION, "kind": "Sensor", "metadata": {"name": "Bad Name"}})
    assert answer.status == 400
    assert "metadata.name" in answer.error
    assert request(made, "GET", "/api/v1/objects/es").body["items"] == []
    assert audit(made) == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"manifests": [{"kind": "Deployment"}]}, 400, "Deployment"),
        ({"manifests": [{}]}, 400, "kind"),
        ({"manifests": [SOURCE], "namespace": "No"}, 400, "namespace"),
        ({"manifests": [SOURCE, SOURCE]}, 400, "twice"),
        ({"manifests": [event_source({"mns": {"a": MNS}})]}, 422, "mns"),
        ({"manifests": [{**SOURCE, "spec": {"n": 2**70}}]}, 400, "manifests"),
        ({"manifests": [{**SOURCE, "spec": {"n": "\ud800"}}]}, 400, "manifests"),
        ({"manifests": [{**SOURCE, "metadata": "text"}]}, 400, "metadata"),
        ({"manifests": [{**SOURCE, "spec": "text"}]}, 400, "spec"),
        ({"manifests": []}, 422, "manifests"),
        ({"manifests": [SOURCE] * 1001}, 422, "manifests"),
        ({"manifests": ["text"]}, 422, "manifests"),
        ({"manifests": [SOURCE], "force": True}, 422, "force"),
        ({}, 422, "manifests"),
        ([], 422, "body"),
        (7, 422, "body"),
    ],
)
def test_what_cannot_be_applied(made: FakeInstallation, body: object, status: int, said: str) -> None:
    answer = request(made, "POST", "/api/v1/objects", body)
    assert answer.status == status
    assert said in answer.error
    assert audit(made) == []


@pytest.mark.parametrize(
    ("raw", "status"),
    [("", 422), ("nope", 422), ('{"manifests": [', 422), (b"\xff\xfe", 400), ("[" * 100_000, 400), ("null", 422)],
)
def test_what_is_no_json(made: FakeInstallation, raw: str | bytes, status: int) -> None:
    answer = request(made, "POST", "/api/v1/objects", raw=raw)
    assert answer.status == status
    assert "Traceback" not in answer.error


def test_what_was_sent_is_not_repeated(made: FakeInstallation) -> None:
    answer = request(made, "POST", "/api/v1/objects", {"manifests": "s3cret"})
    assert answer.status == 422
    assert "s3cret" not in json.dumps(answer.body)
    assert answer.body["error"]["field"] == "body.manifests"


def test_get(made: FakeInstallation) -> None:
    apply(made, SOURCE)
    for kind in ("es", "eventsources", "EventSource", "eventsources.argoproj.io"):
        answer = request(made, "GET", f"/api/v1/objects/{kind}/ns/hook")
        assert answer.status == 200
        assert answer.body["spec"] == HOOK
        assert {each["type"] for each in answer.body["status"]["conditions"]} == {"SourcesProvided", "Deployed"}
        url = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/hooks/ns/hook/example"
        assert answer.body["status"]["urls"] == {"example": url}


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/api/v1/objects/pods", "pods"),
        ("GET", "/api/v1/objects/pods/ns/hook", "pods"),
        ("GET", "/api/v1/objects/es/ns/other", "ns/other"),
        ("GET", "/api/v1/objects/sensors/ns/hook", "ns/hook"),
        ("DELETE", "/api/v1/objects/es/ns/other", "ns/other"),
        ("DELETE", "/api/v1/objects/pods/ns/hook", "pods"),
        ("POST", "/api/v1/queues/bus-dlq/redrive", "bus-dlq"),
        ("POST", "/api/v1/queues/nothing/redrive", "triggers"),
        ("POST", "/api/v1/queues/sources/redrive", "triggers"),
        ("GET", "/api/v1/operations/0123", "seven days"),
        ("POST", "/api/v1/operations/0123", "seven days"),
    ],
)
def test_what_is_not_there(made: FakeInstallation, method: str, path: str, said: str) -> None:
    apply(made, SOURCE)
    answer = request(made, method, path)
    assert answer.status == 404
    assert said in answer.error
    assert len(audit(made)) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/nothing"), ("PUT", "/api/v1/objects")])
def test_what_is_no_route(made: FakeInstallation, method: str, path: str) -> None:
    answer = request(made, method, path)
    assert answer.status == 404
    assert f"{method} {path}" in answer.error


def test_listing(made: FakeInstallation) -> None:
    for namespace in ("b", "a"):
        apply(made, *(event_source(HOOK, name=f"hook-{number}", namespace=namespace) for number in range(3)))
    path = "/api/v1/objects/eventsources"
    every = request(made, "GET", path)
    names = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in every.body["items"]]
    assert names == [(namespace, f"hook-{number}") for namespace in ("a", "b") for number in range(3)]
    assert every.body["next"] == ""
    assert all(each["status"] for each in every.body["items"])
    some = request(made, "GET", path, query={"namespace": "b"})
    assert {each["metadata"]["namespace"] for each in some.body["items"]} == {"b"}
    assert request(made, "GET", "/api/v1/objects/sensors").body == {"items": [], "next": "", "version": "2"}


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_page_by_page(made: FakeInstallation, limit: int) -> None:
    """Names that a `/` sorts otherwise than the end of a name do not lose each other."""
    names = ["a", "a-b", "a.b", "ab", "b"]
    apply(made, *(event_source(HOOK, name=name, namespace=space) for name in names for space in ("n", "n-1")))
    found: list[str] = []
    after, pages = "", 0
    while pages == 0 or after:
        answer = request(made, "GET", "/api/v1/objects/es", query={"limit": str(limit), "after": after})
        found += [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in answer.body["items"]]
        after, pages = answer.body["next"], pages + 1
        assert len(answer.body["items"]) <= limit
    assert sorted(found) == sorted(f"{space}/{name}" for name in names for space in ("n", "n-1"))
    assert pages == -(-10 // limit)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "501"}, {"limit": "x"}])
def test_a_page_that_cannot_be(made: FakeInstallation, query: dict[str, str]) -> None:
    answer = request(made, "GET", "/api/v1/objects/es", query=query)
    assert answer.status == 422
    assert "limit" in answer.error


def test_delete(made: FakeInstallation) -> None:
    apply(made, SOURCE)
    answer = request(made, "DELETE", "/api/v1/objects/es/ns/hook")
    assert answer.body["results"] == [{"kind": "EventSource", "namespace": "ns", "name": "hook", "what": "deleted"}]
    assert request(made, "GET", "/api/v1/objects/es/ns/hook").status == 404


@pytest.mark.parametrize(
    ("objects", "status", "said"),
    [
        ([("es", "ns", "hook"), ("es", "ns", "other")], 404, "ns/other"),
        ([("es", "ns", "hook"), ("pods", "ns", "hook")], 404, "pods"),
        ([], 422, "objects"),
    ],
)
def test_all_are_deleted_or_none(
    made: FakeInstallation, objects: list[tuple[str, str, str]], status: int, said: str
) -> None:
    apply(made, SOURCE)
    named = [{"kind": kind, "namespace": namespace, "name": name} for kind, namespace, name in objects]
    answer = request(made, "POST", "/api/v1/deletions", {"objects": named})
    assert (answer.status, said in answer.error) == (status, True)
    assert made.runtime.objects.get("EventSource", "ns", "hook")


def test_several_are_deleted(made: FakeInstallation) -> None:
    apply(made, SOURCE, sensor([trigger()]))
    named = [{"kind": "es", "namespace": "ns", "name": "hook"}, {"kind": "Sensor", "namespace": "ns", "name": "s"}]
    answer = request(made, "POST", "/api/v1/deletions", {"objects": named})
    assert [each["what"] for each in answer.body["results"]] == ["deleted", "deleted"]


def test_every_problem_has_its_place(made: FakeInstallation) -> None:
    broken = sensor([trigger(http={})], name="one")
    answer = apply(made, broken, event_source({"mns": {"a": MNS}}, name="two"))
    error = answer.body["error"]
    assert (answer.status, error["type"], error["object"]) == (400, "InvalidObject", "")
    assert [(each["object"], each["field"], each["type"]) for each in error["problems"]] == [
        ("Sensor/ns/one", "spec.triggers[0].template.http.url", "InvalidObject"),
        ("EventSource/ns/two", "spec.mns", "Unsupported"),
    ]
    assert error["message"] == "\n".join(each["message"] for each in error["problems"])


# Events and queues


def test_an_event_is_put_on_the_bus(made: FakeInstallation) -> None:
    apply(made, SOURCE)
    answer = request(made, "POST", "/api/v1/events", EVENT)
    (message,) = made.events()
    assert (message["namespace"], message["bus"]) == ("ns", "default")
    event = message["event"]
    assert (event["id"], event["source"], event["subject"], event["type"]) == (
        answer.body["id"],
        "hook",
        "example",
        "webhook",
    )
    assert json.loads(event["data"]) == {"id": 7}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"source": "other"}, 404, "ns/other"),
        ({"namespace": "other"}, 404, "other/hook"),
        ({"event": "other"}, 404, "has no event other"),
        ({"event": "serviceAccountName"}, 404, "has no event"),
        ({"event": "default"}, 404, "has no event"),
        ({"data": 2**70}, 400, "data"),
        ({"data": "\ud800"}, 400, "data"),
        ({"more": 1}, 422, "more"),
        ({"source": None}, 422, "source"),
    ],
)
def test_an_event_that_cannot_be(made: FakeInstallation, change: dict[str, Any], status: int, said: str) -> None:
    made.apply(SOURCE)
    answer = request(made, "POST", "/api/v1/events", {**EVENT, **change})
    assert answer.status == status
    assert said in answer.error
    assert made.events() == []
    assert audit(made) == []


def test_queues() -> None:
    made = FakeInstallation(place=PLACE)
    made.runtime.queue.send(BUS, [Outgoing("a"), Outgoing("b"), Outgoing("c", delay=60)])
    made.runtime.queue.receive(BUS, 1)
    items = {each.pop("name"): each for each in request(made, "GET", "/api/v1/queues").body["items"]}
    assert set(items) == {spec.name for spec in AWS_QUEUES}
    assert items[BUS] == {"visible": 1, "inFlight": 1, "delayed": 1, "deadLetters": "bus-dlq"}
    here = request(FakeInstallation(), "GET", "/api/v1/queues").body["items"]
    assert {each["name"] for each in here} == {spec.name for spec in LOCAL_QUEUES}


@pytest.mark.parametrize("queue", sorted(DEAD_LETTERS))
def test_redrive(queue: str) -> None:
    made = FakeInstallation(place=PLACE if queue in {spec.name for spec in AWS_QUEUES} else None)
    group = "g" if queue in FIFO else ""
    letters = [Outgoing(f"m{number}", group=f"{group}{number}" if group else "") for number in range(12)]
    made.runtime.queue.send(DEAD_LETTERS[queue], letters)
    answer = request(made, "POST", f"/api/v1/queues/{queue}/redrive")
    assert answer.status == 202
    assert (answer.body["status"], answer.body["moved"], answer.body["total"]) == ("done", 12, 12)
    assert made.runtime.queue.depth(queue).visible == 12
    again = request(made, "GET", f"/api/v1/operations/{answer.body['id']}")
    assert (again.status, again.body) == (200, answer.body)
    assert request(made, "POST", f"/api/v1/operations/{answer.body['id']}").body == answer.body
    assert request(made, "POST", f"/api/v1/queues/{queue}/redrive").body["moved"] == 0


def test_health(made: FakeInstallation) -> None:
    assert request(made, "GET", "/api/v1/health").body == {"status": "ok", "version": VERSION}


# Who did what


def test_every_write_is_audited(made: FakeInstallation) -> None:
    bob = "arn:aws:iam::123456789012:user/bob"
    apply(made, SOURCE)
    apply(made, SOURCE)  # changes nothing
    published = request(made, "POST", "/api/v1/events", EVENT, actor=bob).body["id"]
    request(made, "POST", "/api/v1/queues/bus/redrive")
    request(made, "DELETE", "/api/v1/objects/es/ns/hook", actor=bob)
    assert sorted(audit(made)) == sorted(
        [
            (ALICE, ["EventSource/ns/hook created"]),
            (bob, [f"Event/ns/hook/example published as {published}"]),
            (ALICE, ["Queue/bus redriven"]),
            (bob, ["EventSource/ns/hook deleted"]),
        ]
    )


@pytest.mark.parametrize(("method", "path"), [route for route in routes() if route[0] == "GET"])
def test_reading_is_not_audited(made: FakeInstallation, method: str, path: str) -> None:
    made.apply(SOURCE)
    request(made, method, path)
    assert audit(made) == []


# Errors


class Broken(FakeQueue):
    """Fails with what it is given."""

    problem: ArgosyError = Unavailable("not now")

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        raise self.problem

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (InvalidObject("told"), 400),
        (EvaluationError("told"), 400),
        (Denied("told"), 403),
        (NotFound("told"), 404),
        (AlreadyExists("told"), 409),
        (Conflict("told"), 409),
        (Unsupported("told"), 422),
        (Permanent("told"), 500),
        (Unavailable("told"), 503),
    ],
)
def test_an_error_has_its_status(problem: ArgosyError, status: int) -> None:
    clock = FakeClock()
    queue = Broken(AWS_QUEUES, clock)
    queue.problem = problem
    made = FakeInstallation(clock=clock, queue=queue)
    made.apply(SOURCE)
    answer = request(made, "POST", "/api/v1/events", EVENT)
    assert (answer.status, answer.error) == (status, "told")
    assert answer.body["error"]["type"] == type(problem).__name__


def test_a_redrive_that_fails_says_why() -> None:
    clock = FakeClock()
    made = FakeInstallation(clock=clock, queue=Broken(AWS_QUEUES, clock))
    answer = request(made, "POST", "/api/v1/queues/bus/redrive")
    assert (answer.status, answer.body["status"]) == (202, "failed")
    assert answer.body["error"]["message"] == "not now"


# The document


def test_the_committed_document_is_fresh() -> None:
    written = (ROOT / "docs" / "reference" / "openapi.json").read_text()
    how = "run: .venv/bin/python -m argosy.api.openapi > docs/reference/openapi.json"
    assert written == schema(), f"docs/reference/openapi.json is not fresh; {how}"


def test_every_route_says_what_it_answers() -> None:
    document = json.loads(schema())
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert {"400", "401", "403", "503"} <= operation["responses"].keys()
            for status, response in operation["responses"].items():
                assert response["content"]["application/json"]["schema"], status
