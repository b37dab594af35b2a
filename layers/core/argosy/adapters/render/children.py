"""Runs a command in the cage and reads what it says, as long as it may.

In: a command, its folder and environment, limits; out: what it wrote. Called by `workshop`. Whatever ends the wait (time,
too much output, an exception here), the command and all that it started are killed first.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from argosy.errors import EvaluationError

__all__ = ["Ended", "Limits", "run"]

_CAGE: Final = Path(__file__).with_name("cage.py")
_CHUNK: Final = 1 << 16
_WORDS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` on the clock and of processor time; bytes of `memory`, of `output` and of the largest `file` written."""

    seconds: float = 60.0
    memory: int = 1_000_000_000
    output: int = 64_000_000
    file: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (negative: the signal that killed it), and what it wrote."""

    code: int
    output: bytes
    words: bytes


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    given: Path,
    limits: Limits,
    *,
    networked: bool = False,
) -> Ended:
    """Run a command that reads the file `given`. Raises EvaluationError when it takes too long or says too much."""
    told = {"seconds": int(limits.seconds) + 1, "memory": limits.memory, "file": limits.file, "parent": os.getpid()}
    told["network"] = int(networked)
    # Where Python's own libraries lie (Lambda); the cage takes it away again.
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    end = time.monotonic() + limits.seconds
    with given.open("rb") as text:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_CAGE), json.dumps(told), *command],
            cwd=folder,
            env={**environment, **libraries},
            stdin=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    with _killed_in_the_end(process):
        output, words = _read(process, end, limits)
        try:
            code = process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise _too_long(limits) from None
    return Ended(code, output, words)


def _read(process: subprocess.Popen[bytes], end: float, limits: Limits) -> tuple[bytes, bytes]:
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    assert process.stderr is not None  # noqa: S101 - asked for when it was started
    found: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    output, words = found.values()
    with selectors.DefaultSelector() as waiting:
        for stream in (process.stdout, process.stderr):
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(end - time.monotonic())
            if not ready and time.monotonic() >= end:
                raise _too_long(limits)
            for key, _ in ready:
                data = os.read(key.fd, _CHUNK)
                found[key.fd] += data
                if not data:
                    waiting.unregister(key.fileobj)
            del words[_WORDS:]
            if len(output) > limits.output:
                raise EvaluationError(f"it makes more than {limits.output} bytes")
    return bytes(output), bytes(words)


def _too_long(limits: Limits) -> EvaluationError:
    return EvaluationError(f"it takes longer than {limits.seconds:g} s")


@contextlib.contextmanager
def _killed_in_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        # The group first: its leader is collected afterwards, and its number is nobody else's until then.
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        streams: list[IO[bytes] | None] = [process.stdout, process.stderr]
        for stream in streams:
            if stream is not None:
                stream.close()
