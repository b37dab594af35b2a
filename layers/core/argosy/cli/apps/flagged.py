"""Options of a command made of a table of flags: those that create and set an Application's spec, or a project's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from argosy.errors import NotFound
from argosy.gitops.editing.flags import FLAGS, Flag

__all__ = ["flagged"]


def flagged(function: Callable[..., None], table: Sequence[Flag] = FLAGS) -> Callable[..., None]:
    """Replace its parameter `flags` by an option for each flag of a table; it is called with those that were given."""
    own = inspect.signature(function, eval_str=True)
    parameters = [one for name, one in own.parameters.items() if name != "flags"]
    options = [_option(flag) for flag in table]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        flags = {flag.key: _given(flag, given.pop(flag.key)) for flag in table}
        function(**given, flags=flags)

    command.__signature__ = own.replace(parameters=[*parameters, *options])  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in (*parameters, *options)}
    return command


def _option(flag: Flag) -> inspect.Parameter:
    names = [one for one in (flag.name, flag.short) if one]
    kind: Any = list[str] if flag.type is list else flag.type
    if flag.type is bool:
        names = [f"{one}/--no-{one.removeprefix('--')}" for one in names]
    annotation = Annotated[kind | None, typer.Option(*names, help=flag.help)]
    return inspect.Parameter(flag.key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _given(flag: Flag, value: Any) -> Any:
    if value is None or flag.type is not Path:
        return value
    try:
        return value.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as x:
        raise NotFound(f"{flag.name} {value}: cannot be read: {x}") from x
