"""functions/api with API Gateway events (REST API, payload v1, AWS_IAM): every route, every refusal, every audit row."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from argosy.api.app import app, schema
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
from argosy.services.queues import AWS_QUEUES, BUS, DEAD_LETTERS, RECONCILE_SOURCE
from argosy.version import VERSION
from support.events import GROUP_VERSION, event_source, sensor, trigger
from support.functions import ROOT, invoke, recorded
from support.services import FakeInstallation

ALICE = "arn:aws:sts::123456789012:assumed-role/Developer/alice"
HOOK = {
    "webhook": {"example": {"endpoint": "/example", "port": "12000"}},
    "template": {"serviceAccountName": "sa"},
    "eventBusName": "default",
}
SOURCE = event_source(HOOK)
EVENT = {"namespace": "ns", "source": "hook", "event": "example", "data": {"id": 7}}
BODIES: dict[str, Any] = {
    "/api/v1/objects": {"manifests": [SOURCE]},
    "/api/v1/events": EVENT,
}


class Answer:
    """What the function answered."""

    def __init__(self, answer: Any) -> None:
        self.status: int = answer["statusCode"]
        self.body = json.loads(answer["body"])
        self.kind = answer["multiValueHeaders"]["Content-Type"]

    @property
    def error(self) -> str:
        """Why not."""
        return str(self.body["error"])


def request(
    made: FakeInstallation,
    method: str,
    path: str,
    body: object = None,
    *,
    query: dict[str, str] | None = None,
    actor: str | None = ALICE,
    raw: str | bytes | None = None,
) -> Answer:
    event = recorded("api")
    event["path"], event["httpMethod"] = path, method
    event["pathParameters"] = {"proxy": path.removeprefix("/api/")}
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} if query else None
    event["requestContext"]["identity"]["userArn"] = actor
    text = raw if raw is not None else json.dumps(body) if body is not None else None
    if text is not None:  # every body is binary to this API
        data = text.encode() if isinstance(text, str) else text
        event["body"], event["isBase64Encoded"] = base64.b64encode(data).decode(), True
    return Answer(invoke("api", event, made))


def apply(made: FakeInstallation, *manifests: dict[str, Any], **more: Any) -> Answer:
    return request(made, "POST", "/api/v1/objects", {"manifests": list(manifests), **more})


def audit(made: FakeInstallation) -> list[tuple[str, list[str]]]:
    rows = made.runtime.store.query("audit/2026-01-01")
    assert all(row.expires_at for row in rows)
    return [(row.data["actor"], row.data["changed"]) for row in rows]


@pytest.fixture
def made() -> FakeInstallation:
    return FakeInstallation()


# Who asks


def routes() -> list[tuple[str, str]]:
    """Every route with an example in place of each part that varies."""
    found = [*app._static_routes, *app._dynamic_routes]
    examples = {"<kind>": "eventsources", "<namespace>": "ns", "<name>": "hook", "<queue>": "bus"}
    made = []
    for route in found:
        path = route.openapi_path.replace("{", "<").replace("}", ">")
        for name, example in examples.items():
            path = path.replace(name, example)
        made += [(method, path) for method in ([route.method] if isinstance(route.method, str) else route.method)]
    return sorted(made)


def test_there_are_routes() -> None:
    assert len(routes()) == 8
    assert not any("<" in path for _, path in routes()), "give an example of what varies"


@pytest.mark.parametrize(("method", "path"), routes())
@pytest.mark.parametrize("actor", [None, ""])
def test_what_is_not_signed_is_refused(made: FakeInstallation, method: str, path: str, actor: str | None) -> None:
    made.apply(SOURCE)
    answer = request(made, method, path, BODIES.get(path) if method == "POST" else None, actor=actor)
    assert answer.status == 403
    assert "not signed" in answer.error
    assert audit(made) == []
    assert made.events() == []
    assert made.runtime.objects.get("EventSource", "ns", "hook")


@pytest.mark.parametrize(("method", "path"), routes())
def test_what_is_signed_is_answered(made: FakeInstallation, method: str, path: str) -> None:
    made.apply(SOURCE)
    answer = request(made, method, path, BODIES.get(path) if method == "POST" else None)
    assert answer.status == 200
    assert answer.kind == ["application/json"]


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
        ({"manifests": [event_source({"kafka": {"a": {}}})]}, 422, "kafka"),
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
    assert answer.body["detail"][0]["loc"][-1] == "manifests"


def test_get(made: FakeInstallation) -> None:
    apply(made, SOURCE)
    for kind in ("es", "eventsources", "EventSource", "eventsources.argoproj.io"):
        answer = request(made, "GET", f"/api/v1/objects/{kind}/ns/hook")
        assert answer.status == 200
        assert answer.body["spec"] == HOOK
        assert {each["type"] for each in answer.body["status"]["conditions"]} == {"SourcesProvided", "Deployed"}


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
    assert request(made, method, path).status == 404


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
    assert request(made, "GET", "/api/v1/objects/sensors").body == {"items": [], "next": ""}


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


def test_queues(made: FakeInstallation) -> None:
    made.runtime.queue.send(BUS, [Outgoing("a"), Outgoing("b"), Outgoing("c", delay=60)])
    made.runtime.queue.receive(BUS, 1)
    items = {each.pop("name"): each for each in request(made, "GET", "/api/v1/queues").body["items"]}
    assert set(items) == {spec.name for spec in AWS_QUEUES if not spec.fifo}
    assert items[BUS] == {"visible": 1, "inFlight": 1, "delayed": 1}


@pytest.mark.parametrize("queue", sorted(DEAD_LETTERS))
def test_redrive(made: FakeInstallation, queue: str) -> None:
    made.runtime.queue.send(DEAD_LETTERS[queue], [Outgoing(f"m{number}") for number in range(12)])
    assert request(made, "POST", f"/api/v1/queues/{queue}/redrive").body == {"moved": 12}
    assert made.runtime.queue.depth(queue).visible == 12
    assert request(made, "POST", f"/api/v1/queues/{queue}/redrive").body == {"moved": 0}


def test_the_work_queue_has_no_redrive(made: FakeInstallation) -> None:
    """Its messages are wakes: `tick` sends again what was lost."""
    assert request(made, "POST", f"/api/v1/queues/{RECONCILE_SOURCE}/redrive").status == 404


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

    def redrive(self, queue: str) -> int:
        raise self.problem

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
@pytest.mark.parametrize(
    ("path", "body"), [("/api/v1/queues/bus/redrive", None), ("/api/v1/events", EVENT)], ids=["redrive", "publish"]
)
def test_an_error_has_its_status(problem: ArgosyError, status: int, path: str, body: object) -> None:
    clock = FakeClock()
    queue = Broken(AWS_QUEUES, clock)
    queue.problem = problem
    made = FakeInstallation(clock=clock, queue=queue)
    made.apply(SOURCE)
    answer = request(made, "POST", path, body)
    assert (answer.status, answer.error) == (status, "told")


# The document


def test_the_committed_document_is_fresh() -> None:
    written = (ROOT / "docs" / "reference" / "openapi.json").read_text()
    how = "run: .venv/bin/python -m argosy.api.openapi > docs/reference/openapi.json"
    assert written == schema(), f"docs/reference/openapi.json is not fresh; {how}"


def test_the_document_has_every_route() -> None:
    paths = json.loads(schema())["paths"]
    assert sum(len(methods) for methods in paths.values()) == len(routes())
    assert all(operation["summary"] for methods in paths.values() for operation in methods.values())
