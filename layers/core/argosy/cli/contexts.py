"""`argosy context add|list|use|current|delete`: installations remembered by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from argosy.cli.client.contexts import LOCAL, Contexts, Target, load, save
from argosy.cli.options import Data
from argosy.cli.output import Column, OutputFormat, show
from argosy.errors import InvalidObject

__all__ = ["app"]

app = typer.Typer(help="Installations remembered by name.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    name: str,
    data: Data = None,
    use: Annotated[bool, typer.Option("--use", help="Make it current.")] = False,
) -> None:
    """Remember what --stack, --server or --data name as NAME; a context of that name is replaced."""
    from argosy.cli.client.target import choose

    if not (context.obj.stack or context.obj.server or data):
        raise InvalidObject(
            f"say what {name} is: --stack NAME [--region --profile], --server URL --token-file FILE or --data DIR"
        )
    target = choose(context.obj, data.absolute() if data else None)
    if target.token_file:
        target = _absolute(target)
    contexts = load().adding(name, target)
    save(contexts.using(name) if use else contexts)
    typer.echo(
        f"context {name} remembered" + (" and current" if use else f"; argosy context use {name} makes it current")
    )


@app.command("list")
def list_(output: Annotated[OutputFormat, typer.Option("--output", "-o")] = OutputFormat.TABLE) -> None:
    """Show all contexts; * is current."""
    contexts = load()
    found = [_shown(contexts, name) for name in contexts.names()]
    columns = (
        Column("CURRENT", lambda one: "*" if one["current"] else ""),
        Column("NAME", lambda one: str(one["name"])),
        Column("TARGET", lambda one: str(one["target"])),
    )
    show(found, columns, output, single=False)


@app.command()
def use(name: str) -> None:
    """Make a context current."""
    save(load().using(name))
    typer.echo(f"context {name} is current")


@app.command()
def current() -> None:
    """Show which context is current."""
    contexts = load()
    contexts.get(contexts.current)
    typer.echo(contexts.current)


@app.command()
def delete(name: str) -> None:
    """Forget a context."""
    contexts = load()
    save(contexts.without(name))
    typer.echo(f"context {name} forgotten" + (f"; {LOCAL} is current" if contexts.current == name else ""))


def _shown(contexts: Contexts, name: str) -> dict[str, object]:
    return {"kind": "Context", "name": name, "current": name == contexts.current, "target": str(contexts.get(name))}


def _absolute(target: Target) -> Target:
    return replace(target, token_file=str(Path(target.token_file).expanduser().absolute()))
