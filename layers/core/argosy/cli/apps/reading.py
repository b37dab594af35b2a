"""`argosy app list`, `get`, `history` and `resources`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated, Final

import typer

from argosy.cli.apps.choosing import Name, Position, SourceName
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.live import is_here, orphans_of, owned_by, with_health
from argosy.cli.apps.operating import refreshed
from argosy.cli.apps.printing import (
    Format,
    print_operation,
    print_resources,
    print_rows,
    print_summary,
    print_value,
    taking,
)
from argosy.cli.apps.store import Json, application
from argosy.errors import InvalidObject, NotFound
from argosy.gitops.editing.choosing import place_of
from argosy.gitops.identity import Key, key_of
from argosy.gitops.showing import applications as showing
from argosy.gitops.showing.trees import below, tree
from argosy.resources.application import Application

__all__ = ["register"]

_VALUES: Final = (Format.JSON, Format.YAML)
Output = Annotated[Format, taking(Format.WIDE, Format.TREE, Format.NAME, *_VALUES)]
OutputOfList = Annotated[Format, taking(Format.WIDE, Format.NAME, *_VALUES)]
OutputOfHistory = Annotated[Format, taking(Format.WIDE, Format.ID, *_VALUES)]
OutputOfResources = Annotated[Format, taking(Format.WIDE, Format.TREE, *_VALUES)]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (("list", listing), ("get", get), ("history", history), ("resources", resources)):
        app.command(name, cls=Verb)(verb)


def listing(
    context: typer.Context,
    selector: Annotated[str, typer.Option("--selector", "-l", help="With these labels.")] = "",
    project: Annotated[list[str] | None, typer.Option("--project", "-p", help="Of these projects.")] = None,
    repo: Annotated[str, typer.Option("--repo", "-r", help="From this repository.")] = "",
    path: Annotated[str, typer.Option("--path", "-P", help="From this folder.")] = "",
    cluster: Annotated[str, typer.Option("--cluster", "-c", help="To this cluster (URL or name).")] = "",
    everywhere: Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")] = False,
    output: OutputOfList = Format.WIDE,
) -> None:
    """List applications."""
    with store(context) as apps:
        bodies = apps.listing(selector, project or (), everywhere=everywhere)
    pairs = [(body, app) for body, app in _readable(bodies) if _meant(app, repo, path, cluster)]
    if output in (Format.JSON, Format.YAML):
        print_value([body for body, _ in pairs], output)
    elif output is Format.NAME:
        for _, app in pairs:
            typer.echo(showing.qualified(app))
    else:
        print_rows(showing.listing([app for _, app in pairs]))


def _readable(bodies: Iterable[Json]) -> Iterator[tuple[Json, Application]]:
    """Those whose fields are of their types; the others are told, and keep nobody from the list."""
    for body in bodies:
        try:
            yield body, application(body)
        except InvalidObject as x:
            typer.echo(f"warning: left out: {x}", err=True)


def _meant(app: Application, repo: str, path: str, cluster: str) -> bool:
    destination, sources = app.spec.destination, app.spec.all_sources
    from_there = any(repo in ("", one.repo_url) and path in ("", one.path) for one in sources)
    return from_there and cluster in ("", destination.server, destination.name)


def get(
    context: typer.Context,
    name: Name,
    refresh: Annotated[bool, typer.Option("--refresh", help="Compare it anew first.")] = False,
    hard_refresh: Annotated[bool, typer.Option("--hard-refresh", help="Render it anew, too.")] = False,
    show_operation: Annotated[bool, typer.Option("--show-operation", help="Show the last operation.")] = False,
    show_params: Annotated[bool, typer.Option("--show-params", help="Show Helm's parameters.")] = False,
    position: Position = 0,
    source_name: SourceName = "",
    timeout: Annotated[int, typer.Option("--timeout", help="For --refresh, in seconds.")] = 60,
    output: Output = Format.WIDE,
) -> None:
    """Show an application and its objects."""
    with store(context) as apps:
        if refresh or hard_refresh:
            refreshed(apps, name, hard=hard_refresh, timeout=timeout)
        body = apps.get(name)
        if output in (Format.JSON, Format.YAML):
            print_value(body, output)
            return
        app = application(body)
        place = place_of(body["spec"], position, source_name)
        if output is Format.NAME:
            typer.echo(showing.qualified(app))
            return
        print_summary(app, apps.known_windows(app))
        if show_operation and app.status.operation_state is not None:
            typer.echo()
            print_operation(app.status.operation_state)
        if show_params:
            typer.echo()
            print_rows(showing.parameters(app, place))
        if output is Format.TREE:
            typer.echo()
            print_rows(tree(with_health(apps, app), owned_by(apps.cluster, app)))
        else:
            print_resources(with_health(apps, app))


def history(context: typer.Context, name: Name, output: OutputOfHistory = Format.WIDE) -> None:
    """Show what was deployed; `app rollback` takes its ids."""
    with store(context) as apps:
        body = apps.get(name)
    app = application(body)
    if output is Format.ID:
        for one in app.status.history:
            typer.echo(str(one.id))
    elif output in (Format.JSON, Format.YAML):
        print_value((body.get("status") or {}).get("history") or [], output)
    else:
        for index, rows in enumerate(showing.history(app)):
            if index:
                typer.echo()
            print_rows(rows)


def resources(
    context: typer.Context,
    name: Name,
    project: Annotated[str, typer.Option("--project", help="The project that it must be of.")] = "",
    orphaned: Annotated[
        bool | None, typer.Option("--orphaned/--no-orphaned", help="Only what is nobody's, or all but that.")
    ] = None,
    output: OutputOfResources = Format.WIDE,
) -> None:
    """List the objects of an application, what they have made, and what is nobody's in its namespace."""
    with store(context) as apps:
        app = application(apps.get(name))
        if project not in ("", app.spec.project_name):
            raise NotFound(f"application '{name}' is not of project '{project}'")
        if output is Format.TREE:
            print_rows(tree(with_health(apps, app), owned_by(apps.cluster, app)))
            return
        listed: list[tuple[Key, bool]] = []
        if not orphaned:
            managed = [Key(one.group, one.kind, one.namespace, one.name) for one in app.status.resources]
            made = below(app, owned_by(apps.cluster, app), lambda _: True) if is_here(app) else []
            listed += [(key, False) for key in dict.fromkeys([*managed, *map(key_of, made)])]
        if orphaned is not False:
            listed += [(key, True) for key in orphans_of(apps, app)]
    if output in (Format.JSON, Format.YAML):
        print_value([{**asdict(key), "orphaned": is_orphan} for key, is_orphan in listed], output)
        return
    print_rows(showing.owned(listed))
