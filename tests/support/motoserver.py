"""A moto server that loses nothing when several processes use it at once.

moto has no locks of its own: a message that is sent while another is deleted can be gone. Requests are let in one by one,
and a long poll waits outside, as SQS's does: it looks again when anything was asked for and when what was hidden may have
come back, until there is something, its time is over, or nobody is there any more who could be given a message.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from support.processes import environment

__all__ = ["moto_process", "moto_server"]

_LOOK = 0.05
"""Seconds after which what is delayed or in flight is looked for again."""

type Environ = dict[str, Any]
type Started = tuple[str, list[tuple[str, str]]]


class _OneByOne:
    """A WSGI application before moto's."""

    def __init__(self) -> None:
        self._inner = DomainDispatcherApplication(create_backend_app)
        self._asked = threading.Condition()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        polls = environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage"
        until = 0.0
        if polls:
            asked = json.loads(body)
            until = time.monotonic() + float(asked.pop("WaitTimeSeconds", 0))
            body = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
        with self._asked:
            while True:
                (status, headers), answer = self._ask(dict(environ), body)
                if b"ReceiptHandle" in answer or (left := until - time.monotonic()) <= 0:
                    break
                self._asked.wait(min(left, _LOOK))
                if _gone(environ["werkzeug.socket"]):
                    break
            if not polls:
                self._asked.notify_all()
        start_response(status, headers)
        return [answer]

    def _ask(self, environ: Environ, body: bytes) -> tuple[Started, bytes]:
        started: list[Started] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            started.append((status, headers))

        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        answer = b"".join(self._inner(environ, start))
        return started[0], answer


def _gone(client: socket.socket) -> bool:
    """Whether who asks has closed its connection; it sends nothing before it has its answer."""
    return bool(select.select([client], [], [], 0)[0])


@contextlib.contextmanager
def moto_server(host: str = "127.0.0.1") -> Iterator[str]:
    """The URL of an AWS that begins empty; `host` is the address that it listens at."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(host, 0, _OneByOne(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def moto_process() -> Iterator[str]:
    """The same in a process of its own, which takes none of this one's time."""
    command = [sys.executable, "-m", "support.motoserver"]
    tests = str(Path(__file__).parents[1])
    with subprocess.Popen(
        command, env=environment(PYTHONPATH=tests), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


if __name__ == "__main__":
    with moto_server() as url:
        print(url, flush=True)
        sys.stdin.read()  # ends with whoever started it
