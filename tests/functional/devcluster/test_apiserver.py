"""The supervisor's client of its API server, on a server that is busy."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from argosy.errors import Unavailable
from argosy.local.devcluster.apiserver import Api
from support.brokers.base import TLS

BROKEN_OFF = 0


@contextmanager
def answering(statuses: list[int]) -> Iterator[Api]:
    """An API server that gives these answers, one after the other."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if (status := statuses.pop(0)) == BROKEN_OFF:
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"kind":"Status"}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Api(server.server_address[1], "token", TLS / "cert.pem")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("statuses", "expected", "pauses"),
    [
        ([201], 201, 0),
        ([409], 409, 0),
        ([403], 403, 0),
        ([BROKEN_OFF, 429, 500, 503, 201], 201, 4),
    ],
)
def test_a_busy_server_is_asked_again(statuses: list[int], expected: int, pauses: int) -> None:
    waited: list[None] = []
    with answering(statuses) as api:
        assert api.insist("POST", "/x", {}, lambda: waited.append(None)) == (expected, {"kind": "Status"})
    assert len(waited) == pauses


def test_not_for_ever() -> None:
    def enough() -> None:
        raise Unavailable("enough")

    with answering([503, 201]) as api, pytest.raises(Unavailable, match="enough"):
        api.insist("POST", "/x", {}, enough)
