"""`argosy events redrive`."""

from __future__ import annotations

from typing import Annotated

import typer

from argosy.cli.objects import Data, installation

__all__ = ["app"]

app = typer.Typer(help="Events on their way, and those that came to nothing.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """Events on their way, and those that came to nothing."""


@app.command()
def redrive(
    queue: Annotated[str, typer.Argument(help="bus or triggers; left out: both.")] = "", data: Data = None
) -> None:
    """Send dead letters back to the queue that they came from; `argosy get queues` counts them."""
    from argosy.services.queues import BUS, TRIGGERS

    with installation(data, make=False) as found:
        for name in (queue,) if queue else (BUS, TRIGGERS):
            typer.echo(f"{name}: {found.redrive(name)} sent back")
