"""jq in a process of its own: `JqProcess` is the `Jq` port.

In: programs and JSON texts; out: JSON texts. Used by the service that runs sensors and by the check of sensors. The library
(jq 1.13) would show the credentials in our environment to every program (`env`, `$ENV`) and cannot be stopped, so it is
loaded by `worker` alone: a Python without environment, with limits, that is started when it is first needed, kept, and
fed over pipes. One that takes too long is killed, one that has died is replaced; it ends when its input does, that is with
us. One program runs at a time.

Behaves as gojq 0.12.19 in Argo Events 1.9 as far as jq 1.8 can be brought to it: keys are sorted, numbers of the document
are float64, those of the program exact, `halt_error` fails. Left: the order of keys of an object that the program itself
builds shows in `.[]` and `tojson`; integers beyond 2^53 are not exact in arithmetic; some texts of errors and what only one
of the two knows (`$__loc__` as a shorthand, formats as keys).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

from argosy.errors import EvaluationError

__all__ = ["JqProcess"]

_WORKER: Final = Path(__file__).with_name("worker.py")
_EXACT: Final = 1 << 53
_LARGEST: Final = sys.float_info.max
_START_SECONDS: Final = 30.0
_HEAD: Final = 4


class JqProcess:
    """The port on one process; safe to use from several threads.

    `seconds`: how long one program may take, `memory`: bytes of the process, `output`: bytes of an answer.
    """

    def __init__(self, *, seconds: float = 2.0, memory: int = 256 << 20, output: int = 1 << 20) -> None:
        self._seconds, self._memory, self._output = seconds, memory, output
        self._mutex = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._last = weakref.finalize(self, _end, self._processes)

    def check(self, program: str) -> None:
        """See `Jq.check`."""
        self._ask("check", program, "null")

    def first(self, program: str, document: str) -> str:
        """See `Jq.first`."""
        outputs = self._ask("first", program, document)
        if not outputs:
            raise EvaluationError("jq: the program has no output")
        return json.dumps(_read(outputs[0]), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def outputs(self, program: str, document: str) -> list[Any]:
        """All outputs as JSON values. Raises as `first`, but not for the numbers."""
        return [_read(text) for text in self._ask("all", program, document)]

    def close(self) -> None:
        """End the process; the next program would start another."""
        with self._mutex:
            _end(self._processes)

    def _ask(self, what: str, program: str, document: str) -> list[str]:
        try:
            text = json.dumps(_float64(json.loads(document)), sort_keys=True)
        except (ValueError, RecursionError) as x:
            raise EvaluationError(f"jq: the document is no JSON: {x}") from x
        message = {"what": what, "program": program, "document": text}
        with self._mutex:
            answer = self._exchange(json.dumps(message).encode())
        if "error" in answer:
            raise EvaluationError(f"jq: {answer['error']}")
        outputs: list[str] = answer["outputs"]
        return outputs

    def _exchange(self, message: bytes) -> Mapping[str, Any]:
        try:
            process = self._running()
            deadline = time.monotonic() + self._seconds
            assert process.stdin is not None  # noqa: S101 - asked for when it was started
            process.stdin.write(len(message).to_bytes(_HEAD) + message)
            process.stdin.flush()
            answer: Mapping[str, Any] = json.loads(_receive(process, deadline, self._output + (1 << 16)))
        except TimeoutError:
            _end(self._processes)
            raise EvaluationError(f"jq: the program took more than {self._seconds:g} s") from None
        except (EOFError, OSError) as x:
            _end(self._processes)
            raise EvaluationError("jq: the program was stopped at its limit of time or memory") from x
        except BaseException:
            _end(self._processes)  # half an answer would be taken for the next one's
            raise
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._processes and self._processes[0].poll() is None:
            return self._processes[0]
        _end(self._processes)
        process = _start(self._seconds, self._memory, self._output)
        self._processes.append(process)
        _receive(process, time.monotonic() + _START_SECONDS, 1 << 10)
        return process


def _start(seconds: float, memory: int, output: int) -> subprocess.Popen[bytes]:
    spec = find_spec("jq")
    if spec is None or spec.origin is None:
        raise EvaluationError("jq: the library is not installed; install the package `jq`")
    limits = json.dumps({"seconds": seconds, "memory": memory, "output": output, "library": spec.origin})
    # Where Python's own libraries lie (Lambda); the worker takes it away again.
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_WORKER), limits],
        cwd="/",
        env=libraries,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _receive(process: subprocess.Popen[bytes], deadline: float, most: int) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        length = int.from_bytes(_exactly(process.stdout, waiting, _HEAD, deadline))
        if length > most:
            raise EOFError(f"an answer of {length} bytes")
        return _exactly(process.stdout, waiting, length, deadline)


def _exactly(stream: IO[bytes], waiting: selectors.BaseSelector, length: int, deadline: float) -> bytes:
    found = bytearray()
    while len(found) < length:
        left = deadline - time.monotonic()
        if left <= 0 or not waiting.select(left):
            raise TimeoutError
        part = os.read(stream.fileno(), length - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    while processes:
        process = processes.pop()
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


def _float64(value: Any) -> Any:
    """A JSON value with numbers as Go reads them."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        try:
            return int(float(value))
        except OverflowError:
            raise ValueError("a number beyond float64") from None
    if isinstance(value, list):
        return [_float64(one) for one in value]
    if isinstance(value, dict):
        return {key: _float64(one) for key, one in value.items()}
    return value


def _read(text: str) -> Any:
    """An output as a JSON value: whole numbers as integers, infinities as the largest number, as gojq writes them."""
    try:
        return json.loads(text, parse_float=_number)
    except (ValueError, RecursionError) as x:
        raise EvaluationError(f"jq: an output that cannot be read: {x}") from x


def _number(text: str) -> int | float:
    number = max(-_LARGEST, min(_LARGEST, float(text)))
    return int(number) if number.is_integer() and abs(number) < 1e21 else number
