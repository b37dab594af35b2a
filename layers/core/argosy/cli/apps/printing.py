"""How Applications and projects are printed: labels with values, tables, JSON and YAML, colours on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import typer

from argosy.cli.output import aligned
from argosy.errors import InvalidObject
from argosy.gitops.showing import applications as showing
from argosy.resources.yamlwriter import write_value

if TYPE_CHECKING:
    from rich.text import Text

    from argosy.resources.application import Application
    from argosy.resources.application_operation import OperationState
    from argosy.resources.appproject import SyncWindow

__all__ = [
    "Format",
    "coloured",
    "print_lines",
    "print_operation",
    "print_resources",
    "print_rows",
    "print_summary",
    "print_value",
    "taking",
]

_LABEL: Final = 20
_COLOURS: Final = {
    **dict.fromkeys(("Healthy", "Synced", "Succeeded"), "green"),
    **dict.fromkeys(("Progressing", "OutOfSync", "Running", "Missing", "Terminating"), "yellow"),
    **dict.fromkeys(("Degraded", "Failed", "Error", "SyncFailed"), "red"),
    **dict.fromkeys(("Suspended", "Pruned", "PruneSkipped"), "cyan"),
}


class Format(StrEnum):
    """Values of `-o` as argocd has them; each verb takes some (`taking`)."""

    WIDE = "wide"
    TREE = "tree"
    NAME = "name"
    ID = "id"
    JSON = "json"
    YAML = "yaml"


def taking(*formats: Format) -> Any:
    """The option `-o` of a verb that knows these formats; any other is an error in argocd's words."""
    known = f"{', '.join(formats[:-1])} or {formats[-1]}"

    def read(text: str) -> Format:
        if text not in formats:
            raise InvalidObject(f"unknown output format: {text}: give {known}")
        return Format(text)

    return typer.Option("--output", "-o", parser=read, metavar="FORMAT", help=f"{known}.")


def coloured(cell: str) -> Text:
    """A cell for a terminal."""
    from rich.text import Text

    return Text(cell, style=_COLOURS.get(cell, ""))


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """A table."""
    for line in aligned(rows):
        typer.echo(line)


def print_lines(lines: Iterable[tuple[str, str]], width: int = _LABEL) -> None:
    """Labels with their values."""
    for label, value in lines:
        typer.echo(f"{label:<{width}}{value}".rstrip())


def print_value(value: Any, output: Format) -> None:
    """A value as JSON or YAML."""
    text = json.dumps(value, indent=2) if output is Format.JSON else write_value(value)
    typer.echo(text.rstrip("\n"))


def print_summary(app: Application, windows: Sequence[SyncWindow] | None) -> None:
    """The head of `app get`, and the conditions. `windows`: None = nobody knows them."""
    print_lines(showing.summary(app, windows, datetime.now(UTC)))
    if app.status.conditions:
        typer.echo()
        print_rows(showing.conditions(app))


def print_operation(state: OperationState) -> None:
    """The last operation."""
    print_lines(showing.operation(state, datetime.now(UTC)))


def print_resources(app: Application) -> None:
    """The objects, if there are any."""
    rows = showing.resources(app)
    if len(rows) > 1:
        typer.echo()
        print_rows(rows)
