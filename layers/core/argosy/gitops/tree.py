"""What rendering is planned on: the files of a commit, read and never written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Tree"]


class Tree(Protocol):
    """Files by paths from the repository's root; symbolic links are followed as long as they stay inside."""

    def files(self, folder: str, *, recurse: bool = False) -> Sequence[str]:
        """The files in a folder, as paths from that folder, sorted as Go walks them. Raises InvalidObject if it is none."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        ...

    def read(self, path: str) -> str:
        """The text of a file. Raises InvalidObject for one that is not there, is too large or no text."""
        ...
