"""Workshop port: where a commit's files are unpacked, looked at, and tools are run on them.

A bench is one commit's files in a folder of its own, for one render, gone afterwards; parts may lie in it and beside it.
Whoever makes one must hold to this: nothing of an archive leaves its folder (names, links, devices); a tool sees no
environment of ours, no network and nothing outside, and ends within its limits of time, memory and output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["Bench", "Run", "Workshop"]


class Run(Protocol):
    """What is to be run; `argosy.gitops.calls.Call` is one."""

    @property
    def tool(self) -> str:
        """A name of `Workshop.versions`, or `plugin`: then the first argument is the program."""
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

    @property
    def starts(self) -> Sequence[str]:
        """Tools that it starts itself: names of `Workshop.versions`."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What a plugin finds in its environment."""
        ...

    @property
    def networked(self) -> bool:
        """Whether a plugin gets a network."""
        ...

    @property
    def keeps_modes(self) -> bool:
        """Whether a plugin may find files of the repository that can be run."""
        ...


class Bench(Protocol):
    """Files by paths from their root; links are followed inside it, and a path that leads out raises InvalidObject.

    `../NAME/…` is a path in the part of that name, whose root is then the one that counts.
    """

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

    def write(self, path: str, text: str) -> None:
        """Put a text in the place of a file, or where there is none. Raises InvalidObject where that cannot be."""
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

    def browse(self, digest: str, archive: Callable[[], bytes]) -> AbstractContextManager[Bench]:
        """The files of an archive to look at, kept for who comes next; `archive` is called when they are not there.

        Nothing can be run on it. Raises EvaluationError for an archive that is not taken, and what `archive` raises.
        """
        ...

    def bench(self, archive: bytes, parts: Mapping[str, bytes] = ...) -> AbstractContextManager[Bench]:
        """Unpack a `Snapshot`'s archive for the length of a `with`, and further ones where `parts` says.

        A part's place is a folder from the root that is not there yet or is empty, or `../NAME` for a folder beside the
        root. Raises EvaluationError for an archive that is not taken and a place that is occupied or none.
        """
        ...
