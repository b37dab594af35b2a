"""Finds what flat maps name: `package.module:attribute`, imported when it is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["load"]


@cache
def load(place: str) -> Any:
    """The attribute that stands at `package.module:attribute`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
