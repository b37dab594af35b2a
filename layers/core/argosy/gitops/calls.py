"""A run of a tool, as data: what planning hands to whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Call", "Tool"]

type Tool = Literal["helm", "kustomize", "jsonnet", "plugin"]


@dataclass(frozen=True, slots=True)
class Call:
    """Run `tool` with `arguments` in `folder` (from the repository's root); `text` is what it reads on standard input.

    `starts`: tools that it starts itself, and finds on its PATH. The tool `plugin` is the first of its arguments, on the
    PATH of whoever runs it; it alone has an `environment`, may be `networked`, and without `keeps_modes` finds no file that
    could be run.
    """

    tool: Tool
    arguments: tuple[str, ...]
    folder: str
    text: str = ""
    starts: tuple[Tool, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    networked: bool = False
    keeps_modes: bool = True

    def __str__(self) -> str:
        return " ".join(self.arguments if self.tool == "plugin" else (self.tool, *self.arguments))
