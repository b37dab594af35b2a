"""A run of a tool, as data: what planning hands to whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Call", "Tool"]

type Tool = Literal["helm", "kustomize", "jsonnet"]


@dataclass(frozen=True, slots=True)
class Call:
    """Run `tool` with `arguments` in `folder` (from the repository's root); `text` is what it reads on standard input."""

    tool: Tool
    arguments: tuple[str, ...]
    folder: str
    text: str = ""

    def __str__(self) -> str:
        return " ".join((self.tool, *self.arguments))
