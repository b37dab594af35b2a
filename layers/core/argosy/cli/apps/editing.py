"""`argosy app create`, `set`, `unset`, `patch`, `edit` and `delete`."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.flagged import flagged
from argosy.cli.apps.following import Waiting
from argosy.cli.apps.operating import Labels, Name, Names, Output, pair
from argosy.cli.apps.printing import Format, print_value
from argosy.cli.apps.store import API, Applications, application
from argosy.cli.inputs import load
from argosy.errors import AlreadyExists, InvalidObject, NotFound
from argosy.gitops.editing.flags import put_flags, source_at
from argosy.gitops.editing.unsetting import unset as unset_fields
from argosy.gitops.projects.permissions import Cluster, namespace_permitted
from argosy.gitops.projects.specs import permission_problems
from argosy.gitops.waiting import Awaited
from argosy.resources.manifests import read_value
from argosy.resources.yamlwriter import write_value
from argosy.services.applications.controlsecrets import cluster_secrets

__all__ = ["register"]

type Json = dict[str, Any]

_CASCADE: Final = "resources-finalizer.argocd.argoproj.io"
_IN_CLUSTER: Final = Cluster("https://kubernetes.default.svc", "in-cluster")

Position = Annotated[int, typer.Option("--source-position", help="Of several sources the one at this place, from 1.")]


class Propagation(StrEnum):
    """Values of `--propagation-policy`."""

    FOREGROUND = "foreground"
    BACKGROUND = "background"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("create", flagged(create)),
        ("set", flagged(set_)),
        ("unset", unset),
        ("patch", patch),
        ("edit", edit),
        ("delete", delete),
    ):
        app.command(name, cls=Verb)(verb)


def create(
    context: typer.Context,
    flags: Json,
    name: Annotated[str, typer.Argument(metavar="[APPNAME]", help="NAME or NAMESPACE/NAME.")] = "",
    file: Annotated[str, typer.Option("--file", "-f", help="File with Applications; - = standard input.")] = "",
    upsert: Annotated[bool, typer.Option("--upsert", help="Change it if it is there and different.")] = False,
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Check its project and sources first.")
    ] = True,
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="KEY=VALUE; may be repeated.")] = None,
    annotations: Annotated[list[str] | None, typer.Option("--annotations", help="KEY=VALUE.")] = None,
    finalizer: Annotated[bool, typer.Option("--set-finalizer", help="Deleting it deletes its objects.")] = False,
    output: Output = Format.WIDE,
) -> None:
    """Create an application, of flags or a file."""
    with store(context) as apps:
        for body in _written(file, name) if file else [_blank(name)]:
            put_flags(body["spec"], flags)
            metadata = body["metadata"]
            metadata["namespace"], metadata["name"] = apps.place(
                "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)
            )
            for field, given in (("labels", label), ("annotations", annotations)):
                if given:
                    metadata[field] = (metadata.get(field) or {}) | _pairs(given, f"--{field}")
            if finalizer:
                metadata["finalizers"] = sorted({*(metadata.get("finalizers") or ()), _CASCADE})
            body["spec"].setdefault("project", "default")
            if validate:
                _check(apps, body)
            said = _put(apps, body, upsert=upsert)
            if output is Format.WIDE:
                typer.echo(f"application '{metadata['name']}' {said}")
            else:
                print_value(apps.get(f"{metadata['namespace']}/{metadata['name']}"), output)


def _blank(name: str) -> Json:
    if not name:
        raise InvalidObject("which application? Give its NAME, or -f FILE")
    namespace, _, bare = name.rpartition("/")
    metadata = {"name": bare} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": {}}


def _written(file: str, name: str) -> list[Json]:
    found: list[Json] = []
    for manifest in load([file]):
        if manifest.kind != "Application" or manifest.api_version != API:
            raise InvalidObject(f"{manifest.title} is no Application ({API})", file=manifest.file)
        if name and manifest.name != name.rpartition("/")[2]:
            raise InvalidObject(f"app name '{name}' does not match app spec metadata.name '{manifest.name}'")
        body = json.loads(json.dumps(manifest.body))
        body.setdefault("spec", {})
        found.append(body)
    return found


def _check(apps: Applications, body: Json) -> None:
    """What can be said before the hub has looked at it: types, the project, what it permits, what the sources lack.

    Which clusters there are is the hub's to know: one that is not there becomes a condition. Raises InvalidObject.
    """
    app = application(body)
    title = f"Application/{app.metadata.namespace}/{app.metadata.name}"
    try:
        project = apps.project_of(app)
    except NotFound as x:
        said = f"{x}; `argosy proj create {app.spec.project_name}` makes it"
        raise InvalidObject(said, obj=title, field="spec.project") from x
    destination = app.spec.destination
    clusters = [_IN_CLUSTER]
    if destination.server.rstrip("/") != _IN_CLUSTER.server and destination.name != _IN_CLUSTER.name:
        clusters.append(Cluster(destination.server.rstrip("/"), destination.name))
    if project.spec.permit_only_project_scoped_clusters:
        secrets = cluster_secrets(apps.cluster, apps.control)
        told = {one.server for one in secrets} | {one.name for one in secrets}
        clusters = [one for one in clusters if not told & {one.server, one.name}]
        clusters += [Cluster(one.server, one.name, one.project) for one in secrets]
    found = permission_problems(app.spec, project, clusters)
    if not namespace_permitted(project, app.metadata.namespace, apps.control):
        found.append(f"applications of namespace '{app.metadata.namespace}' may not use project '{project.name}'")
    if found:
        problems = [InvalidObject(one, obj=title, field="spec") for one in found]
        raise InvalidObject("; ".join(found), obj=title, field="spec", problems=problems)


def _put(apps: Applications, body: Json, *, upsert: bool) -> str:
    """Create it, or see that it is there; what was done."""
    metadata = body["metadata"]
    try:
        apps.cluster.create(body)
        return "created"
    except AlreadyExists:
        full = f"{metadata['namespace']}/{metadata['name']}"
        there = apps.get(full)
    if there["spec"] == body["spec"]:
        return "unchanged"
    if not upsert:
        raise AlreadyExists(f"existing application spec of '{full}' is different, use --upsert to force an update")

    def edit(found: Json) -> None:
        found["spec"] = body["spec"]
        for field in ("labels", "annotations"):
            if metadata.get(field):
                found["metadata"][field] = (found["metadata"].get(field) or {}) | metadata[field]

    apps.change(full, edit)
    return "updated"


def set_(
    context: typer.Context,
    flags: Json,
    name: Name,
    position: Position = 0,
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Check its project and sources first.")
    ] = True,
) -> None:
    """Set fields of an application's spec."""
    if not any(value is not None for value in flags.values()):
        raise InvalidObject("nothing to set: `argosy app set --help` lists the flags")
    with store(context) as apps:

        def edit(body: Json) -> None:
            put_flags(body["spec"], flags, position)
            _check(apps, body) if validate else application(body)

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
    ignore_missing_components: Annotated[bool, typer.Option("--kustomize-ignore-missing-components")] = False,
    kustomize_image: Annotated[list[str] | None, typer.Option("--kustomize-image", help="Images.")] = None,
    kustomize_replica: Annotated[list[str] | None, typer.Option("--kustomize-replica", help="Replicas.")] = None,
    plugin_env: Annotated[list[str] | None, typer.Option("--plugin-env", help="The plugin's variables.")] = None,
    ref: Annotated[bool, typer.Option("--ref", help="The name for other sources.")] = False,
    position: Position = 0,
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
        if not unset_fields(source_at(body["spec"], position), fields, entries):
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
        before = write_value(apps.get(name)["spec"])
        after = _edited(before)
        if after == before:
            typer.echo("Edit cancelled, no changes made.")
            return
        spec = read_value(after)

        def change(body: Json) -> None:
            body["spec"] = spec
            _check(apps, body)

        apps.change(name, change)
    typer.echo(f"application '{name}' edited")


def _edited(text: str) -> str:
    """The text as somebody leaves it in an editor. Raises InvalidObject when there is none, or it fails."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as x:
            raise InvalidObject(f"the editor {editor!r} ($VISUAL, $EDITOR) failed: {x}") from x
        return file.read_text(encoding="utf-8")


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
    wanted = f"{_CASCADE}/background" if propagation is Propagation.BACKGROUND else _CASCADE

    def finalized(body: Json) -> None:
        kept = [one for one in body["metadata"].get("finalizers") or () if one.partition("/")[0] != _CASCADE]
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


def _pairs(given: Sequence[str], flag: str) -> dict[str, str]:
    """KEY=VALUE of a flag. Raises InvalidObject."""
    return {one["name"]: one["value"] for one in (pair(text, flag) for text in given)}
