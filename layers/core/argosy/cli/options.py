"""Options that all commands share: they say which installation a command is for.

They may stand anywhere on the command line, before or after the command, as kubectl's may: `hoisted` brings them to
the front, where the main program's callback takes them into the typer context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from argosy.cli.client import Client

__all__ = ["Data", "connected", "hoisted", "remember"]

_SHARED: Final = ("--stack", "--region", "--profile", "--server", "--token-file", "--context")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory of this machine (default: $ARGOSY_DATA or ~/.local/state/argosy)."),
]


def hoisted(arguments: Sequence[str], shared: Sequence[str] = _SHARED) -> list[str]:
    """The command line with the shared options in front, each with its value; nothing after `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in shared:
            value = next(words, None)
            front += [word] if value is None else [word, value]
        elif word.startswith(tuple(f"{option}=" for option in shared)):
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest]


def remember(
    context: typer.Context,
    stack: Annotated[str, typer.Option(help="The Argosy stack of this name on AWS. [$ARGOSY_STACK]")] = "",
    region: Annotated[str, typer.Option(help="AWS region of the stack.")] = "",
    profile: Annotated[str, typer.Option(help="AWS profile for the stack.")] = "",
    server: Annotated[str, typer.Option(help="The API at this URL. [$ARGOSY_SERVER]")] = "",
    token_file: Annotated[str, typer.Option(help="File with the token for --server, else $ARGOSY_TOKEN.")] = "",
    name: Annotated[str, typer.Option("--context", help="A remembered installation. [$ARGOSY_CONTEXT]")] = "",
) -> None:
    """The main program's callback."""
    from argosy.cli.client.target import Chosen

    context.obj = Chosen(stack, region, profile, server, token_file, name)


@contextmanager
def connected(context: typer.Context, data: Path | None, *, make: bool = False) -> Iterator[Client]:
    """A client for the installation that the command line means; `make`: make this machine's data directory if need be."""
    from argosy.cli.client.target import choose, connect

    with connect(choose(context.obj, data), make=make) as client:
        yield client
