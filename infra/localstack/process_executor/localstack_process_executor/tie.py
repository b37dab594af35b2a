"""Become another program that the kernel kills when the thread that started it ends.

In: `python -I -S tie.py PARENT COMMAND…`, PARENT the process id of the one who starts it. Out: the command, in this
very process. Called by `executor` and `host_mode` for everything that LocalStack starts, so that nothing is left
when LocalStack is killed. The caller's thread has to wait for the command (the kernel watches threads, not
processes). Done here and not between fork and exec, where a program of many threads must not run Python.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

__all__ = ["tied"]

_PR_SET_PDEATHSIG = 1


def tied(command: list[str]) -> list[str]:
    """The command line that runs `command` tied to the calling thread."""
    return [sys.executable, "-I", "-S", str(Path(__file__)), str(os.getpid()), *command]


def _main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went away before the kernel was asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - an argument list of our own, no shell wanted


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
