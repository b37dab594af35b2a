"""Where credentials go: to the address that they are for, never in the clear over a network."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from argosy.cli.client.remote import Remote
from argosy.cli.client.transport import Transport, bearer
from argosy.errors import (
    ArgosyError,
    Denied,
    InvalidObject,
    NotFound,
    Permanent,
    Unauthenticated,
    Unavailable,
)


class Server:
    """Gives the answers of `answers` in turn and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        noted = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                noted.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                status, headers, body = noted.answers.pop(0)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *_: object) -> None:  # http.server's name
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def other() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def remote(server: Server) -> Remote:
    return Remote(Transport(server.url, bearer(server.url, "secret")))


LISTED = {"items": [], "next": "", "version": "1"}


def test_a_token_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """And to this machine never through a proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers = [(200, {}, LISTED)]
    assert remote(server).listing("Sensor", "ns").version == "1"
    ((method, path, headers),) = server.asked
    assert (method, path) == ("GET", "/api/v1/objects/Sensor?limit=500&namespace=ns")
    assert headers["authorization"] == "Bearer secret"
    assert "cookie" not in headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_takes_it_along(server: Server, other: Server, status: int) -> None:
    server.answers = [(status, {"Location": other.url}, {})]
    with pytest.raises(Permanent, match=str(status)):
        remote(server).listing("Sensor", "ns")
    assert other.asked == []


def test_an_answer_that_lies_elsewhere_is_fetched_without_it(server: Server, other: Server) -> None:
    server.answers = [(303, {"Location": f"{other.url}/large"}, {})]
    other.answers = [(200, {}, LISTED)]
    assert remote(server).listing("Sensor", "ns").version == "1"
    ((_, path, headers),) = other.asked
    assert (path, headers.get("authorization")) == ("/large", None)


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (401, {"error": {"type": "Unauthenticated", "message": "told"}}, Unauthenticated, "^told$"),
        (404, {"error": {"type": "NotFound", "message": "told"}}, NotFound, "^told$"),
        (503, {"error": {"type": "Unavailable", "message": "told"}}, Unavailable, "^told$"),
        (500, {"error": {"type": "New", "message": "told"}}, Permanent, "^told$"),
        (403, {"message": "Missing Authentication Token"}, Denied, "403: Missing Authentication Token; may these"),
        (401, {}, Unauthenticated, "401"),
        (404, b"nothing is served here", NotFound, "is this the address of an API"),
        (413, b"too large", InvalidObject, "fewer files"),
        (429, {"message": "Limit Exceeded"}, Unavailable, "Limit Exceeded"),
        (502, {"message": "Internal server error"}, Unavailable, "502: Internal server error"),
        (400, [], Permanent, "400"),
        (200, b"<html>", Unavailable, "not as an API of Argosy"),
    ],
)
def test_what_goes_wrong(server: Server, status: int, body: Any, error: type[ArgosyError], told: str) -> None:
    server.answers = [(status, {}, body)]
    with pytest.raises(error, match=told) as caught:
        remote(server).listing("Sensor", "ns")
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


def test_nobody_is_there(server: Server) -> None:
    server.stop()
    with pytest.raises(Unavailable, match="nobody listens there"):
        remote(server).queues()


@pytest.mark.parametrize("url", ["http://example.com", "http://10.0.0.1:8080", "http://localhost.example.com"])
def test_a_token_is_not_sent_in_the_clear(url: str) -> None:
    with pytest.raises(InvalidObject, match="use https://"):
        bearer(url, "secret")


@pytest.mark.parametrize("url", ["https://example.com", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"])
def test_where_a_token_may_be_sent(url: str) -> None:
    assert bearer(url, "secret")("GET", url, {}, b"") == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http://", "http://x:y", "https://a b", "https://é", "file:///x"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InvalidObject, match="no address"):
        bearer(url, "secret")


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(InvalidObject, match="holds a password") as caught:
        Transport("https://user:secret@example.com", lambda *_: {})
    assert "secret" not in str(caught.value)
