"""The one process that a running development cluster hangs on.

In: `python -m argosy.local.devcluster.supervisor FOLDER`; FOLDER holds a plan (`state.Plan`). The process detaches
into a session of its own, so the command that started it returns once the pid file is written. Out: components
running, `state.json` telling how far it is.

It starts components and restarts none: a development cluster that is broken should be seen to be. It ends, stopping
all of them in reverse order and waiting for their ports, when it gets SIGTERM, when its owner (a test run, `make
run`) is gone, when a component dies while the cluster starts, or when etcd or the API server dies at any time. If
it is killed outright, the kernel kills the components (elsewhere than on Linux: the guard does). It never has a
second thread: the kernel's parent-death signal watches the thread that started a child.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from argosy.errors import ArgosyError, Unavailable
from argosy.local.devcluster import components
from argosy.local.devcluster.apiserver import Api
from argosy.local.devcluster.crds import crd_manifests
from argosy.local.devcluster.credentials import make_service_account_key, make_token
from argosy.local.devcluster.files import private_directory
from argosy.local.devcluster.kubeconfig import remove_from, write_kubeconfig
from argosy.local.devcluster.processes import GUARD, Process, dies_with_parent, free_ports, ports_are_free, wait_until
from argosy.local.devcluster.state import Folder, Plan, State
from argosy.local.devcluster.versions import ESSENTIAL, REAL_NODE

if TYPE_CHECKING:
    from argosy.local.devcluster.node.host import NodeHost

__all__ = ["Supervisor", "main"]

_ETCD_SECONDS, _API_SECONDS, _CRD_SECONDS = 60.0, 180.0, 60.0
_GRACE_SECONDS = 8.0
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class _Stop(Exception):
    """Somebody wants the cluster to end: the way out of the start from any depth."""


class Supervisor:
    """Runs the cluster in `folder` until told otherwise."""

    def __init__(self, folder: Folder, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._owner = Process.from_json(plan.owner)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._fetcher: subprocess.Popen[bytes] | None = None
        self._told = b""
        self._terminated = False
        self._tie = dies_with_parent()
        self._node: NodeHost | None = None
        etcd, etcd_peer, api = free_ports(3)
        self._ports = components.Ports(etcd, etcd_peer, api)
        self._paths = {name: Path(path) for name, path in plan.paths.items()}
        self._order = ESSENTIAL + plan.background
        self._state = State(name=plan.name)
        self._state.components = {name: {"state": "waiting", "message": ""} for name in self._order}
        self._woken, self._waker = os.pipe()

    def run(self) -> int:
        """From nothing to nothing.

        0 after an ordered end (the folder is gone then), 1 after a failure (the logs stay).
        """
        self._listen()
        self._folder.write_state(self._state)
        failure = ""
        try:
            self._start_api()
            self._start_rest()
        except _Stop:
            pass
        except (ArgosyError, OSError) as error:
            failure = str(error)
        self._change(phase="stopping", message=failure)
        try:
            self._stop_all()
        except ArgosyError as error:
            failure = failure or str(error)
            self._change(message=failure)
        if failure:
            shutil.rmtree(self._folder.path / "etcd", ignore_errors=True)
            self._change(phase="failed")
            return 1
        for target in self._folder.exports():
            remove_from(target, self._plan.name)
        shutil.rmtree(self._folder.path, ignore_errors=True)
        return 0

    # --- start -------------------------------------------------------------------------------------------------

    def _prepare_node(self) -> None:
        from argosy.local.devcluster.node.host import NodeHost

        with self._folder.log("sweep").open("ab") as log:
            self._node = NodeHost(self._folder.path, log)
        self._node.prepare(*free_ports(1))
        self._ports = replace(self._ports, api=443, host=self._node.network.api)

    def _start_api(self) -> None:
        if self._plan.real_node:
            self._prepare_node()
        self._change(ports=self._ports.all(), server=f"https://{self._ports.host}:{self._ports.api}")
        folder = self._folder.path
        token = make_token(folder / "tokens.csv")
        make_service_account_key(folder / "sa.key")
        self._api = Api(self._ports.api, token, folder / "certs" / "apiserver.crt", self._ports.host)
        self._start("etcd")
        self._await("etcd", lambda: _etcd_healthy(self._ports.etcd), _ETCD_SECONDS)
        self._running("etcd")
        self._start("kube-apiserver")
        self._await("kube-apiserver", lambda: self._api.ok("/readyz"), _API_SECONDS)
        self._await("the default namespace", lambda: self._api.ok("/api/v1/namespaces/default"), _API_SECONDS)
        self._running("kube-apiserver")
        write_kubeconfig(
            self._folder.kubeconfig,
            cluster=self._plan.name,
            server=self._state.server,
            authority=self._api.authority(),
            token=token,
        )
        self._install_crds()
        self._change(phase="ready", version=self._ask("GET", "/version")[1]["gitVersion"])

    def _install_crds(self) -> None:
        wanted = []
        for manifest in crd_manifests():
            status, answer = self._ask("POST", _CRDS, manifest)
            if status not in (201, 409):
                raise Unavailable(
                    f"the API server refused the definition of {manifest['metadata']['name']}: {_message(answer)}"
                )
            wanted.append(f"{_CRDS}/{manifest['metadata']['name']}")
        while wanted:
            self._await(
                "the custom resource definitions",
                lambda: _established(self._api.call("GET", wanted[0])[1]),
                _CRD_SECONDS,
            )
            wanted.pop(0)

    def _start_rest(self) -> None:
        missing = [name for name in self._plan.background if name not in self._paths]
        if missing:
            self._start_fetcher(missing)
        while True:
            for name in self._plan.background:
                self._advance(name)
            self._conclude()
            settled = self._state.phase in ("complete", "partial")
            self._pause(1.0 if settled else 0.05)

    def _advance(self, name: str) -> None:
        state = self._state.components[name]["state"]
        if state in ("waiting", "fetching") and name in self._paths and self._may_start(name):
            self._start(name)
            for node in components.NODES if name == "kwok" else ():
                self._ask("POST", "/api/v1/nodes", components.node_manifest(node))
        elif state == "starting" and components.is_ready(name, self._api, self._node):
            if name == "containerd" and self._node is not None:
                self._node.load_own_images()
            self._running(name)

    def _may_start(self, name: str) -> bool:
        """The kubelet ends when it finds no containerd."""
        return name != "kubelet" or self._state.components["containerd"]["state"] == "running"

    def _conclude(self) -> None:
        states = {self._state.components[name]["state"] for name in self._plan.background}
        if self._state.phase == "ready" and states <= {"running", "unavailable"}:
            self._change(phase="partial" if "unavailable" in states else "complete")

    def _start(self, name: str) -> None:
        command = components.command_line(name, self._paths[name], self._folder.path, self._ports, self._node)
        if self._tie is None:
            command = [sys.executable, "-I", "-S", str(GUARD), *command]
        with self._folder.log(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self._folder.path,
                env=components.environment(self._folder.path, name, self._node),
                stdin=subprocess.DEVNULL if self._tie else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # What a node makes is read in containers by other users; its folder is private as a whole.
                umask=0o022 if name in REAL_NODE else -1,
                preexec_fn=self._tie,  # noqa: PLW1509 - one thread only, see the module's head
            )
        self._children[name] = child
        process = Process.of(child.pid)
        self._set(name, state="starting", message="", **(process.as_json() if process else {}))

    def _start_fetcher(self, names: list[str]) -> None:
        command = [sys.executable, "-m", "argosy.local.devcluster.fetch", str(self._folder.plan), *names]
        with self._folder.log("fetch").open("ab") as log:
            self._fetcher = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        os.set_blocking(_stdout(self._fetcher).fileno(), False)

    # --- watch -------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        os.set_blocking(self._waker, False)
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the select
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_terminate)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_terminate(self, *_: Any) -> None:
        self._terminated = True

    def _await(self, what: str, condition: Callable[[], bool], seconds: float) -> None:
        wait = self._waits(f"{what} did not get ready", seconds)
        while not condition():
            wait()

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The answer of the API server once it serves: on a busy machine it may be late with it."""
        return self._api.insist(method, path, body, self._waits(f"{method} {path} had no answer", _API_SECONDS))

    def _waits(self, problem: str, seconds: float) -> Callable[[], None]:
        """Waits a moment each time that it is called; raises Unavailable when `seconds` are over."""
        end = time.monotonic() + seconds

        def wait() -> None:
            if time.monotonic() > end:
                raise Unavailable(f"{problem} within {seconds:g} s; logs: {self._folder.logs}")
            self._pause(0.03)

        return wait

    def _pause(self, seconds: float) -> None:
        """Wait for news, at most `seconds`, and look after everything that could have happened meanwhile."""
        sources: list[Any] = [self._woken] + ([_stdout(self._fetcher)] if self._fetcher else [])
        readable, _, _ = select.select(sources, [], [], seconds)
        if self._woken in readable:
            os.read(self._woken, 4096)
        if self._terminated or (self._owner is not None and not self._owner.alive()):
            raise _Stop
        if self._fetcher is not None:
            self._hear(self._fetcher)
        for name, child in list(self._children.items()):
            if child.poll() is not None:
                self._on_exit(name, child.returncode)

    def _on_exit(self, name: str, code: int) -> None:
        del self._children[name]
        words = self._folder.last_words(name)
        ended = f"{name} ended with exit code {code}" + (f": {words}" if words else "")
        self._set(name, state="exited", message=ended)
        if name in ESSENTIAL or self._state.phase in ("starting", "ready"):
            raise Unavailable(f"{ended}; logs: {self._folder.logs}")

    def _hear(self, fetcher: subprocess.Popen[bytes]) -> None:
        output = _stdout(fetcher)
        while chunk := output.read(65536):
            self._told += chunk
        *lines, self._told = self._told.split(b"\n")
        for line in lines:
            news = json.loads(line)
            name = news["binary"]
            if news["state"] == "ready":
                self._paths[name] = Path(news["path"])
            else:
                self._set(name, state=news["state"], message=news.get("message", ""))
        if fetcher.poll() is not None:
            self._fetcher = None
            output.close()
            for name in self._plan.background:
                if name not in self._paths and self._state.components[name]["state"] != "unavailable":
                    self._set(
                        name, state="unavailable", message=f"fetching ended early; log: {self._folder.log('fetch')}"
                    )

    # --- end ---------------------------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        if self._fetcher is not None:
            self._fetcher.terminate()
            self._fetcher.wait()
        for name in reversed(self._order):
            child = self._children.pop(name, None)
            if child is not None:
                child.terminate()
                try:
                    child.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
                self._set(name, state="exited")
        if self._node is not None:
            self._node.close()
        wait_until(lambda: ports_are_free(self._ports.all()), _GRACE_SECONDS)

    # --- state -------------------------------------------------------------------------------------------------

    def _running(self, name: str) -> None:
        self._set(name, state="running")

    def _set(self, name: str, **fields: Any) -> None:
        self._state.components[name] |= fields
        self._folder.write_state(self._state)

    def _change(self, **fields: Any) -> None:
        for key, value in fields.items():
            setattr(self._state, key, value)
        self._folder.write_state(self._state)


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise Unavailable("the fetching process has no output")
    return process.stdout


def _etcd_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return b'"true"' in connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _established(definition: Any) -> bool:
    status = definition.get("status") if isinstance(definition, dict) else None
    conditions = (status or {}).get("conditions") or []  # null right after it was made
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _message(answer: Any) -> str:
    return str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)


def main(arguments: list[str]) -> int:
    """Detach, write the pid file, run. The launching process returns 0 once the pid file is there."""
    os.umask(0o077)
    folder = Folder(Path(arguments[0]))
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    process, plan = Process.of(os.getpid()), folder.read_plan()
    if process is None or plan is None:
        return 1
    private_directory(folder.logs)
    folder.write_supervisor(process)
    os.write(tell, b".")
    os.close(tell)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    return Supervisor(folder, plan).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
