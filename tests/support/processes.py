"""Processes of a test's own: scripts that use the product, get killed, or meet a full disk."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import argosy

DEADLINE = 60.0
"""Seconds that a condition may take; machines that run tests are sometimes very busy."""


OURS = (
    "PYTHONDONTWRITEBYTECODE",
    *(f"ARGOSY_{name}" for name in ("CONTEXT", "DATA", "SERVER", "STACK", "TOKEN")),
)


def environment(**more: str) -> dict[str, str]:
    """The environment for processes: the product importable, its bytecode cached, nothing of this machine's settings."""
    kept = {key: value for key, value in os.environ.items() if key not in OURS}
    # Contexts of whoever runs the tests are none of theirs, and nothing can be made in this place.
    kept["XDG_CONFIG_HOME"] = "/proc/nowhere"
    return kept | {"PYTHONPATH": str(Path(argosy.__file__).parents[1]), "PYTHONUNBUFFERED": "1"} | more


class Script:
    """A Python script in a process of its own. It prints `ready` and waits for a line before it does its work."""

    def __init__(self, text: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", text, *(str(argument) for argument in arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        self._text = b""

    def go(self) -> None:
        """Wait until the script is ready and let it begin."""
        assert self.line() == "ready"
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def line(self) -> str:
        """The next line that the script prints."""
        end = time.monotonic() + DEADLINE
        assert self._process.stdout is not None
        while b"\n" not in self._text:
            left = end - time.monotonic()
            assert left > 0, f"the script printed no line within {DEADLINE:.0f} s"
            if select.select([self._process.stdout], [], [], left)[0]:
                found = os.read(self._process.stdout.fileno(), 65536)
                assert found, f"the script ended with {self._process.wait(DEADLINE)} before it printed a line"
                self._text += found
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._end()

    def finish(self) -> None:
        """Wait for the end, which must be a good one."""
        code = self._end()
        assert code == 0, f"the script ended with {code}"

    def _end(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            return self._process.wait(DEADLINE)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()


def disk_full(text: str) -> str:
    """`text` with `full(folder)`, after which no file of this process can grow much, and `room()`, which ends that."""
    return f"""
import resource
def full(folder):
    size = max(path.stat().st_size for path in folder.iterdir() if path.is_file())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, resource.RLIM_INFINITY))
def room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
{text}"""
