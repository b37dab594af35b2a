"""What the arguments that verbs share mean: which Applications, sources and resources.

In: words of a command line, and for sources the Application. Out: what they name, or an error that says how to name it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from argosy.errors import InvalidObject, NotFound
from argosy.gitops.showing.applications import qualified
from argosy.gitops.waiting import Selector
from argosy.resources.application import Application

__all__ = [
    "Labels",
    "Name",
    "Names",
    "Position",
    "Positions",
    "Resources",
    "SourceName",
    "SourceNames",
    "Timeout",
    "by_place",
    "pair",
    "selector",
]

Name = Annotated[str, typer.Argument(metavar="APPNAME", help="NAME or NAMESPACE/NAME of the Application.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[APPNAME...]", help="NAME or NAMESPACE/NAME.")]
Labels = Annotated[str, typer.Option("--selector", "-l", help="The Applications with these labels.")]
Timeout = Annotated[int, typer.Option("--timeout", help="Time out after this many seconds; 0 = never.")]
Positions = Annotated[
    list[str] | None,
    typer.Option(
        "--source-positions", metavar="INTEGER", help="The places, from 1, that --revisions are for; 1,2 or repeated."
    ),
]
SourceNames = Annotated[
    list[str] | None, typer.Option("--source-names", help="The names of the sources that --revisions are for.")
]
Position = Annotated[int, typer.Option("--source-position", help="Of several sources the one at this place, from 1.")]
SourceName = Annotated[str, typer.Option("--source-name", help="Of several sources the one of this name.")]
Resources = Annotated[
    list[str] | None,
    typer.Option("--resource", help="These resources alone: [!]GROUP:KIND:[NAMESPACE/]NAME; may be repeated."),
]


def selector(text: str) -> Selector:
    """What `--resource` names. Raises InvalidObject for what has another form."""
    excludes = text.startswith("!")
    parts = text.removeprefix("!").split(":")
    if len(parts) != 3 or not parts[2]:
        raise InvalidObject(f"--resource {text!r} is not [!]GROUP:KIND:[NAMESPACE/]NAME (the core group is empty)")
    namespace, _, name = parts[2].rpartition("/")
    return Selector(parts[0], parts[1], name, namespace, excludes)


def by_place(
    app: Application, revisions: Sequence[str] | None, places: Sequence[str] | None, names: Sequence[str] | None
) -> dict[int, str] | None:
    """`--revisions` by `--source-positions` or `--source-names`, None for none.

    Raises InvalidObject when they are not as many, both are given, or a place is no number, NotFound for a name that no
    source has.
    """
    if places and names:
        raise InvalidObject("give --source-positions or --source-names, not both")
    chosen = _numbers(places or ()) or [_place_of(app, one) for one in names or ()]
    if len(revisions or ()) != len(chosen):
        raise InvalidObject("give as many --source-positions or --source-names as --revisions")
    return dict(zip(chosen, revisions or (), strict=True)) or None


def _numbers(places: Sequence[str]) -> list[int]:
    try:
        return [int(one) for text in places for one in text.split(",")]
    except ValueError as x:
        raise InvalidObject(f"{','.join(places)!r} are no places like 1,2", field="--source-positions") from x


def _place_of(app: Application, name: str) -> int:
    known = [one.name for one in app.spec.all_sources]
    if name not in known:
        raise NotFound(f"application '{qualified(app)}' has no source of the name {name!r}")
    return known.index(name) + 1


def pair(text: str, flag: str) -> dict[str, str]:
    """KEY=VALUE of a flag. Raises InvalidObject."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidObject(f"{flag} {text!r} is not KEY=VALUE")
    return {"name": key, "value": value}
