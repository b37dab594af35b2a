"""HTTP to names inside a cluster, against a real server that a cluster's DNS leads to: what is called, and what is not."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from argosy.adapters.http.inside import InsideHttp, service_of
from argosy.errors import Denied, Unavailable

LIMIT = 1_000_000


@dataclass
class Service:
    """The server behind every `.svc` name; `seen` is what it was asked: (method, path, host, body)."""

    port: int = 0
    seen: list[tuple[str, str, str, str]] = field(default_factory=list)

    def url(self, path: str = "", host: str = "web.team.svc") -> str:
        return f"http://{host}:{self.port}/{path}"


BODIES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/redirect": (302, {"Location": "http://169.254.169.254/latest"}, b""),
    "/teapot": (418, {"X-Kind": "pot"}, b"short"),
    "/full": (200, {}, b"x" * LIMIT),
    "/large": (200, {}, b"x" * (LIMIT + 1)),
    "/bomb": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 50 * LIMIT)),
    "/binary": (200, {}, b"\xff\xfe"),
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            made.seen.append((self.command, self.path, str(self.headers["Host"]), body))
            if self.path == "/broken":
                return
            status, headers, text = BODIES.get(self.path, (200, {}, b"fine"))
            self.send_response_only(status)
            for name, value in (headers | {"Content-Length": str(len(text))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # http.server's names

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Who does not read to the end breaks the connection."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    resolve = socket.getaddrinfo

    def dns(host: Any, *arguments: Any, **named: Any) -> Any:
        """A cluster's: `.svc` names lead to the server."""
        return resolve("127.0.0.1" if str(host).endswith((".svc", ".cluster.local")) else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", dns)
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def call(url: str, allowed: tuple[str, ...] = ("team",), hub: tuple[str, ...] = ("team",), **more: Any) -> Any:
    return InsideHttp(allowed).call({"url": url, **more}, hub)


@pytest.mark.parametrize("host", ["web.team.svc", "web.team.svc.cluster.local", "WEB.team.svc"])
def test_a_service_is_called(service: Service, host: str) -> None:
    answer = call(service.url("path?q=1", host), method="POST", headers={"X-A": "b"}, body="ü")
    assert (answer["status"], answer["body"]) == (200, "fine")
    ((method, path, told, body),) = service.seen
    assert (method, path, body) == ("POST", "/path?q=1", "ü")
    assert told == f"{host.lower()}:{service.port}"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("teapot", 418, "short"), ("redirect", 302, ""), ("full", 200, "x" * LIMIT), ("binary", 200, "\ufffd\ufffd")],
)
def test_answers(service: Service, path: str, status: int, body: str) -> None:
    answer = call(service.url(path))
    assert (answer["status"], answer["body"]) == (status, body)
    assert len(service.seen) == 1, "a redirect is the caller's to follow"


@pytest.mark.parametrize("path", ["large", "bomb"])
def test_answers_that_are_too_large(service: Service, path: str) -> None:
    with pytest.raises(Unavailable, match="larger than 1000000 bytes"):
        call(service.url(path))


def test_nobody_answers(service: Service) -> None:
    with pytest.raises(Unavailable, match=r"web\.team\.svc"):
        call(service.url("broken"))
    with pytest.raises(Unavailable, match=r"web\.team\.svc"):
        call("http://web.team.svc:1/")


@pytest.mark.parametrize(
    ("allowed", "hub", "whose"),
    [
        ((), ("team",), "this agent's --http-namespace does not name it"),
        (("team",), (), "the hub does not name it"),
        (("other",), ("*",), "this agent's"),
        (("*",), ("other",), "the hub"),
        ((), (), "this agent's"),
    ],
)
def test_other_namespaces(service: Service, allowed: tuple[str, ...], hub: tuple[str, ...], whose: str) -> None:
    with pytest.raises(Denied, match=f"services of namespace team are not to be called: {whose}"):
        call(service.url(), allowed, hub)
    assert service.seen == []


def test_all_namespaces(service: Service) -> None:
    assert call(service.url(), ("*",), ("*",))["status"] == 200


NO_SERVICES = [
    "",
    "web.team.svc",
    "http://127.0.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/",
    "http://[fd00:ec2::254]/",
    "http://2130706433/",
    "http://localhost/",
    "http://example.com/",
    "http://svc/",
    "http://web.svc/",
    "http://web.team.svc.example.com/",
    "http://web.team.svc.evil/",
    "http://pod.web.team.svc/",
    "http://web.team.pod/",
    "http://web.team.svc@example.com/",
    "http://user:secret@web.team.svc/",
    "http://example.com\\@web.team.svc/",
    "http://example.com#@web.team.svc/",
    "http://example.com?@web.team.svc/",
    "http://web.team.svc\t.example.com/",
    "http://web.team.svc\r\nX: y/",
    "http://web.team.svc:99999999/",
    "ftp://web.team.svc/",
    "file:///etc/passwd",
    "//web.team.svc/",
]


@pytest.mark.parametrize("url", NO_SERVICES)
def test_what_is_no_service_is_not_called(service: Service, url: str) -> None:
    with pytest.raises(Denied, match=r"names no service of this cluster: http://NAME\.NAMESPACE\.svc"):
        call(url, ("*",), ("*",))
    assert service.seen == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://a.b.svc", ("a", "b")),
        ("https://a.b.svc:8443/x?y#z", ("a", "b")),
        ("http://a.b.svc.cluster.local./", ("a", "b")),
        ("http://a.b.svc\\@example.com/", ("a", "b")),
    ],
)
def test_what_a_url_names(url: str, found: tuple[str, str]) -> None:
    """As the library that makes the call reads it."""
    assert service_of(url) == found
