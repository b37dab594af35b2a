"""Run a command that cannot outlive whoever holds this process's standard input.

In: `python guard.py COMMAND…`, standard input a pipe that nobody writes to. Out: the command's exit code. When the
pipe closes (its holder closed it, ended, or was killed) or a SIGTERM comes, the whole process group of the command
is killed. Called for Go builds (a `go build` starts compilers that a signal to `go` alone would leave behind) and,
where the kernel cannot tie a child to its parent, for every component of the cluster. Standard library only; runs
as `python -I -S`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys


def _ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def main(command: list[str]) -> int:
    """Start `command` in a group of its own and watch both ends. Returns its exit code, 128 + signal as shells do."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # a session is a group too
    while not _ended(child.pid):
        readable, _, _ = select.select([0, woken], [], [])
        received = os.read(woken, 64) if woken in readable else b""
        if 0 in readable or any(number != signal.SIGCHLD for number in received):
            break
    # After its leader is gone a group may still hold its helpers. The leader is collected only afterwards: until
    # then its number is nobody else's.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
