"""`/api/v1` of a running `argosy up`, over real HTTP: whom it lets in, and commands when it is not as it should be."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.sqlite.store import SqliteStore
from argosy.api.app import schema
from argosy.local.token import local_actor
from argosy.ports.clock import SystemClock
from support.events import event_source
from support.up import Following, Up, argosy, ask, free_port, running, until, write

pytestmark = pytest.mark.xdist_group("e2e-api")  # one instance for the whole file

HOOK = {"webhook": {"example": {"endpoint": "/example", "port": str(free_port()), "method": "POST"}}}
BODY = json.dumps({"manifests": [event_source(HOOK, name="smuggled")]})


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("api") / "data", event_source(HOOK)) as found:
        yield found


@pytest.fixture
def token(up: Up) -> str:
    return (up.data / "token").read_text().strip()


def routes() -> list[tuple[str, str]]:
    examples = {"{kind}": "es", "{namespace}": "ns", "{name}": "hook", "{queue}": "bus", "{operation}": "0123"}
    examples |= {"{event}": "4567", "{sensor}": "s"}
    return [
        (method.upper(), "/".join(examples.get(part, part) for part in path.split("/")))
        for path, methods in json.loads(schema())["paths"].items()
        for method in methods
    ]


def names(up: Up) -> list[str]:
    return [each["metadata"]["name"] for each in up.get("all", "-A")["items"]]


@pytest.mark.parametrize(
    ("method", "path"), [*routes(), ("GET", "/api"), ("GET", "/api/v2/x"), ("PUT", "/api/v1/objects")]
)
@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic dXNlcjpwYXNz"])
def test_nobody_gets_in_without_the_token(up: Up, method: str, path: str, given: str) -> None:
    headers = {"authorization": given} if given else {}
    answer = ask(up.api, path, BODY, method, content_type="application/json", **headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="argosy"'
    assert json.loads(answer.body)["error"]["type"] == "Unauthenticated"
    assert names(up) == ["hook"]


def test_a_page_in_a_browser_gets_nothing(up: Up) -> None:
    """Neither by a name that leads here (DNS rebinding), nor by asking first (CORS), nor with what it may send unasked."""
    origin = {"host": "evil.example", "origin": "http://evil.example", "cookie": "token=x"}
    asked = ask(up.api, "/api/v1/objects", None, "OPTIONS", access_control_request_method="POST", **origin)
    sent = ask(up.api, "/api/v1/objects", BODY, "POST", content_type="text/plain", **origin)
    read = ask(up.api, "/api/v1/objects/es", None, "GET", **origin)
    assert [each.status for each in (asked, sent, read)] == [401, 401, 401]
    assert not any(name.startswith("access-control") for each in (asked, sent, read) for name in each.headers)


def test_with_the_token(up: Up, token: str) -> None:
    answer = ask(up.api, "/api/v1/health", None, "GET", authorization=f"Bearer {token}")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"
    assert ask(up.api, "/api/v1/nothing", None, "GET", authorization=f"Bearer {token}").status == 404
    form = ask(up.api, "/api/v1/objects", BODY, "POST", authorization=f"Bearer {token}", content_type="text/plain")
    assert form.status == 415


def test_a_body_that_is_too_large_is_not_read(up: Up, token: str) -> None:
    with socket.create_connection(("127.0.0.1", up.api), timeout=30) as connection:
        head = f"POST /api/v1/objects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        connection.sendall(f"{head}Content-Length: {6 * 1024 * 1024 + 1}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_watch_keeps_no_webhook_waiting(up: Up, token: str) -> None:
    version = json.loads(ask(up.api, "/api/v1/objects/es", None, "GET", authorization=f"Bearer {token}").body)[
        "version"
    ]
    path = f"/api/v1/objects/es?watch=true&since={version}&timeout=20"
    with socket.create_connection(("127.0.0.1", up.api), timeout=60) as waiting:
        waiting.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert ask(up.api, "/hooks/ns/hook/example", "{}").status == 200
        manifest = json.dumps(event_source(HOOK, name="later"))
        assert argosy("apply", "-f", "-", data=up.data, stdin=manifest).code == 0
        assert b'"later"' in waiting.recv(65536)
    argosy("delete", "es", "later", "-n", "ns", data=up.data)


def test_who_did_it_stands_in_the_audit(tmp_path: Path) -> None:
    """The same by the API and without it: the account that the data directory belongs to."""
    data = tmp_path / "data"
    path = write(tmp_path / "m.yaml", event_source(HOOK))
    argosy("apply", "-f", path, data=data)
    with running(data):
        argosy("delete", "-f", path, data=data)
    store = SqliteStore(data / "store.db", SystemClock())
    rows = [row.data for row in store.query(f"audit/{SystemClock().now():%Y-%m-%d}")]
    store.close()
    assert [(row["actor"], row["changed"]) for row in rows] == [
        (local_actor(), ["EventSource/ns/hook created"]),
        (local_actor(), ["EventSource/ns/hook deleted"]),
    ]


def test_the_instance_ends_while_somebody_waits(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, event_source(HOOK)) as up:
        token = (data / "token").read_text().strip()
        listed = json.loads(ask(up.api, "/api/v1/objects/es", None, "GET", authorization=f"Bearer {token}").body)
        path = f"/api/v1/objects/es?watch=true&since={listed['version']}"
        with socket.create_connection(("127.0.0.1", up.api), timeout=60) as waiting:
            waiting.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            up.process.send_signal(signal.SIGTERM)
            assert waiting.recv(65536).startswith(b"HTTP/1.1 200")
        assert up.ends() == 0


# Commands and an instance that is not as it should be


def test_an_instance_that_died(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, event_source(HOOK)) as up:
        up.kill()
        assert argosy("get", "es", "-n", "ns", "-o", "name", data=data).out == "eventsource.argoproj.io/hook\n"


def test_an_instance_without_its_port(tmp_path: Path) -> None:
    """Another program has the API port, and is not sent the token: the data directory does."""
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = Up(data, api=taken.getsockname()[1])
        try:
            up.says("cannot be opened")
            up.ready()
            assert argosy("apply", "-f", write(tmp_path / "m.yaml", event_source(HOOK)), data=data).code == 0
            assert argosy("get", "es", "-n", "ns", "-o", "name", data=data).out == "eventsource.argoproj.io/hook\n"
        finally:
            up.kill()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.unlink(), "token file {path} not found, though `argosy up` runs there"),
        (lambda path: path.chmod(0o644), "token file {path} is open to others (mode 644); chmod 600"),
        (lambda path: path.write_text("x" * 43), "the token is wrong"),
        (lambda path: path.write_text(""), "token file {path} holds no token"),
    ],
)
def test_a_token_file_that_is_not_as_it_should_be(tmp_path: Path, change: Any, told: str) -> None:
    data = tmp_path / "data"
    with running(data):
        change(data / "token")
        result = argosy("get", "es", data=data)
    assert (result.code, result.out) == (1, "")
    assert told.format(path=data / "token") in result.err


def test_a_port_on_every_address(tmp_path: Path) -> None:
    """Commands of this machine find the API all the same; whom else it answers: functional/local/test_apidoor."""
    data, port = tmp_path / "data", free_port()
    with running(data, event_source(HOOK), arguments=["--api", f"0.0.0.0:{port}"]):
        assert argosy("get", "es", "-n", "ns", "-o", "name", data=data).code == 0
        assert f"127.0.0.1:{port}" in (data / "instance").read_text()


# Functions by hand


def test_a_function_is_invoked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    source = event_source({"webhook": {"example": HOOK["webhook"]["example"]}}, name="webhook", namespace="argo-events")
    argosy("apply", "-f", write(tmp_path / "m.yaml", source), data=data)
    event = Path(__file__).parents[3] / "events" / "webhook.json"
    result = argosy("invoke", "webhook", "-e", event, data=data)
    assert result.json()["statusCode"] == 200
    queues = {
        each["name"]: each["visible"] for each in argosy("get", "queues", "-o", "json", data=data).json()["items"]
    }
    assert queues["bus"] == 1
    again = argosy("invoke", "webhook", "--event", "-", data=data, stdin=event.read_text())
    assert again.json()["body"] == "success"
    with running(data) as up:
        up.idle()


def test_logs_go_elsewhere_than_answers(tmp_path: Path) -> None:
    event = Path(__file__).parents[3] / "events" / "sqs.json"
    result = argosy("invoke", "sqs", "-e", event, data=tmp_path / "data")
    assert len(result.json()["batchItemFailures"]) == 1
    assert "no event source names the queue" in result.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["nothing", "-e", "-"], "{}", "no function nothing; there are agent_inbox, api, "),
        (["tick", "-e", "nothing.json"], "", "event file nothing.json cannot be read"),
        (["tick", "-e", "-"], "{", "standard input: not JSON"),
        (["tick", "-e", "-"], "[]", "standard input: an event is a JSON object"),
        (
            ["sensor", "-e", "-"],
            "{}",
            "function sensor failed on this event: KeyError: 'Records'; see events/sensor.json",
        ),
        (["tick", "-e", "-", "--stack", "s"], "{}", "functions are invoked on this machine, and this is for stack s"),
    ],
)
def test_what_cannot_be_invoked(tmp_path: Path, arguments: list[str], stdin: str, told: str) -> None:
    result = argosy("invoke", *arguments, data=tmp_path / "data", stdin=stdin)
    assert (result.code, result.out) == (1, "")
    assert told in result.err


# Contexts


def test_contexts_are_remembered(up: Up, tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    where = ["--server", f"http://127.0.0.1:{up.api}", "--token-file", up.data / "token"]
    assert argosy("context", "current", env=home).out == "local\n"
    assert argosy("context", "add", "lab", *where, env=home).code == 0
    assert (
        argosy("get", "es", "-n", "ns", "-o", "name", "--context", "lab", env=home).out
        == "eventsource.argoproj.io/hook\n"
    )
    assert argosy("context", "use", "lab", env=home).code == 0
    assert argosy("get", "es", "-n", "ns", "-o", "name", env=home).out == "eventsource.argoproj.io/hook\n"
    listed = argosy("context", "list", "-o", "json", env=home).json()["items"]
    assert [(each["name"], each["current"]) for each in listed] == [("lab", True), ("local", False)]
    assert (up.data / "token").read_text().strip() not in (tmp_path / "argosy" / "config.yaml").read_text()
    assert argosy("context", "delete", "lab", env=home).out == "context lab forgotten; local is current\n"
    assert "no context lab" in argosy("get", "es", "--context", "lab", env=home).err
    assert "say what x is" in argosy("context", "add", "x", env=home).err


def test_a_server_that_dies_ends_a_watch(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, event_source(HOOK)) as up, Following("get", "es", "-n", "ns", "-w", data=data) as watching:
        until(lambda: len(watching.lines) == 2, "the list")
        up.kill()
        assert watching.ends() == 1
