"""Requests on kept connections, against a server that answers with the bytes that a test gives it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from argosy.adapters.kube.connection import Call, Door
from argosy.adapters.kube.wire import Wire
from argosy.errors import Unavailable
from argosy.ports.cluster import ServiceAccount

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Which: 1\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n{}"
CONTINUED = b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + WHOLE


class Server:
    """Gives each request the next of its answers; None: closes instead. `closes`: afterwards, without having said so."""

    def __init__(self) -> None:
        self.answers: list[bytes | None] = []
        self.requests: list[tuple[int, bytes]] = []
        self.closes = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._closed = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self._serve, args=(number, taken), daemon=True).start()

    def _serve(self, number: int, taken: socket.socket) -> None:
        with taken:
            while request := self._request(taken):
                self.requests.append((number, request))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                for place in range(0, len(answer), 7):  # in pieces, as a network may bring them
                    taken.sendall(answer[place : place + 7])
                if self.closes or answer in (LAST, ENDLESS):
                    break
        self._closed.release()

    def wait_closed(self) -> None:
        """Until a connection has been closed by the server."""
        assert self._closed.acquire(timeout=10)

    def _request(self, taken: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = taken.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(lines.get(b"content-length", 0)):
            body += taken.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        """Take no more."""
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def wire_to(server: Server, prefix: str = "") -> Wire:
    return Wire(Door(f"http://127.0.0.1:{server.port}{prefix}", None, lambda: "", lambda _: None))


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    made = wire_to(server)
    yield made
    made.close()


def get(wire: Wire, path: str = "/x", **more: Any) -> Any:
    answer = wire.send(Call("GET", path, **more), "subject", "Bearer t")
    return json.loads(answer.body)


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED, LAST, ENDLESS, CONTINUED], ids=lambda one: one[:40].decode())
def test_answers_are_read_whole(wire: Wire, server: Server, answer: bytes) -> None:
    server.answers = [answer, WHOLE]
    assert get(wire) == {}
    found = wire.send(Call("GET", "/x"), "subject", "")
    assert (found.status, found.body, found.headers["x-which"]) == (200, b"{}", "1")
    assert "x-early" not in found.headers


@pytest.mark.parametrize(("answer", "connections"), [(WHOLE, [1, 1]), (CHUNKED, [1, 1]), (LAST, [1, 2])])
def test_a_connection_is_kept_while_its_server_keeps_it(
    wire: Wire, server: Server, answer: bytes, connections: list[int]
) -> None:
    server.answers = [answer, WHOLE]
    get(wire)
    get(wire)
    assert [number for number, _ in server.requests] == connections


def test_a_connection_that_was_closed_meanwhile_is_not_used_again(wire: Wire, server: Server) -> None:
    server.answers, server.closes = [WHOLE, WHOLE], True
    get(wire)
    server.wait_closed()
    get(wire)
    assert [number for number, _ in server.requests] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        CHUNKED[:-5],
        b"SSH-2.0\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_none_and_nothing_is_sent_twice(
    wire: Wire, server: Server, answer: bytes | None
) -> None:
    server.answers, server.closes = [answer, WHOLE], True
    with pytest.raises(Unavailable, match="subject: no answer from http://127"):
        get(wire)
    assert len(server.requests) == 1
    assert get(wire) == {}


def test_what_is_sent(server: Server) -> None:
    server.answers = [WHOLE]
    wire = wire_to(server, "/k8s/clusters/c-1/")
    account = ServiceAccount("n", "runner")
    call = Call(
        "PATCH", "/api/v1/x y", {"a": "b c&d"}, {"n": 2**70, "ü": 1}, "application/merge-patch+json", user=account
    )
    wire.send(call, "subject", "Bearer t")
    wire.close()
    head, _, body = server.requests[0][1].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "PATCH /k8s/clusters/c-1/api/v1/x%20y?a=b+c%26d HTTP/1.1",
        f"host: 127.0.0.1:{server.port}",
        "accept: application/json",
        "user-agent: argosy",
        "authorization: Bearer t",
        "impersonate-user: system:serviceaccount:n:runner",
        "content-type: application/merge-patch+json",
        f"content-length: {len(body)}",
    ]
    assert json.loads(body) == {"n": 2**70, "ü": 1}


def test_each_thread_has_a_connection_to_itself(wire: Wire, server: Server) -> None:
    server.answers = [WHOLE] * 64
    threads = [threading.Thread(target=lambda: [get(wire) for _ in range(4)]) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(server.requests) == 64


@pytest.mark.parametrize("host", ["https://", "cluster.example:443", "http://" + 64 * "x" + "."])
def test_an_address_that_is_none_leads_nowhere(host: str) -> None:
    wire = Wire(Door(host, None, lambda: "", lambda _: None))
    with pytest.raises(Unavailable, match="subject: no answer from"):
        wire.send(Call("GET", "/x"), "subject", "Bearer t")
