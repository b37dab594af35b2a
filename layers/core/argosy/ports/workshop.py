"""Workshop port: where a commit's files are unpacked, looked at, and tools are run on them.

A bench is one commit's files in a folder of its own, for one render, gone afterwards. Whoever makes one must hold to this:
nothing of an archive leaves its folder (names, links, devices); a tool sees no environment of ours, no network and nothing
outside, and ends within its limits of time, memory and output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["Bench", "Run", "Workshop"]


class Run(Protocol):
    """What is to be run; `argosy.gitops.calls.Call` is one."""

    @property
    def tool(self) -> str:
        """A name of `Workshop.versions`."""
        ...

    @property
    def arguments(self) -> tuple[str, ...]:
        """As the tool takes them."""
        ...

    @property
    def folder(self) -> str:
        """Where it runs, from the root of the files."""
        ...

    @property
    def text(self) -> str:
        """What it reads on standard input."""
        ...


class Bench(Protocol):
    """Files by paths from their root; links are followed inside it, and a path that leads out raises InvalidObject."""

    def files(self, folder: str, *, recurse: bool = False) -> Sequence[str]:
        """The files in a folder, as paths from there, in the order of Go's `filepath.Walk`.

        Raises InvalidObject when it is no folder, or one of a submodule, which is empty.
        """
        ...

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        ...

    def read(self, path: str) -> str:
        """The text of a file. Raises InvalidObject for one that is not there, too large or not UTF-8."""
        ...

    def run(self, call: Run) -> str:
        """Run a tool; what it printed. Raises EvaluationError with the tool's words, free of paths of this machine."""
        ...


class Workshop(Protocol):
    """Makes benches."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The tools that can be run, each with its version."""
        ...

    def bench(self, archive: bytes) -> AbstractContextManager[Bench]:
        """Unpack a `Snapshot`'s archive for the length of a `with`. Raises EvaluationError for one that is not taken."""
        ...
