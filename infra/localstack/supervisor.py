"""Holds one LocalStack and everything that it starts.

In: `python -m infra.localstack.supervisor FOLDER`; `plan.json` in the folder says what to start. Out: `state.json`
with this process, LocalStack's log; at the end nothing but the log. Started by `host.start`. The end comes with
SIGTERM, when the owner is gone, or when LocalStack ends by itself. State lives in memory only, so nothing is asked
to save anything: the whole tree is killed. Should this process be killed, the kernel ends LocalStack
(`dies_with_parent`) and with it what LocalStack started (`tie.py` of the process executor).

One thread only, as `dies_with_parent` asks.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.local.devcluster.files import read_json, write_json
from argosy.local.devcluster.processes import Process, dies_with_parent

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36
_NEWS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
_LOOK_SECONDS = 0.5


def _environment(folder: Path, plan: dict[str, Any]) -> dict[str, str]:
    """LocalStack's settings (README.md tells why), and of this process's environment what is neither AWS nor Python."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON", "LOCALSTACK_"))}
    return kept | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "home" / ".cache"),
        "FILESYSTEM_ROOT": str(folder / "root"),
        "OVERRIDE_IN_DOCKER": "0",
        "GATEWAY_LISTEN": f"127.0.0.1:{plan['port']}",
        "DNS_ADDRESS": "0",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "LS_LOG": "warning",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LAMBDA_SYNCHRONOUS_CREATE": "1",
        "LAMBDA_RETRY_BASE_DELAY": "1",
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.05",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.5",
        "PROCESS_EXECUTOR_PYTHON": plan["functions"],
        "PROCESS_EXECUTOR_HOST_ADDRESS": plan["host_address"],
        "DYNAMODB_LOCAL_JARS": plan["dynamodb"],
        "DYNAMODB_IN_MEMORY": "1",
    }


def _launch(folder: Path, plan: dict[str, Any]) -> int:
    """LocalStack's process id."""
    for name in ("home", "tmp", "root"):
        (folder / name).mkdir()
    tie = dies_with_parent()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NEWS)
        if tie is not None:
            tie()

    return subprocess.Popen(
        [plan["server"], "-m", "localstack.runtime.main"],
        cwd=folder,
        env=_environment(folder, plan),
        stdin=subprocess.DEVNULL,
        preexec_fn=prepare,  # noqa: PLW1509 - one thread only, see the module's head
    ).pid


def _children() -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                yield int(stat.parent.name)


def _kill_all() -> None:
    """Kill and collect children until none is left: those of a killed child become ours."""
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _watch(localstack: int, owner: Process | None) -> None:
    """Return when it is time to end."""
    while owner is None or owner.alive():
        news = signal.sigtimedwait(_NEWS, _LOOK_SECONDS)
        if news is None:
            continue
        if news.si_signo != signal.SIGCHLD:
            return
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                if ended == localstack:
                    return


def main(folder: Path) -> int:
    """Run until the end."""
    plan, process = read_json(folder / "plan.json"), Process.of(os.getpid())
    if plan is None or process is None:
        return 1
    signal.pthread_sigmask(signal.SIG_BLOCK, _NEWS)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    write_json(folder / "state.json", {"supervisor": process.as_json(), "port": plan["port"]})
    try:
        _watch(_launch(folder, plan), Process.from_json(plan["owner"]))
    finally:
        _kill_all()
        for name in ("home", "tmp", "root"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "state.json").unlink(missing_ok=True)
        print(f"ended {time.strftime('%H:%M:%S')}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
