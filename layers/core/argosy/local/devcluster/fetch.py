"""Get binaries in a process of its own and tell the parent line by line.

In: `python -m argosy.local.devcluster.fetch PLAN NAME…`; PLAN is the supervisor's plan file. Out, on standard
output: one JSON object per line, `{"binary": …, "state": "fetching" | "ready" | "unavailable", "path" or "message":
…}`. Called by the supervisor, below the guard.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from argosy.errors import ArgosyError
from argosy.local.devcluster.binaries import BinaryCache, preset_directory
from argosy.local.devcluster.files import read_json
from argosy.local.devcluster.sources import default_sources
from argosy.local.devcluster.state import Plan

__all__ = ["main"]


def _tell(**fields: str) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


class _Telling:
    """Progress for the parent's state file."""

    def __init__(self, binary: str) -> None:
        self._binary = binary

    def note(self, line: str, /) -> None:
        _tell(binary=self._binary, state="fetching", message=line)

    @contextlib.contextmanager
    def step(self, title: str, _seconds: float, /) -> Iterator[None]:
        _tell(binary=self._binary, state="fetching", message=title)
        yield


def main(arguments: list[str]) -> int:
    """Obtain each binary; 1 when one of them cannot be had."""
    locations = Plan(**read_json(Path(arguments[0]))).locations()
    sources = default_sources(locations)
    failed = 0
    for name in arguments[1:]:
        cache = BinaryCache(locations.binaries, sources, preset=preset_directory(), progress=_Telling(name))
        try:
            _tell(binary=name, state="ready", path=str(cache.obtain([name])[name]))
        except (ArgosyError, OSError) as error:
            _tell(binary=name, state="unavailable", message=str(error))
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
