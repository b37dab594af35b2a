"""`argosy events redrive`."""

from __future__ import annotations

from typing import Annotated

import typer

from argosy.cli.options import Data, connected

__all__ = ["app"]

app = typer.Typer(help="Events on their way, and those that came to nothing.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """Events on their way, and those that came to nothing."""


@app.command()
def redrive(
    context: typer.Context,
    queue: Annotated[str, typer.Argument(help="A queue with dead letters; left out: each of them.")] = "",
    data: Data = None,
) -> None:
    """Send dead letters back to the queue that they came from; `argosy get queues` counts them."""

    def told(moved: int, total: int) -> None:
        typer.echo(f"{name}: {moved} of about {total} so far", err=True)

    with connected(context, data) as client:
        names = [queue] if queue else [each["name"] for each in client.queues() if each["deadLetters"]]
        for name in names:
            typer.echo(f"{name}: {client.redrive(name, told)} sent back")
