"""How objects are shown: `-o json|yaml|wide|name` or a table, as kubectl does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import typer

from argosy.resources.yamlwriter import write_value

__all__ = ["Column", "OutputFormat", "aligned", "show"]


class OutputFormat(StrEnum):
    """Values of `-o`."""

    TABLE = "table"
    WIDE = "wide"
    NAME = "name"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `wide` ones are shown with `-o wide` only."""

    title: str
    cell: Callable[[Mapping[str, Any]], str]
    wide: bool = False


def show(
    objects: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    output: OutputFormat,
    *,
    single: bool,
    heading: bool = True,
) -> None:
    """Print objects; `single` prints a lone object itself in JSON and YAML, not a list of one.

    Without `heading` a table is rows alone, and documents of YAML are divided: what follows something that was shown.
    """
    if not heading and output is OutputFormat.YAML:
        typer.echo("---")
    if output in (OutputFormat.JSON, OutputFormat.YAML):
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        body = objects[0] if single and len(objects) == 1 else listed
        text = json.dumps(body, indent=2) if output is OutputFormat.JSON else write_value(body)
        typer.echo(text.rstrip("\n"))
    elif output is OutputFormat.NAME:
        for one in objects:
            metadata = one.get("metadata") or {}
            typer.echo(f"{str(one.get('kind', '')).lower()}.argoproj.io/{metadata.get('name', one.get('name', ''))}")
    elif not objects:
        typer.echo("nothing found", err=True)
    else:
        _table(objects, [column for column in columns if output is OutputFormat.WIDE or not column.wide], heading)


def _table(objects: Sequence[Mapping[str, Any]], columns: Sequence[Column], heading: bool) -> None:
    rows = [[column.title for column in columns]] + [[column.cell(one) for column in columns] for one in objects]
    lines = aligned(rows, gap=3)
    for line in lines if heading else lines[1:]:
        typer.echo(line)


def aligned(rows: Sequence[Sequence[str]], *, gap: int = 2) -> list[str]:
    """Lines with their cells in columns; the last cell of a row makes no column wider, as in Go's tabwriter."""
    longest = max((len(row) for row in rows), default=0)
    widths = [max((len(row[index]) for row in rows if index < len(row) - 1), default=0) for index in range(longest)]
    space = " " * gap
    return [space.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
