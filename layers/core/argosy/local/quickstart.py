"""The quickstart: a real Kubernetes, `argosy up` on it, and a scenario played with real HTTP.

`make run` runs it. Every step waits for what a user would see (an object in the cluster, a request at a server) and
tells how long that took; nothing is looked up inside Argosy. Afterwards everything stays up until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import AlreadyExists, ArgosyError, Unavailable
from argosy.local.devcluster import ensure_up, list_clusters, shown_on
from argosy.local.devcluster import stop as stop_cluster
from argosy.local.locate import locate
from argosy.resources.manifests import read_manifests

__all__ = ["Quickstart", "run"]

CLUSTER = "dev"
NAMESPACE = "default"
SINK = ("127.0.0.1", 12080)
HOOKS = "http://127.0.0.1:12000"
PAYMENTS = "http://127.0.0.1:12001"
API = "127.0.0.1:8080"
_DEADLINE = 20.0
_POLL = 0.02


class StepFailed(Exception):
    """A step did not show what it should; the text says what was awaited."""


@dataclass
class Sink:
    """A small HTTP server that remembers what it was sent: path, JSON body, Idempotency-Key."""

    requests: list[tuple[str, Any, str]] = field(default_factory=list)

    def start(self) -> None:
        """Serve in the background. Raises Unavailable when the port is taken."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sink.requests.append((self.path, json.loads(body or b"null"), self.headers.get("Idempotency-Key", "")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet: the steps tell what arrived."""

        try:
            server = ThreadingHTTPServer(SINK, Handler)
        except OSError as x:
            raise Unavailable(
                f"the quickstart's own server cannot open {SINK[0]}:{SINK[1]}: {x.strerror}; free the port"
            ) from x
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, name="sink", daemon=True).start()

    def at(self, path: str) -> list[tuple[Any, str]]:
        """What arrived at a path: bodies and idempotency keys."""
        return [(body, key) for where, body, key in list(self.requests) if where == path]


@dataclass
class Quickstart:
    """One run; `steps` counts what was tried and what went well."""

    console: Console
    data: Path
    sink: Sink = field(default_factory=Sink)
    tried: int = 0
    well: int = 0
    kubeconfig: Path = Path()
    cluster: DirectCluster | None = None
    own_cluster: bool = False
    up: subprocess.Popen[bytes] | None = None

    def play(self) -> bool:
        """Play the whole scenario; True when every step went well."""
        steps: tuple[tuple[str, Callable[[], str]], ...] = (
            ("a Kubernetes API server and its CRDs", self._start_cluster),
            ("argosy up with examples/quickstart", self._start_argosy),
            ("a matching POST submits a Workflow with arguments from its body", self._matching),
            ("a POST that does not match submits nothing", self._not_matching),
            ("an HTTP trigger reaches a server, with an Idempotency-Key", self._http),
            ("a join fires once both of its events are there", self._join),
            ("a calendar fires", self._calendar),
            ("argosy get shows what happened", self._get),
        )
        for number, (title, step) in enumerate(steps, 1):
            self.tried += 1
            began = time.monotonic()
            try:
                seen = step()
            except (StepFailed, ArgosyError, OSError) as x:
                self.console.print(f"[red]✗[/] {number}. {title}: {x}", highlight=False, soft_wrap=True)
                if number <= 2:
                    self.tried = len(steps)
                    return False
                continue
            self.well += 1
            took = time.monotonic() - began
            self.console.print(
                f"[green]✓[/] {number}. {title} [dim]({took:.2f} s)[/]\n     {seen}", highlight=False, soft_wrap=True
            )
        return self.well == self.tried

    def stop(self) -> None:
        """Stop `argosy up`, wait until it has drained, and stop the cluster if this run started it."""
        if self.up is not None and self.up.poll() is None:
            self.up.send_signal(signal.SIGTERM)
            try:
                self.up.wait(60)
            except subprocess.TimeoutExpired:
                self.up.kill()
        if self.own_cluster:
            stop_cluster(CLUSTER)

    def _start_cluster(self) -> str:
        self.own_cluster = not any(info.name == CLUSTER and info.running for info in list_clusters())
        with shown_on(sys.stderr) as progress:
            info = ensure_up(CLUSTER, progress=progress, owner_pid=os.getpid())
        self.kubeconfig = info.kubeconfig
        self.cluster = connect(info.kubeconfig)
        for file in sorted(locate("examples", "quickstart", "cluster").glob("*.yaml")):
            for manifest in read_manifests(file.read_text(), str(file)):
                with contextlib.suppress(AlreadyExists):
                    self.cluster.create(manifest.body, namespace=NAMESPACE)
        return f"Kubernetes {info.version} at {info.server}"

    def _start_argosy(self) -> str:
        self.sink.start()
        if self.data.exists() and any(self.data.iterdir()) and not (self.data / "queue.db").exists():
            raise StepFailed(f"{self.data} is no data directory of Argosy; the quickstart empties it, so name another")
        shutil.rmtree(self.data, ignore_errors=True)
        log = (self.data.parent / f"{self.data.name}.log").open("wb")
        manifests = str(locate("examples", "quickstart", "argosy"))
        command = [sys.executable, "-m", "argosy.cli.main", "up", "--data", str(self.data), "--apply", manifests]
        self.up = subprocess.Popen([*command, "--cluster", CLUSTER, "--api", API], stderr=log, stdin=subprocess.DEVNULL)

        def ready() -> bool:
            if self.up is not None and self.up.poll() is not None:
                raise StepFailed(f"argosy up ended: {_tail(Path(log.name))}")
            text = Path(log.name).read_text()
            if "cannot be opened" in text:
                raise StepFailed(_tail(Path(log.name)))
            return "ready: " in text

        _until(ready, f"argosy up did not become ready; see {log.name}")
        return f"log in {log.name}"

    def _matching(self) -> str:
        mark = f"world-{uuid4().hex[:8]}"
        _post(f"{HOOKS}/example", {"message": "hello", "name": mark})
        found = _until(lambda: self._workflows(mark), f"no Workflow with message {mark}")
        return f"Workflow {found[0]['metadata']['name']}: message = {mark}"

    def _not_matching(self) -> str:
        other, mark = f"nobody-{uuid4().hex[:8]}", f"world-{uuid4().hex[:8]}"
        _post(f"{HOOKS}/example", {"message": "bye", "name": other})
        # What follows it on the same way has arrived: so would it have.
        _post(f"{HOOKS}/example", {"message": "hello", "name": mark})
        _until(lambda: self._workflows(mark), f"no Workflow with message {mark}")
        if self._workflows(other):
            raise StepFailed("a Workflow was submitted for it")
        return "the next one that matched was submitted, this one was not"

    def _http(self) -> str:
        mark = f"world-{uuid4().hex[:8]}"
        _post(f"{HOOKS}/example", {"message": "hello", "name": mark})
        key = _until(
            lambda: [k for body, k in self.sink.at("/hello") if body == {"name": mark}], "no request at /hello"
        )[0]
        return f'{{"name": "{mark}"}} with Idempotency-Key {key}'

    def _join(self) -> str:
        item = f"book-{uuid4().hex[:8]}"
        _post(f"{HOOKS}/order", {"item": item})
        mark = f"world-{uuid4().hex[:8]}"
        _post(f"{HOOKS}/example", {"message": "hello", "name": mark})
        _until(lambda: any(body == {"name": mark} for body, _ in self.sink.at("/hello")), "no request at /hello")
        if self.sink.at("/ship"):
            raise StepFailed("it fired before the payment was there")
        _post(f"{PAYMENTS}/paid", {"amount": 12})
        _until(lambda: self.sink.at("/ship"), "no request at /ship after the second event")
        bodies = [body for body, _ in self.sink.at("/ship")]
        if bodies != [{"item": item, "amount": 12}]:
            raise StepFailed(f"it fired with {bodies}")
        return f"{json.dumps(bodies[0])}, once"

    def _calendar(self) -> str:
        ticks = _until(lambda: self.sink.at("/tick"), "no request at /tick")
        return f"eventTime {ticks[-1][0]['at']}"

    def _get(self) -> str:
        def told() -> dict[str, Any]:
            command = [
                sys.executable,
                "-m",
                "argosy.cli.main",
                "get",
                "sensor",
                "workflow",
                "-o",
                "json",
                "--data",
                str(self.data),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StepFailed(done.stderr.strip())
            submitted: dict[str, Any] = json.loads(done.stdout)["status"]["triggers"].get("submit", {})
            return submitted

        fired = _until(lambda: told().get("fired", 0) >= 2 and told(), "the sensor does not tell that it fired")
        return f"sensor workflow, trigger submit: fired {fired['fired']} times, last {fired['lastFiredAt']}"

    def _workflows(self, message: str) -> list[dict[str, Any]]:
        if self.cluster is None:
            return []
        found = self.cluster.list("argoproj.io/v1alpha1", "Workflow", NAMESPACE)
        return [w for w in found if w["spec"]["arguments"]["parameters"][0]["value"] == message]


def run(data: Path, *, once: bool) -> int:
    """Play the quickstart and, without `once`, keep everything up until Ctrl-C; returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    quickstart = Quickstart(console, data)
    try:
        good = quickstart.play()
        if good and not once:
            _suggest(console, quickstart)
            with contextlib.suppress(KeyboardInterrupt):
                while quickstart.up is not None and quickstart.up.poll() is None:
                    time.sleep(0.5)
    except KeyboardInterrupt:
        good = False
    finally:
        quickstart.stop()
    console.print(f"quickstart: {quickstart.well} of {quickstart.tried} steps ok")
    return 0 if good else 1


def _suggest(console: Console, quickstart: Quickstart) -> None:
    console.print(
        f"""
Everything stays up until Ctrl-C. Try, in another terminal:

  curl -d '{{"message":"hello","name":"you"}}' -H 'Content-Type: application/json' {HOOKS}/example
  kubectl --kubeconfig {quickstart.kubeconfig} get workflows
  .venv/bin/argosy get all --data {quickstart.data}
  .venv/bin/argosy apply -f YOUR.yaml --data {quickstart.data}
  .venv/bin/argosy dev cluster status
"""
    )


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own http address
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            response.read()
    except urllib.error.HTTPError as x:
        raise StepFailed(f"POST {url} answered {x.code}: {x.read().decode(errors='replace')}") from x
    except urllib.error.URLError as x:
        raise StepFailed(f"POST {url}: {x.reason}") from x


def _until[T](look: Callable[[], T], what: str) -> T:
    """What `look` sees once it is true. Raises StepFailed after a while."""
    end = time.monotonic() + _DEADLINE
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(_POLL)
    raise StepFailed(what)


def _tail(log: Path) -> str:
    return " / ".join(log.read_text().strip().splitlines()[-3:])
