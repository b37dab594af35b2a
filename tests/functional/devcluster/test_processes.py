"""Process identity, ports, the guard."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.errors import InvalidObject
from argosy.local.devcluster import ensure_up
from argosy.local.devcluster.processes import GUARD, Process, free_ports, ports_are_free, wait_until

SLEEPER = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]


def test_a_process_is_alive_until_it_ends() -> None:
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        process = Process.of(child.pid)
        assert process is not None
        assert process.alive()
        process.signal(signal.SIGKILL)
        # Not collected yet: what is left of it counts as dead.
        assert wait_until(lambda: not process.alive(), 30)
    assert Process.of(child.pid) is None


def test_another_process_with_the_same_number_is_not_taken_for_it_nor_killed() -> None:
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        earlier = Process(child.pid, "some earlier moment")
        assert not earlier.alive()
        earlier.signal(signal.SIGKILL)
        now = Process.of(child.pid)
        assert now is not None
        assert now.alive()
        child.kill()


@pytest.mark.parametrize("value", [None, {}, [], {"pid": "1", "started": "x"}, {"pid": 1}])
def test_a_spoilt_pid_file_names_nobody(value: object) -> None:
    assert Process.from_json(value) is None


def test_a_process_survives_the_state_file() -> None:
    process = Process.of(os.getpid())
    assert process is not None
    assert Process.from_json(process.as_json()) == process


def test_free_ports_differ_and_a_listener_takes_one() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert ports_are_free(ports)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", ports[0]))
        listener.listen()
        assert not ports_are_free(ports)


def guarded(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_the_guard_passes_the_exit_code_on() -> None:
    with guarded([sys.executable, "-c", "raise SystemExit(7)"]) as guard:
        assert guard.wait() == 7


@pytest.mark.parametrize("how", ["pipe closes", "SIGTERM"])
def test_the_guard_ends_a_command_and_its_helpers(how: str, tmp_path: Path) -> None:
    helper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    leader = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {helper!r}])"
    with guarded([sys.executable, "-c", leader]) as guard:
        assert guard.stdin is not None
        assert guard.stdout is not None
        process = Process.of(int(guard.stdout.readline()))
        assert process is not None
        if how == "SIGTERM":
            guard.terminate()
        else:
            guard.stdin.close()
        assert guard.wait() == 128 + signal.SIGKILL
        assert wait_until(lambda: not process.alive(), 30)


def test_a_cluster_cannot_be_tied_to_nobody() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(InvalidObject, match="no process"):
        ensure_up("never", owner_pid=child.pid)
