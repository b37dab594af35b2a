"""jq, as a port that costs nothing until the first program: `LazyJq`.

Made by the entry points for each installation; what stands behind it and what it may do: `argosy.adapters.jq.process`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argosy.adapters.jq.process import JqProcess

__all__ = ["LazyJq"]


class LazyJq:
    """The `Jq` port on a process that is started by the first program; safe to use from several threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._made: JqProcess | None = None

    def check(self, program: str) -> None:
        """See `Jq.check`."""
        self._process().check(program)

    def first(self, program: str, document: str) -> str:
        """See `Jq.first`."""
        return self._process().first(program, document)

    def _process(self) -> JqProcess:
        with self._mutex:
            if self._made is None:
                from argosy.adapters.jq.process import JqProcess

                self._made = JqProcess()
            return self._made
