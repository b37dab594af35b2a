"""Become another program, with less: `python -I -S cage.py LIMITS COMMAND…`.

In: LIMITS, a JSON object of `seconds` (of processor time), `memory` and `file` (bytes), `parent` (a process id) and
`network` (1: it may have sockets); out: nothing, COMMAND runs in this process's place. It ends with its parent, cannot write
cores or large files, and (on Linux, without `network`) gets no socket of any kind, by a seccomp filter that it cannot take
off; where the kernel refuses the filter, COMMAND is not run. On other systems there is no filter. Standard library only;
called by `children`.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import struct
import sys

_PDEATHSIG, _SECCOMP, _NO_NEW_PRIVILEGES = 1, 22, 38
_FILTER_MODE = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL, _ALLOW, _REFUSE = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EACCES
_X32 = 0x40000000
# The architecture's number for the kernel's audit, its `socket`, and `io_uring_setup`, which could open sockets, too.
_NUMBERS = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _without_sockets(machine: str) -> bytes:
    audit, socket, ring = _NUMBERS[machine]
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 2, 0, _X32),
        (_EQUAL, 1, 0, socket),
        (_EQUAL, 0, 1, ring),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _locked(parent: int, *, network: bool) -> None:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went away before the kernel was asked
        os._exit(1)
    if network:
        return
    code = _without_sockets(platform.machine())
    program = _Program(len(code) // 8, code)
    done = prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)
    if done != 0:
        sys.exit(f"the kernel refuses to take the network away: {os.strerror(ctypes.get_errno())}")


def main(limits: dict[str, int], command: list[str]) -> None:
    """Give up what the limits say, then become the command."""
    for what, most in (
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_DATA, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CORE, 0),
    ):
        # Both limits alike: the kernel kills at once, where a signal would have the tool tell of its insides.
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        _locked(limits["parent"], network=bool(limits.get("network")))
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    os.execve(command[0], command, environment)  # noqa: S606 - the list of arguments is the point


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
