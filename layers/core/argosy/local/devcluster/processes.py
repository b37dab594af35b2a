"""Processes and ports of the development cluster.

In: process ids, port numbers. Out: answers that stay right when the kernel gives a process id to somebody else: a
process is always a pid together with the moment it started. Called by the supervisor (which starts and stops) and
by `lifecycle` (which looks and signals).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["GUARD", "Process", "dies_with_parent", "free_ports", "ports_are_free", "wait_until"]

GUARD = Path(__file__).with_name("guard.py")
"""Runs a command that must not outlive the holder of its standard input.

A file, not a module, so that it starts without site-packages.
"""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Process:
    """A process for good: `started` tells it from a later one with the same pid."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has `pid` now.

        None when there is none, or only the remains that its parent has not collected.
        """
        started = _linux_start(pid) if sys.platform == "linux" else _posix_start(pid)
        return None if started is None else cls(pid, started)

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """From `as_json`; None for anything else."""
        if isinstance(value, dict) and isinstance(value.get("pid"), int) and isinstance(value.get("started"), str):
            return cls(value["pid"], value["started"])
        return None

    def as_json(self) -> dict[str, int | str]:
        """For the state files."""
        return {"pid": self.pid, "started": self.started}

    def alive(self) -> bool:
        """True while this very process runs."""
        return Process.of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if it is still this process."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _linux_start(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return None
    state, ticks = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}:{ticks}"


def _posix_start(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    return " ".join(shown[1:]) if shown and not shown[0].startswith("Z") else None


def dies_with_parent() -> Callable[[], None] | None:
    """A `preexec_fn` that makes the kernel kill the child when the thread that starts it ends.

    None where there is no such thing (then: the guard).

    Only for a single-threaded caller: the kernel watches the starting thread, and code between fork and exec must
    not meet a held lock.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent went away before the kernel was asked
            os._exit(1)

    return arrange


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on at this moment, all different."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def ports_are_free(ports: Sequence[int]) -> bool:
    """True when a server could listen on each of them again."""
    for port in ports:
        with socket.socket() as probe:
            # As servers do: connections that are only waiting out their time do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.02) -> bool:
    """Ask until `condition` holds or `seconds` are over; the last answer."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(step)
    return True
