"""Copies of decoded JSON: several times quicker than `copy.deepcopy`, which remembers all that it has seen.

In: objects, lists and plain values, in a tree. Out: the same in containers of its own.
"""

from __future__ import annotations

from typing import Any, cast

__all__ = ["copied"]


def copied[T](value: T) -> T:
    """The same, which shares no object and no list with it. Raises RecursionError for what is nested too deep."""
    return cast("T", _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value
