"""Finds what belongs to the product but is no Python: in the repository, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

import argosy
from argosy.errors import NotFound

__all__ = ["locate"]


def locate(*parts: str) -> Path:
    """The path of `functions/…` or `examples/…`. Raises NotFound when this installation does not carry it."""
    package = Path(argosy.__file__).parent
    first, *rest = parts
    for path in (package.joinpath(f"_{first}", *rest), package.parents[2].joinpath(first, *rest)):
        if path.exists():
            return path
    raise NotFound(f"{'/'.join(parts)} is not part of this installation")
