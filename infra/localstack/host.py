"""Start, stop and find LocalStacks; several may run side by side, each with a folder and ports of its own.

In: a folder, maybe a port and an owner. Out: `Running`. Called by the command line (`__main__`).
"""

from __future__ import annotations

import contextlib
import http.client
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from infra.localstack.install import ROOT, install

from argosy.errors import NotFound, Unavailable
from argosy.local.devcluster.files import locked, private_directory, read_json, write_json
from argosy.local.devcluster.processes import Process, free_ports, wait_until
from argosy.local.devcluster.progress import Progress

__all__ = ["HOST_ADDRESS", "Running", "find", "start", "stop"]

HOST_ADDRESS = "192.0.2.1"
"""The address (RFC 5737) by which functions reach servers on 127.0.0.1 of this machine."""

_START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Running:
    """One LocalStack."""

    folder: Path
    port: int
    supervisor: Process

    @property
    def endpoint(self) -> str:
        """For `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What LocalStack has to say; warnings and worse."""
        return self.folder / "localstack.log"

    def environment(self) -> dict[str, str]:
        """What AWS clients need to speak to it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }


def find(folder: Path) -> Running:
    """The LocalStack of a folder; `NotFound` when none runs there."""
    state = read_json(folder / "state.json") or {}
    supervisor = Process.from_json(state.get("supervisor"))
    if supervisor is None or not supervisor.alive():
        raise NotFound(f"no LocalStack runs in {folder}; start it with: python -m infra.localstack start")
    return Running(folder, state["port"], supervisor)


def start(folder: Path, progress: Progress, *, port: int = 0, owner: int = 0) -> Running:
    """Start LocalStack in `folder`, or find the one that runs there.

    `port` 0 takes a free one; `owner` is the process id with which it shall end, 0 for none. Raises `Unavailable`
    with LocalStack's last words when it does not come up.
    """
    private_directory(folder)
    with locked(folder / ".lock", lambda: progress.note(f"another process starts LocalStack in {folder}")):
        with contextlib.suppress(NotFound):
            return find(folder)
        installation = install(progress)
        for name in ("home", "tmp", "root"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "state.json").unlink(missing_ok=True)
        owning = Process.of(owner) if owner else None
        if owner and owning is None:
            raise Unavailable(f"there is no process {owner} that could own LocalStack")
        plan = {
            "port": port or free_ports(1)[0],
            "owner": owning.as_json() if owning else None,
            "server": str(installation.server),
            "functions": str(installation.functions),
            "dynamodb": str(installation.dynamodb),
            "host_address": HOST_ADDRESS,
        }
        write_json(folder / "plan.json", plan)
        with progress.step("starting LocalStack", 5):
            return _launch(folder)


def _launch(folder: Path) -> Running:
    log = folder / "localstack.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "infra.localstack.supervisor", str(folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    end = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < end:
        with contextlib.suppress(NotFound):
            running = find(folder)
            if _healthy(running.port):
                return running
        time.sleep(0.05)
    child.terminate()
    child.wait()
    words = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise Unavailable(f"LocalStack did not start; the end of {log}:\n{words}")


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_localstack/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(folder: Path) -> None:
    """End the LocalStack of a folder with all its processes; `NotFound` when none runs there."""
    running = find(folder)
    running.supervisor.signal(SIGTERM)
    if not wait_until(lambda: not running.supervisor.alive(), 30):
        raise Unavailable(f"LocalStack in {folder} did not end within 30 s (supervisor: {running.supervisor.pid})")
