"""Makers port: the functions that fetch and render, for a function that may do neither itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Makers"]


class Makers(Protocol):
    """Calls a function and waits for its answer."""

    def call(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of `fetch` or `render` to a request of theirs.

        Raises Unavailable when it cannot be called, or ended early.
        """
        ...
