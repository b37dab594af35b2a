"""Logs as they grow, from a server that writes them piece by piece."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from argosy.adapters.kube.connection import Door
from argosy.cli.apps.logs import Container, Part, follow
from argosy.errors import NotFound

PIECES = {"a": [b"one\ntw", b"o\n", b"\nlast"], "b": [b"other\n"]}
SHOP = [Container("web", "shop", "a"), Container("web", "shop", "b")]


@contextmanager
def server(paths: list[str]) -> Iterator[Door]:
    class Handler(BaseHTTPRequestHandler):
        """Answers with the pieces of a container."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            paths.append(self.path)
            pieces = PIECES.get(parse_qs(urlsplit(self.path).query)["container"][0])
            self.send_response(200 if pieces else 404)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in [*(pieces or []), b""]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    try:
        yield Door(f"http://127.0.0.1:{serving.server_port}", None, lambda: "", lambda _: None)
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


def test_every_line_of_every_container_until_they_end() -> None:
    lines: list[str] = []
    paths: list[str] = []
    with server(paths) as door:
        asyncio.run(follow(door, SHOP, Part(tail=5, since=60), lines.append))
    assert [one for one in lines if one != "other"] == ["one", "two", "", "last"]
    assert lines.count("other") == 1
    path, query = paths[0].split("?")
    assert path == "/api/v1/namespaces/web/pods/shop/log"
    assert {"follow=true", "tailLines=5", "sinceSeconds=60"} <= set(query.split("&"))


def test_a_container_that_is_not_there() -> None:
    with server([]) as door, pytest.raises(NotFound, match="Pod/web/shop"):
        asyncio.run(follow(door, [Container("web", "shop", "c")], Part(), print))
