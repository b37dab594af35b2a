"""Real `argosy` processes: `argosy up` with its output, the other commands, and a sink for HTTP triggers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from argosy.errors import ArgosyError
from support.events import Body
from support.processes import DEADLINE, OURS, environment

ARGOSY = str(Path(sys.executable).with_name("argosy"))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def until[T](condition: Callable[[], T], what: str, seconds: float = DEADLINE) -> T:
    """What `condition` gives once it is true; fails when that takes too long.

    Asked less and less often: what is asked shares the machine with what is to come true.
    """
    end, pause = time.monotonic() + seconds, 0.02
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(pause)
        pause = min(1.4 * pause, 0.1)
    return found


# The command


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def argosy(
    *arguments: object, data: Path | None = None, stdin: str = "", env: Mapping[str, str] | None = None
) -> Result:
    """Run an `argosy` command to its end; `env` is added to its environment."""
    more = {**(env or {}), **({"ARGOSY_DATA": str(data)} if data is not None else {})}
    done = subprocess.run(
        [ARGOSY, *(str(argument) for argument in arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=environment(**more),
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def in_process(*arguments: object, stdin: str = "", env: Mapping[str, str] | None = None) -> Result:
    """The same without a process of its own, which costs half a second of a processor: for commands that tests ask often."""
    from typer.testing import CliRunner

    from argosy.cli.main import app
    from argosy.cli.options import hoisted

    given = {**dict.fromkeys(OURS), "XDG_CONFIG_HOME": "/proc/nowhere", **(env or {})}
    done = CliRunner().invoke(app, hoisted([str(argument) for argument in arguments]), input=stdin, env=given)
    if isinstance(done.exception, ArgosyError):
        return Result(1, done.stdout, f"{done.stderr}error: {done.exception}\n")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Result(done.exit_code, done.stdout, done.stderr)


class Following:
    """An `argosy` command that goes on by itself; `lines` is what it has printed so far."""

    def __init__(self, *arguments: object, data: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        more = {**(env or {}), **({"ARGOSY_DATA": str(data)} if data is not None else {})}
        self._process = subprocess.Popen(
            [ARGOSY, *(str(argument) for argument in arguments)],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(**more),
            text=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
        self._process.stdout.close()

    def ends(self) -> int:
        """Wait until it ends by itself; the exit code."""
        code = self._process.wait(DEADLINE)
        self._reading.join(DEADLINE)
        return code

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.ends()


class Up:
    """One `argosy up`."""

    def __init__(self, data: Path, *arguments: object, api: int | None = None) -> None:
        self.data, self.api = data, free_port() if api is None else api
        command = [ARGOSY, "up", "--data", str(data), "--api", f"127.0.0.1:{self.api}"]
        self.process = subprocess.Popen(
            [*command, *(str(argument) for argument in arguments)],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
            text=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with contextlib.suppress(ValueError):
            for line in self.process.stderr:
                self.lines.append(line.rstrip("\n"))
            self.process.stderr.close()

    @property
    def output(self) -> str:
        """All that it has said."""
        return "\n".join(self.lines)

    def ready(self) -> Up:
        """Wait until it serves."""
        self.says("ready: ")
        return self

    def says(self, text: str) -> str:
        """Wait for a line with `text`; returns it."""

        def found() -> str | None:
            line = next((line for line in list(self.lines) if text in line), None)
            assert line or self.process.poll() is None or self._reading.is_alive(), f"it ended:\n{self.output}"
            return line

        return until(found, f"a line with {text!r} in:\n{self.output}") or ""

    def ends(self) -> int:
        """Wait for its end; returns the exit code."""
        code = self.process.wait(DEADLINE)
        self._reading.join(DEADLINE)
        if self.process.stderr is not None and not self._reading.is_alive():
            self.process.stderr.close()
        return code

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to end, as Ctrl-C does; returns the exit code."""
        self.process.send_signal(number)
        return self.ends()

    def workers(self) -> list[int]:
        """Process ids of its worker."""
        return [pid for pid, parent, state in _processes() if parent == self.process.pid and not state.startswith("Z")]

    def kill(self) -> None:
        """SIGKILL to all of its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.ends()

    def get(self, *arguments: object) -> Any:
        """`argosy get … -o json` on its data directory; in this process, since tests ask again and again."""
        return in_process("get", *arguments, "-o", "json", "--data", self.data).json()

    def idle(self) -> None:
        """Wait until its queues are empty."""

        def empty() -> bool:
            queues = self.get("queues")["items"]
            return not any(queue[count] for queue in queues for count in ("visible", "inFlight", "delayed"))

        until(empty, "the queues are empty")


def _processes() -> list[tuple[int, int, str]]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    return [(int(pid), int(parent), state) for pid, parent, state in (line.split() for line in listed.splitlines())]


def alive(pid: int) -> bool:
    """Whether a process runs."""
    return any(pid == one and not state.startswith("Z") for one, _, state in _processes())


@contextlib.contextmanager
def running(data: Path, *bodies: Body, arguments: Sequence[object] = ()) -> Iterator[Up]:
    """An `argosy up` that serves with these manifests applied; whatever happens, none of its processes is left."""
    applied = ["--apply", write(data.parent / f"{data.name}.yaml", *bodies)] if bodies else []
    up = Up(data, *applied, *arguments)
    try:
        yield up.ready()
    finally:
        up.kill()


def write(path: Path, *bodies: Body) -> Path:
    """A file with these manifests."""
    path.write_text("---\n".join(json.dumps(body, indent=1) + "\n" for body in bodies))
    return path


# HTTP


@dataclass(frozen=True)
class Answer:
    """Of an HTTP request."""

    status: int
    body: str
    headers: Mapping[str, str]


def ask(port: int, path: str, body: str | bytes | None = None, method: str = "POST", **headers: str) -> Answer:
    """Send one HTTP request to 127.0.0.1 on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        data = body.encode() if isinstance(body, str) else body
        connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        text = response.read().decode()
        return Answer(response.status, text, {name.lower(): value for name, value in response.getheaders()})
    finally:
        connection.close()


def post(port: int, path: str, body: object, **headers: str) -> Answer:
    """POST a value as JSON."""
    return ask(port, path, json.dumps(body), content_type="application/json", **headers)


@dataclass(frozen=True)
class Received:
    """A request that reached the sink."""

    path: str
    key: str
    body: Any
    token: str = ""
    """The header X-Token."""


@dataclass
class Sink:
    """An HTTP server that notes what it is sent.

    `statuses` answers a path with something else than 200, `at_first` the first request of each `Idempotency-Key`.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    at_first: int = 0
    delay: float = 0.0

    def url(self, path: str) -> str:
        """Address of a path."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def at(self, path: str) -> list[Received]:
        """What has reached a path."""
        return [one for one in list(self.received) if one.path == f"/{path}"]

    def status(self, path: str, key: str) -> int:
        """What to answer."""
        if self.at_first and not any(one.key == key for one in list(self.received)):
            return self.at_first
        return self.statuses.get(path.lstrip("/"), 200)

    def wait(self, path: str, count: int = 1, seconds: float = DEADLINE) -> list[Received]:
        """What has reached a path, once that are `count` requests."""
        enough = until(lambda: found if len(found := self.at(path)) >= count else None, f"{count} at /{path}", seconds)
        return enough or []

    def bodies(self, path: str) -> list[Any]:
        """The bodies that have reached a path."""
        return [one.body for one in self.at(path)]

    def keys(self, path: str) -> Counter[str]:
        """How often each `Idempotency-Key` has reached a path."""
        return Counter(one.key for one in self.at(path))


@contextlib.contextmanager
def sink() -> Iterator[Sink]:
    """Run a sink."""
    made = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if made.delay:
                time.sleep(made.delay)
            key = self.headers.get("Idempotency-Key", "")
            status = made.status(self.path, key)
            made.received.append(Received(self.path, key, json.loads(body or b"null"), self.headers.get("X-Token", "")))
            self.send_response_only(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # says nothing; `format` is http.server's name
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024  # http.server's 5 leave the connections of a whole batch hanging

        def handle_error(self, request: object, client_address: object) -> None:
            """A process that is killed leaves broken connections behind."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
