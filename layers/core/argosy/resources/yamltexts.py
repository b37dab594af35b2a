"""YAML as texts, lists and mappings, for files in which `version: 1.10` means the text that stands there.

In: text; out: the first document, scalars as they are written. Called by what reads indexes of charts.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.resources.yamltree import Node, documents

__all__ = ["texts_of"]

_MOST_NODES: Final = 5_000_000


def texts_of(text: str, file: str = "") -> Any:
    """The first document: `str`, `list` or `dict`, None for nothing. A null or an empty scalar is "".

    Raises InvalidObject for what is not YAML, is nested too deeply, or holds itself many times over.
    """
    for root in documents(text, file):
        return _Reader(file).read(root, 0)
    return None


class _Reader:
    def __init__(self, file: str) -> None:
        self._left, self._file = _MOST_NODES, file

    def read(self, node: Node, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > 200:
            raise InvalidObject("too large, or it holds itself", line=node.line, file=self._file)
        if node.items is not None:
            return [self.read(one, depth + 1) for one in node.items]
        if node.pairs is not None:
            return {key.text or "": self.read(value, depth + 1) for key, value in node.pairs}
        return "" if node.plain and node.text in ("~", "null") else node.text or ""
