"""`argosy app add-source` and `remove-source`: the list of an Application's sources."""

from __future__ import annotations

from typing import Any

import typer

from argosy.cli.apps.choosing import Name, Position, SourceName
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.creating import check
from argosy.cli.apps.flagged import flagged
from argosy.cli.apps.store import application
from argosy.errors import InvalidObject
from argosy.gitops.editing import choosing
from argosy.gitops.editing.flags import FLAGS, put_flags

__all__ = ["register"]

type Json = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("add-source", cls=Verb)(flagged(add_source, [flag for flag in FLAGS if flag.source]))
    app.command("remove-source", cls=Verb)(remove_source)


def add_source(context: typer.Context, flags: Json, name: Name) -> None:
    """Add a source to those of an application that has several."""
    if not any(value is not None for value in flags.values()):
        raise InvalidObject("which source? `argosy app add-source --help` lists the flags")
    with store(context) as apps:

        def edit(body: Json) -> None:
            place = choosing.add_source(body["spec"], name)
            put_flags(body["spec"], flags, place)
            check(apps, body)

        apps.change(name, edit)
    typer.echo(f"Application '{name}' updated successfully")


def remove_source(context: typer.Context, name: Name, position: Position = 0, source_name: SourceName = "") -> None:
    """Remove a source of an application that has several."""

    def edit(body: Json) -> None:
        choosing.remove_source(body["spec"], choosing.place_of(body["spec"], position, source_name))
        application(body)

    with store(context) as apps:
        apps.change(name, edit)
    typer.echo(f"Application '{name}' updated successfully")
