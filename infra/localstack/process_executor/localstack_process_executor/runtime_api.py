"""AWS's Lambda Runtime API (2018-06-01) for one execution environment.

In: invocations put into `pending`, requests of awslambdaric. Out: `started` and `result`. Called by `executor`. In
Lambda a Go program (rapid) serves it, in LocalStack's containers a copy of that; here it is a thread of LocalStack.
"""

import queue
import threading
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException

__all__ = ["RuntimeApi"]

_API = "/2018-06-01/runtime"


class RuntimeApi(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1 from its creation to `close`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pending: queue.Queue[tuple[dict[str, str], int] | None] = queue.Queue()
        """Invocations and their deadline (ms since 1970) that the runtime has not fetched; None ends the waiting."""
        self.started: Future[bool] = Future()
        """Resolved by the first request for work, failed by an error of the init phase."""
        self.result: Future[tuple[bytes, bool]] = Future()
        """Of the invocation in progress: (body, is an error)."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True, name="lambda-runtime-api").start()

    def close(self) -> None:
        """Let go of a waiting runtime and of the port."""
        self.pending.put(None)
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: one packet per response

    def log_message(self, *_arguments: object) -> None:
        """Nothing to log."""

    def do_GET(self) -> None:
        """The runtime asks for work: its init phase is over."""
        if not self.server.started.done():
            self.server.started.set_result(True)
        item = self.server.pending.get()
        if item is None:
            self.close_connection = True
            return
        invocation, deadline = item
        self._reply(
            200,
            invocation["payload"].encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": invocation["invoke-id"],
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": invocation["invoked-function-arn"],
                "Lambda-Runtime-Trace-Id": invocation["trace-id"],
            },
        )

    def do_POST(self) -> None:
        """An answer, an error, or an error of the init phase."""
        body = self._body()
        if self.path == f"{_API}/init/error":
            if not self.server.started.done():
                self.server.started.set_exception(StatusErrorException("Environment startup failed", payload=body))
        elif not self.server.result.done():
            self.server.result.set_result((body, self.path.endswith("/error")))
        self._reply(202, b'{"status":"OK"}', {})

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        sizes = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (sizes | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
