"""Logs as they grow, from a server that writes them piece by piece."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from argosy.adapters.kube.connection import Door
from argosy.cli.apps.logs import Container, Part, follow, not_after
from argosy.errors import NotFound

PIECES = {
    "a": [b"one\ntw", b"o\n", b"\nlast"],
    "b": [b"other\n"],
    "stamped": [b"2026-05-04T12:30:00.000000001Z one\n", b"2026-05-04T12:30:02Z late\n"],
}
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


def test_no_line_after_a_time() -> None:
    lines: list[str] = []
    paths: list[str] = []
    until = datetime(2026, 5, 4, 12, 30, 1, tzinfo=UTC)
    with server(paths) as door:
        asyncio.run(follow(door, [Container("web", "shop", "stamped")], Part(until=until), lines.append))
    assert lines == ["one"]
    assert "timestamps=true" in paths[0]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2026-05-04T12:30:01Z at the time", "at the time"),
        ("2026-05-04T12:30:01.000001Z late", None),
        ("2026-05-04T14:30:01+02:00 elsewhere", "elsewhere"),
        ("2026-05-04T12:30:00Z ", ""),
        ("no time at all", "no time at all"),
    ],
)
def test_what_a_line_says_up_to_a_time(line: str, text: str | None) -> None:
    assert not_after(line, datetime(2026, 5, 4, 12, 30, 1, tzinfo=UTC)) == text


def test_a_container_that_is_not_there() -> None:
    with server([]) as door, pytest.raises(NotFound, match="Pod/web/shop"):
        asyncio.run(follow(door, [Container("web", "shop", "c")], Part(), print))
