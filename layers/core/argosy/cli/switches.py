"""Switches as Go's flags have them: for commands that take the place of an `argocd`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from typer.core import TyperCommand, TyperOption

__all__ = ["Verb"]

_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")


class Verb(TyperCommand):
    """A command whose switches may be given as `--prune=false`, as Go's flags may (strconv.ParseBool)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        return super().parse_args(ctx, [one for word in args for one in _switched(word, self.params)])


def _switched(word: str, parameters: Sequence[object]) -> list[str]:
    name, _, value = word.partition("=")
    if value not in (*_TRUE, *_FALSE):
        return [word]
    for one in parameters:
        if isinstance(one, TyperOption) and one.is_flag and name in one.opts:
            return [name] if value in _TRUE else one.secondary_opts[:1]
    return [word]
