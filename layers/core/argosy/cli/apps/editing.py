"""`argosy app set`, `unset`, `patch`, `edit`, `delete` and `confirm-deletion`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from argosy.cli.apps.choosing import Labels, Name, Names, Position, SourceName
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.creating import CASCADE, check
from argosy.cli.apps.editor import edited
from argosy.cli.apps.flagged import flagged
from argosy.cli.apps.following import Waiting
from argosy.cli.apps.printing import Format, print_value
from argosy.cli.apps.store import API, application
from argosy.errors import InvalidObject, NotFound
from argosy.gitops.editing.choosing import kind_at, place_of, source_at
from argosy.gitops.editing.flags import FLAGS, put_flags
from argosy.gitops.editing.unsetting import unset as unset_fields
from argosy.gitops.statuses import stamp
from argosy.gitops.sync.pruning import APPROVED
from argosy.gitops.waiting import Awaited
from argosy.resources.manifests import read_value

__all__ = ["register"]

type Json = dict[str, Any]


class Propagation(StrEnum):
    """Values of `--propagation-policy`."""

    FOREGROUND = "foreground"
    BACKGROUND = "background"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("set", flagged(set_, [flag for flag in FLAGS if flag.name != "--source-name"])),
        ("unset", unset),
        ("patch", patch),
        ("edit", edit),
        ("delete", delete),
        ("confirm-deletion", confirm_deletion),
    ):
        app.command(name, cls=Verb)(verb)


def set_(
    context: typer.Context,
    flags: Json,
    name: Name,
    position: Position = 0,
    source_name: SourceName = "",
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Check its project and sources first.")
    ] = True,
) -> None:
    """Set fields of an application's spec."""
    if not any(value is not None for value in flags.values()):
        raise InvalidObject("nothing to set: `argosy app set --help` lists the flags")
    with store(context) as apps:

        def edit(body: Json) -> None:
            place = place_of(body["spec"], position, source_name)
            put_flags(body["spec"], flags, place, kind_at(body.get("status") or {}, place))
            check(apps, body) if validate else application(body)

        apps.change(name, edit)


def unset(
    context: typer.Context,
    name: Name,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help="Helm parameters.")] = None,
    values: Annotated[list[str] | None, typer.Option("--values", help="Helm values files.")] = None,
    values_literal: Annotated[bool, typer.Option("--values-literal", help="Helm values in the spec.")] = False,
    ignore_missing: Annotated[bool, typer.Option("--ignore-missing-value-files")] = False,
    pass_credentials: Annotated[bool, typer.Option("--pass-credentials")] = False,
    nameprefix: Annotated[bool, typer.Option("--nameprefix", help="Kustomize's name prefix.")] = False,
    namesuffix: Annotated[bool, typer.Option("--namesuffix", help="Kustomize's name suffix.")] = False,
    kustomize_version: Annotated[bool, typer.Option("--kustomize-version")] = False,
    kustomize_namespace: Annotated[bool, typer.Option("--kustomize-namespace")] = False,
    ignore_missing_components: Annotated[
        bool, typer.Option("--ignore-missing-components", "--kustomize-ignore-missing-components")
    ] = False,
    kustomize_image: Annotated[list[str] | None, typer.Option("--kustomize-image", help="Images.")] = None,
    kustomize_replica: Annotated[list[str] | None, typer.Option("--kustomize-replica", help="Replicas.")] = None,
    plugin_env: Annotated[list[str] | None, typer.Option("--plugin-env", help="The plugin's variables.")] = None,
    ref: Annotated[bool, typer.Option("--ref", help="The name for other sources.")] = False,
    position: Position = 0,
    source_name: SourceName = "",
) -> None:
    """Take fields out of an application's source."""
    switches = {
        "values_literal": values_literal,
        "ignore_missing_value_files": ignore_missing,
        "pass_credentials": pass_credentials,
        "nameprefix": nameprefix,
        "namesuffix": namesuffix,
        "kustomize_version": kustomize_version,
        "kustomize_namespace": kustomize_namespace,
        "ignore_missing_components": ignore_missing_components,
        "ref": ref,
    }
    lists = {
        "parameter": parameter,
        "values": values,
        "kustomize_image": kustomize_image,
        "kustomize_replica": kustomize_replica,
        "plugin_env": plugin_env,
    }
    fields = [field for field, wanted in switches.items() if wanted]
    entries = {field: names for field, names in lists.items() if names}
    if not fields and not entries:
        raise InvalidObject("nothing to unset: `argosy app unset --help` lists the flags")

    def edit(body: Json) -> None:
        source = source_at(body["spec"], place_of(body["spec"], position, source_name))
        if not unset_fields(source, fields, entries):
            raise NotFound(f"application '{name}' has nothing of what is to be unset")

    with store(context) as apps:
        apps.change(name, edit)


class PatchKind(StrEnum):
    """Values of `--type`."""

    JSON = "json"
    MERGE = "merge"


def patch(
    context: typer.Context,
    name: Name,
    body: Annotated[str, typer.Option("--patch", help="The patch, as JSON or YAML.")],
    kind: Annotated[PatchKind, typer.Option("--type", help="json (RFC 6902) or merge (RFC 7386).")] = PatchKind.JSON,
) -> None:
    """Patch an application and show it."""
    with store(context) as apps:
        print_value(apps.patch(name, read_value(body), kind.value), Format.YAML)


def edit(context: typer.Context, name: Name) -> None:
    """Edit an application's spec with $EDITOR."""
    with store(context) as apps:
        spec = edited(apps.get(name)["spec"])
        if spec is None:
            typer.echo("Edit cancelled, no changes made.")
            return

        def change(body: Json) -> None:
            body["spec"] = spec
            check(apps, body)

        apps.change(name, change)
    typer.echo(f"application '{name}' edited")


def delete(
    context: typer.Context,
    names: Names = None,
    selector: Labels = "",
    cascade: Annotated[bool, typer.Option("--cascade/--no-cascade", help="Delete its objects, too.")] = True,
    propagation: Annotated[
        Propagation, typer.Option("--propagation-policy", "-p", help="How its objects are deleted.")
    ] = Propagation.FOREGROUND,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is gone.")] = False,
) -> None:
    """Delete applications, with their objects."""
    wanted = f"{CASCADE}/background" if propagation is Propagation.BACKGROUND else CASCADE

    def finalized(body: Json) -> None:
        kept = [one for one in body["metadata"].get("finalizers") or () if one.partition("/")[0] != CASCADE]
        body["metadata"]["finalizers"] = [*kept, wanted] if cascade else kept

    with store(context) as apps:
        for name in apps.chosen(names or (), selector):
            apps.get(name)
            if sys.stdin.isatty() and not yes:
                what = " and all its resources" if cascade else ""
                if not typer.confirm(f"Are you sure you want to delete '{name}'{what}?"):
                    typer.echo(f"The command to delete '{name}' was cancelled.")
                    continue
            apps.change(name, finalized)
            apps.cluster.delete(API, "Application", *apps.place(name))
            if wait:
                Waiting(apps, Awaited(), quiet=True).until_gone(name)
            else:
                typer.echo(f"application '{name}' deleted")


def confirm_deletion(context: typer.Context, name: Name) -> None:
    """Let objects be pruned and deleted that wait for a confirmation."""
    with store(context) as apps:
        apps.patch(name, {"metadata": {"annotations": {APPROVED: stamp(datetime.now(UTC))}}})
    typer.echo(f"Application '{name}' updated successfully")
