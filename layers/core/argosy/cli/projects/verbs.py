"""`argosy proj create`, `set`, `edit`, `get`, `list` and `delete`: projects as wholes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from argosy.cli.apps import editor
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.flagged import flagged
from argosy.cli.apps.printing import Format, print_lines, print_rows, print_value, taking
from argosy.cli.apps.store import API, Applications
from argosy.cli.inputs import load
from argosy.errors import AlreadyExists, Denied, InvalidObject
from argosy.gitops.projects.flags import FLAGS, put_flags
from argosy.gitops.showing import projects as showing
from argosy.resources.appproject import AppProject
from argosy.resources.appproject_validation import check

__all__ = ["Project", "checked", "edited", "register"]

type Json = dict[str, Any]

_LABEL: Final = 31

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")]
Output = Annotated[Format, taking(Format.WIDE, Format.NAME, Format.JSON, Format.YAML)]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("create", flagged(create, FLAGS)),
        ("set", flagged(set_, FLAGS)),
        ("edit", edit),
        ("get", get),
        ("list", listing),
        ("delete", delete),
    ):
        app.command(name, cls=Verb)(verb)


def create(
    context: typer.Context,
    flags: Json,
    name: Annotated[str, typer.Argument(metavar="[PROJECT]", help="Name of the project.")] = "",
    file: Annotated[str, typer.Option("--file", "-f", help="File with the project; - = standard input.")] = "",
    upsert: Annotated[bool, typer.Option("--upsert", help="Change it if it is there and different.")] = False,
) -> None:
    """Create a project, of flags or a file."""
    body = _written(file, name) if file else _blank(name)
    put_flags(body["spec"], flags)
    checked(body)
    with store(context) as apps:
        said = _put(apps, body, upsert=upsert)
    typer.echo(f"project '{body['metadata']['name']}' {said}")


def set_(context: typer.Context, flags: Json, name: Project) -> None:
    """Set fields of a project; a list takes the place of the one there."""
    if not any(value is not None for value in flags.values()):
        raise InvalidObject("Please set at least one option to update: `argosy proj set --help` lists them")

    def edit(spec: Json) -> str:
        put_flags(spec, flags)
        return f"project '{name}' updated"

    edited(context, name, edit)


def _blank(name: str) -> Json:
    if not name:
        raise InvalidObject("which project? Give its NAME, or -f FILE")
    return {"apiVersion": API, "kind": "AppProject", "metadata": {"name": name}, "spec": {}}


def _written(file: str, name: str) -> Json:
    manifests = load([file])
    if len(manifests) != 1 or manifests[0].kind != "AppProject" or manifests[0].api_version != API:
        raise InvalidObject(f"{file}: one AppProject ({API}) is needed")
    body = dict(manifests[0].body)
    if name and manifests[0].name != name:
        raise InvalidObject(f"project name '{name}' does not match metadata.name '{manifests[0].name}'")
    return {**body, "metadata": dict(body["metadata"]), "spec": dict(body.get("spec") or {})}


def _put(apps: Applications, body: Json, *, upsert: bool) -> str:
    name = body["metadata"]["name"]
    body["metadata"]["namespace"] = apps.control
    try:
        apps.cluster.create(body)
        return "created"
    except AlreadyExists:
        there = apps.project(name)
    if there.get("spec") == body["spec"]:
        return "unchanged"
    if not upsert:
        raise AlreadyExists(f"existing project spec of '{name}' is different; use --upsert to force an update")
    apps.change_project(name, lambda found: found.update(spec=body["spec"]))
    return "updated"


def edit(context: typer.Context, name: Project) -> None:
    """Edit a project's spec with $EDITOR."""
    with store(context) as apps:
        spec = editor.edited(apps.project(name)["spec"])
    if spec is None:
        typer.echo("Edit cancelled, no changes made.")
        return

    def change(found: Json) -> str:
        found.clear()
        found.update(spec)
        return f"project '{name}' edited"

    edited(context, name, change)


def get(context: typer.Context, name: Project, output: Output = Format.WIDE) -> None:
    """Show a project."""
    with store(context) as apps:
        body = apps.project(name)
    if output is Format.WIDE:
        print_lines(showing.details(AppProject.of(body)), width=_LABEL)
    elif output is Format.NAME:
        typer.echo(name)
    else:
        print_value(body, output)


def listing(context: typer.Context, output: Output = Format.WIDE) -> None:
    """List projects."""
    with store(context) as apps:
        bodies = apps.projects()
    if output in (Format.JSON, Format.YAML):
        print_value(bodies, output)
        return
    found = [AppProject.of(body) for body in bodies]
    if output is Format.NAME:
        for one in found:
            typer.echo(one.name)
    else:
        print_rows(showing.listing(found))


def delete(
    context: typer.Context, names: Annotated[list[str], typer.Argument(metavar="PROJECT...", help="Their names.")]
) -> None:
    """Delete projects that no application uses."""
    with store(context) as apps:
        for name in names:
            apps.project(name)
            users = apps.listing(projects=[name], everywhere=True)
            if users:
                first = users[0]["metadata"]
                said = f"project '{name}' is referenced by {len(users)} applications"
                raise Denied(f"{said}, such as {first['namespace']}/{first['name']}: delete or move them first")
            apps.cluster.delete(API, "AppProject", apps.control, name)
            typer.echo(f"project '{name}' deleted")


def edited(context: typer.Context, name: str, edit: Callable[[Json], str]) -> None:
    """Change a project's spec, if it is valid then, and say what was done."""
    said = ""

    def change(body: Json) -> None:
        nonlocal said
        said = edit(body.setdefault("spec", {}))
        checked(body)

    with store(context) as apps:
        apps.change_project(name, change)
    typer.echo(said)


def checked(body: Json) -> None:
    """Raise InvalidObject for a project that is not valid."""
    try:
        project = AppProject.of(body)
    except ValueError as x:
        raise InvalidObject(str(x), obj=f"AppProject/{body['metadata']['name']}") from x
    check(project)
