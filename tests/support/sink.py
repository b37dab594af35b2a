"""An HTTP server that keeps what it is sent, for triggers to reach."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Sink", "running_sink"]

PATIENCE = 90.0


class Sink:
    """Requests by path: `take` waits for the next one of a path, `seen` are all of them so far."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._arrived: dict[str, queue.Queue[Any]] = {}
        self._seen: dict[str, list[Any]] = {}
        self._mutex = threading.Lock()

    def add(self, path: str, body: Any) -> None:
        """A request has come."""
        with self._mutex:
            self._seen.setdefault(path, []).append(body)
            waiting = self._arrived.setdefault(path, queue.Queue())
        waiting.put(body)

    def take(self, path: str) -> Any:
        """The body of the next request to `path`; fails when none comes."""
        with self._mutex:
            waiting = self._arrived.setdefault(path, queue.Queue())
        try:
            return waiting.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"nothing came to {path} within {PATIENCE:.0f} s; so far: {self._seen}") from None

    def seen(self, path: str) -> list[Any]:
        """Bodies of all requests to `path`."""
        with self._mutex:
            return list(self._seen.get(path, ()))


@contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.add(self.path, json.loads(data) if data else None)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink = Sink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
