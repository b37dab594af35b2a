"""`argosy proj windows`: when the applications of a project may be synced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.printing import Format, print_rows, print_value, taking
from argosy.cli.projects.verbs import Project, edited
from argosy.gitops.projects import editing
from argosy.gitops.showing import projects as showing
from argosy.resources.appproject import AppProject

__all__ = ["app"]

type Json = dict[str, Any]

app = typer.Typer(no_args_is_help=True, help="The sync windows of a project.")

Output = Annotated[Format, taking(Format.WIDE, Format.JSON, Format.YAML)]
Number = Annotated[int, typer.Argument(metavar="ID", help="Of `windows list`.")]
Names = list[str] | None
Schedule = Annotated[str | None, typer.Option("--schedule", help="Cron: when it opens.")]
Duration = Annotated[str | None, typer.Option("--duration", help="How long it is open: 1h.")]
Applications = Annotated[Names, typer.Option("--applications", help="Globs of names; commas or repeated.")]
Namespaces = Annotated[Names, typer.Option("--namespaces", help="Globs of destination namespaces.")]
Clusters = Annotated[Names, typer.Option("--clusters", help="Globs of destination clusters.")]
Manual = Annotated[bool | None, typer.Option("--manual-sync/--no-manual-sync", help="Syncs by hand may run.")]
Overrun = Annotated[bool | None, typer.Option("--sync-overrun/--no-sync-overrun", help="Running syncs may go on.")]
Zone = Annotated[str | None, typer.Option("--time-zone", help="Time zone of the schedule.")]
Both = Annotated[
    bool | None, typer.Option("--use-and-operator/--no-use-and-operator", help="All lists must fit, not any.")
]
Description = Annotated[str | None, typer.Option("--description", help="What it is for.")]


@app.command("list", cls=Verb)
def listing(context: typer.Context, name: Project, output: Output = Format.WIDE) -> None:
    """List the sync windows of a project."""
    with store(context) as apps:
        body = apps.project(name)
    if output is Format.WIDE:
        print_rows(showing.windows(AppProject.of(body).spec.sync_windows, datetime.now(UTC)))
    else:
        print_value(body["spec"].get("syncWindows") or [], output)


@app.command("add", cls=Verb)
def add(
    context: typer.Context,
    name: Project,
    schedule: Schedule,
    duration: Duration,
    kind: Annotated[str, typer.Option("--kind", "-k", help="allow or deny.")] = "allow",
    applications: Applications = None,
    namespaces: Namespaces = None,
    clusters: Clusters = None,
    manual: Manual = None,
    overrun: Overrun = None,
    zone: Zone = None,
    both: Both = None,
    description: Description = None,
) -> None:
    """Add a sync window."""
    given = _given(applications, namespaces, clusters, manual, overrun, zone, both, description)

    def edit(spec: Json) -> str:
        window: Json = {"kind": kind, "schedule": schedule, "duration": duration}
        editing.put_window(window, given)
        spec.setdefault("syncWindows", []).append(window)
        return f"window {len(spec['syncWindows']) - 1} added"

    edited(context, name, edit)


@app.command("update", cls=Verb)
def update(
    context: typer.Context,
    name: Project,
    number: Number,
    schedule: Schedule = None,
    duration: Duration = None,
    applications: Applications = None,
    namespaces: Namespaces = None,
    clusters: Clusters = None,
    manual: Manual = None,
    overrun: Overrun = None,
    zone: Zone = None,
    both: Both = None,
    description: Description = None,
) -> None:
    """Change a sync window."""
    given = _given(applications, namespaces, clusters, manual, overrun, zone, both, description)

    def edit(spec: Json) -> str:
        editing.put_window(editing.window_at(spec, number), given | {"schedule": schedule, "duration": duration})
        return f"window {number} updated"

    edited(context, name, edit)


@app.command("delete", cls=Verb)
def delete(context: typer.Context, name: Project, number: Number) -> None:
    """Delete a sync window."""

    def edit(spec: Json) -> str:
        editing.remove_window(spec, number)
        return f"window {number} deleted"

    edited(context, name, edit)


@app.command("enable-manual-sync", cls=Verb)
def enable(context: typer.Context, name: Project, number: Number) -> None:
    """Let syncs by hand run in spite of a window."""
    _manual(context, name, number, on=True)


@app.command("disable-manual-sync", cls=Verb)
def disable(context: typer.Context, name: Project, number: Number) -> None:
    """Hold up syncs by hand, too."""
    _manual(context, name, number, on=False)


def _manual(context: typer.Context, name: str, number: int, *, on: bool) -> None:
    def edit(spec: Json) -> str:
        editing.put_window(editing.window_at(spec, number), {"manualSync": on})
        return f"window {number}: manual sync {'enabled' if on else 'disabled'}"

    edited(context, name, edit)


def _given(
    applications: Names,
    namespaces: Names,
    clusters: Names,
    manual: bool | None,
    overrun: bool | None,
    zone: str | None,
    both: bool | None,
    description: str | None,
) -> Json:
    return {
        "applications": _several(applications),
        "namespaces": _several(namespaces),
        "clusters": _several(clusters),
        "manualSync": manual,
        "syncOverrun": overrun,
        "timeZone": zone,
        "andOperator": both,
        "description": description,
    }


def _several(given: Names) -> Names:
    return given if given is None else [name for text in given for name in text.split(",") if name]
