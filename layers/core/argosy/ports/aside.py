"""Aside port: what nobody waits for is done at once, or later by whoever has time for it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Aside", "at_once"]

type Aside = Callable[[Callable[[], None]], None]
"""Has something done that may fail, and whose end nobody awaits. It may be lost with its process."""


def at_once(do: Callable[[], None]) -> None:
    """Before the call returns: for functions, which are frozen when they have answered."""
    do()
