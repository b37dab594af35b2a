"""One `argosy up` with everything that this version serves: real requests in, real requests out."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.events import Body, dependency, event_source, sensor, trigger
from support.hooks import signature
from support.processes import DEADLINE
from support.up import Answer, Sink, Up, ask, free_port, post, running, sink, until

pytestmark = pytest.mark.xdist_group("e2e-serving")  # one instance for the whole file

LIMIT = 2000
LARGE = 400_000


@dataclass(frozen=True)
class Served:
    """The instance, its sink and the ports of its event sources."""

    up: Up
    sink: Sink
    port: int
    other: int


def hook(port: int, endpoint: str, **fields: object) -> Body:
    return {"endpoint": endpoint, "port": str(port), "method": "POST", **fields}


def github(port: int) -> Body:
    """An entry whose deliveries are signed."""
    secret = {"name": "token", "key": "value"}
    repositories = [{"owner": "o", "names": ["r"]}]
    return {"webhook": hook(port, "/push"), "repositories": repositories, "events": ["push"], "webhookSecret": secret}


def value(name: str, key: str) -> Body:
    return {"src": {"dependencyName": name, "dataKey": key, "useRawData": True}, "dest": key.rpartition(".")[2]}


def objects(port: int, other: int, target: Sink) -> list[Body]:
    message = {"data": [{"path": "body.message", "type": "string", "value": ["hello"]}]}
    shared = {"shared": hook(port, "/shared")}
    entries = {
        "example": hook(port, "/example"),
        "secured": hook(port, "/secured", authSecret={"name": "token", "key": "value"}),
        "small": hook(port, "/small", maxPayloadSize=LIMIT),
        "large": hook(port, "/large"),
        "filtered": hook(port, "/filtered", filter={"expression": "body.n > 5"}),
        "asked": hook(port, "/asked", method="GET"),
        "logged": hook(port, "/logged"),
        "left": hook(port, "/left"),
        "right": hook(other, "/right"),
    }

    def http(path: str, *values: Body) -> Body:
        return {"url": target.url(path), "payload": list(values)}

    return [
        event_source({"webhook": entries}, name="webhook", namespace="argo-events"),
        event_source({"webhook": shared}, name="neighbour", namespace="argo-events"),
        event_source({"github": {"push": github(port)}}, name="github", namespace="argo-events"),
        event_source({"calendar": {"second": {"interval": "1s"}}}, name="calendar", namespace="argo-events"),
        sensor(
            [
                trigger("example", conditions="example", http=http("example", value("example", "body.id"))),
                trigger("rest", conditions="rest", http=http("rest", value("rest", "body.id"))),
                trigger("large", conditions="large", http=http("large", value("large", "body.text"))),
                trigger("filtered", conditions="filtered", http=http("filtered", value("filtered", "body.n"))),
                trigger("asked", conditions="asked", http=http("asked", value("asked", "body"))),
                trigger("github", conditions="github", http=http("github", value("github", "body.ref"))),
                trigger("logged", conditions="logged", log={}),
                trigger("calendar", conditions="calendar", http=http("calendar", value("calendar", "eventTime"))),
                trigger(
                    "join",
                    conditions="left && right",
                    http=http("join", value("left", "body.a"), value("right", "body.b")),
                ),
            ],
            [
                dependency("example", source="webhook", filters=message),
                dependency("rest", source="neighbour", subject="shared"),
                dependency("github", source="github", subject="push"),
                dependency("calendar", source="calendar", subject="second"),
                *(
                    dependency(name, source="webhook", subject=name)
                    for name in "large filtered asked logged left right".split()
                ),
            ],
            name="all",
            namespace="argo-events",
        ),
    ]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("serving")
    secret = folder / "data" / "secrets" / "argo-events" / "token" / "value"
    secret.parent.mkdir(parents=True)
    secret.write_text("s3cret\n")
    port, other = free_port(), free_port()
    with sink() as target, running(folder / "data", *objects(port, other, target)) as up:
        yield Served(up, target, port, other)
        assert up.stop() == 0
        assert "s3cret" not in up.output


# In and out


def test_a_matching_event_reaches_the_sink_once(served: Served) -> None:
    answer = post(served.port, "/example", {"message": "hello", "id": "once"})
    assert (answer.status, answer.body) == (200, "success")
    assert len(answer.headers["x-argosy-event-id"]) == 32
    until(lambda: {"id": "once"} in served.sink.bodies("example"), "the event is delivered")
    served.up.idle()
    (received,) = [one for one in served.sink.at("example") if one.body == {"id": "once"}]
    assert len(received.key) == 32


def test_what_does_not_match_reaches_nothing(served: Served) -> None:
    for body in ({"message": "bye", "id": "no"}, {"id": "no"}, ["hello"], None):
        assert post(served.port, "/example", body).status == 200
    assert post(served.port, "/example", {"message": "hello", "id": "marker"}).status == 200
    until(lambda: {"id": "marker"} in served.sink.bodies("example"), "the marker is delivered")
    served.up.idle()
    assert {"id": "no"} not in served.sink.bodies("example")


def test_a_join_fires_when_both_are_there(served: Served) -> None:
    assert post(served.port, "/left", {"a": 1}).status == 200
    assert post(served.port, "/left", {"a": 2}).status == 200
    served.up.idle()
    assert served.sink.at("join") == []
    assert post(served.other, "/right", {"b": 3}).status == 200
    (received,) = served.sink.wait("join")
    assert received.body == {"a": 2, "b": 3}


def test_a_log_trigger_prints_the_event(served: Served) -> None:
    post(served.port, "/logged", {"text": "in the log é"})
    line = json.loads(served.up.says("in the log é"))
    assert (line["sensor"], line["trigger"], line["dependencyName"]) == ("all", "logged", "logged")
    assert line["data"]["body"] == {"text": "in the log é"}
    assert line["context"]["source"] == "webhook"


def test_a_calendar_fires_every_second(served: Served) -> None:
    received = served.sink.wait("calendar", 3)
    times = [one.body["eventTime"] for one in received]
    assert len(set(times)) == len(times)
    assert len({one.key for one in received}) == len(received)


def test_a_large_event(served: Served) -> None:
    assert post(served.port, "/large", {"text": "x" * LARGE}).status == 200
    (received,) = served.sink.wait("large")
    assert received.body == {"text": "x" * LARGE}


def test_the_filter_of_an_event_source(served: Served) -> None:
    for number in (4, 6):
        assert post(served.port, "/filtered", {"n": number}).status == 200
    served.sink.wait("filtered")
    served.up.idle()
    assert served.sink.bodies("filtered") == [{"n": 6}]


def test_a_query(served: Served) -> None:
    assert ask(served.port, "/asked?a=1&a=2&b=x%20y", method="GET").status == 200
    (received,) = served.sink.wait("asked")
    assert received.body == {"body": {"a": ["1", "2"], "b": ["x y"]}}


def test_a_signed_delivery_of_github(served: Served) -> None:
    body = json.dumps({"ref": "refs/heads/main"})

    def deliver(text: str) -> Answer:
        signed = {"x-github-event": "push", "x-hub-signature-256": f"sha256={signature(body)}"}
        return ask(served.port, "/push", text, content_type="application/json", **signed)

    until(lambda: deliver(body).status == 200, "the secret is read and the delivery taken")
    assert deliver(body.replace("main", "evil")).status == 401
    served.sink.wait("github")
    served.up.idle()
    assert {one["ref"] for one in served.sink.bodies("github")} == {"refs/heads/main"}


# Where it is served


def test_two_event_sources_share_a_port(served: Served) -> None:
    assert post(served.port, "/shared", {"id": "from the neighbour"}).status == 200
    until(lambda: {"id": "from the neighbour"} in served.sink.bodies("rest"), "the event is delivered")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hooks/argo-events/webhook/example", 200),
        ("/hooks/argo-events/neighbour/shared", 200),
        ("/hooks/argo-events/neighbour/example", 404),
        ("/hooks/argo-events/nothing/example", 404),
        ("/hooks/other/webhook/example", 404),
        ("/hooks/argo-events/webhook", 404),
        ("/hooks/argo-events/calendar/second", 404),
        ("/hooks", 404),
        ("/example", 404),
        ("/", 404),
    ],
)
def test_every_event_source_is_served_on_the_api_port(served: Served, path: str, status: int) -> None:
    assert post(served.up.api, path, {"message": "bye"}).status == status


def test_an_event_through_the_api_port(served: Served) -> None:
    post(served.up.api, "/hooks/argo-events/webhook/example", {"message": "hello", "id": "api"})
    until(lambda: {"id": "api"} in served.sink.bodies("example"), "the event is delivered")


@pytest.mark.parametrize(
    "path", ["/right", "/nothing", "/example/", "//example", "/Example", "/hooks/argo-events/webhook/example"]
)
def test_a_port_serves_its_own_endpoints_only(served: Served, path: str) -> None:
    assert post(served.port, path, {}).status == 404


def test_health(served: Served) -> None:
    assert ask(served.port, "/health", method="GET").status == 200
    assert ask(served.other, "/health", method="GET").status == 200


# Refusals


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method(served: Served, method: str) -> None:
    answer = ask(served.port, "/example", None if method == "GET" else "{}", method)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("Bearer wrong", 401), ("s3cret", 401), ("Bearer s3cret", 200)]
)
def test_the_token(served: Served, token: str | None, status: int) -> None:
    headers = {} if token is None else {"authorization": token}
    assert post(served.port, "/secured", {}, **headers).status == status


@pytest.mark.parametrize("body", ["", "nope", "{", b"\xff"])
def test_a_body_that_is_no_json(served: Served, body: str | bytes) -> None:
    assert ask(served.port, "/example", body).status == 400


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
@pytest.mark.parametrize("where", ["port", "api"])
def test_the_size_of_a_body(served: Served, size: int, status: int, where: str) -> None:
    port, path = (served.port, "/small") if where == "port" else (served.up.api, "/hooks/argo-events/webhook/small")
    assert ask(port, path, '"' + "x" * (size - 2) + '"').status == status


def test_a_large_body_is_refused_before_it_is_sent(served: Served) -> None:
    head = f"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    assert raw(served.port, head.encode()).startswith("HTTP/1.1 413 ")


def test_a_large_body_is_not_asked_for(served: Served) -> None:
    head = f"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\nExpect: 100-continue\r\n\r\n"
    assert raw(served.port, head.encode()).startswith("HTTP/1.1 413 ")


def test_a_chunked_body_is_counted(served: Served) -> None:
    head = b"POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (LIMIT // 2, b"1" * (LIMIT // 2))
    assert raw(served.port, head + chunk * 3).startswith("HTTP/1.1 413 "), "the end of the body was never sent"
    assert raw(served.port, head + chunk * 2 + b"0\r\n\r\n").startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "text", [b"nonsense\r\n\r\n", b"POST /example\r\n\r\n", b"\x16\x03\x01\x00\x00", b"GET / HTTP/1.1\r\n: x\r\n\r\n"]
)
def test_what_is_no_http(served: Served, text: bytes) -> None:
    assert raw(served.port, text).startswith("HTTP/1.1 400 ")
    assert post(served.port, "/example", {}).status == 200


def test_endless_headers(served: Served) -> None:
    lines = b"".join(b"X-%d: %b\r\n" % (number, b"y" * 1000) for number in range(200))
    answer = raw(served.port, b"POST /example HTTP/1.1\r\nHost: x\r\n" + lines)
    assert answer[:12] in ("HTTP/1.1 431", "HTTP/1.1 400", ""), answer
    assert post(served.port, "/example", {}).status == 200


def raw(port: int, data: bytes) -> str:
    """Send bytes and give what comes back until the other side closes or has answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        received = b""
        try:
            connection.sendall(data)
            while b"\r\n\r\n" not in received and (more := connection.recv(65536)):
                received += more
        except ConnectionError:
            pass
        return received.decode("latin-1")


# Connections


def test_a_connection_carries_many_requests(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=DEADLINE)
    try:
        for number in range(20):
            method, path = ("POST", "/example") if number % 2 else ("PUT", "/nothing")
            connection.request(method, path, "{}")
            response = connection.getresponse()
            response.read()
            assert response.status == (200 if number % 2 else 404)
    finally:
        connection.close()


def test_requests_sent_together_are_answered_in_order(served: Served) -> None:
    request = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    paths = [b"/example", b"/nothing", b"/secured", b"/example"]
    with socket.create_connection(("127.0.0.1", served.port), timeout=DEADLINE) as connection:
        connection.sendall(b"".join(request % path for path in paths))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while received.count(b"HTTP/1.1 ") < len(paths) and (more := connection.recv(65536)):
            received += more
    assert [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]] == [200, 404, 401, 200]


def test_a_body_that_is_asked_for(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=DEADLINE) as connection:
        connection.sendall(b"POST /example HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        assert received == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_poison_event_stops_nothing_else(served: Served) -> None:
    expected = {
        "[" * 300 + "]" * 300: 200,
        "[" * 10_000 + "]" * 10_000: 200,
        "[" * 10_001 + "]" * 10_001: 400,  # deeper than Go's decoder goes
        '{"message": "hello\\ud800", "id": 1e999}': 200,
        '{"id": "\\u0000"}': 200,
    }
    answers: list[Answer] = [ask(served.port, "/example", body) for body in expected]
    assert [answer.status for answer in answers] == list(expected.values())
    post(served.port, "/example", {"message": "hello", "id": "after the poison"})
    until(lambda: {"id": "after the poison"} in served.sink.bodies("example"), "the event is delivered")
    served.up.idle()
    assert "Traceback" not in served.up.output


def test_status_of_the_sensor(served: Served) -> None:
    post(served.port, "/example", {"message": "hello", "id": "counted"})
    until(
        lambda: (
            served.up.get("sensor", "all", "-n", "argo-events")["status"]["triggers"].get("example", {}).get("fired")
        ),
        "the firing is counted",
    )
    body = served.up.get("es", "calendar", "-n", "argo-events")
    assert body["status"]["calendar"]["second"]["next"].endswith("Z")
