"""`argosy app create`, and what an Application must be before it is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from argosy.cli.apps.choosing import pair
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.flagged import flagged
from argosy.cli.apps.operating import Output
from argosy.cli.apps.printing import Format, print_value
from argosy.cli.apps.store import API, Applications, application
from argosy.cli.inputs import load
from argosy.errors import AlreadyExists, InvalidObject, NotFound
from argosy.gitops.editing.flags import put_flags
from argosy.gitops.editing.upserting import upserted
from argosy.gitops.projects.permissions import Cluster, namespace_permitted
from argosy.gitops.projects.specs import permission_problems
from argosy.services.applications.controlsecrets import cluster_secrets

__all__ = ["CASCADE", "check", "register"]

type Json = dict[str, Any]

CASCADE: Final = "resources-finalizer.argocd.argoproj.io"
_IN_CLUSTER: Final = Cluster("https://kubernetes.default.svc", "in-cluster")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("create", cls=Verb)(flagged(create))


def create(
    context: typer.Context,
    flags: Json,
    name: Annotated[str, typer.Argument(metavar="[APPNAME]", help="NAME or NAMESPACE/NAME.")] = "",
    named: Annotated[str, typer.Option("--name", help="The same; with a file it is left aside.")] = "",
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
        for body in _written(file, name) if file else [_blank(_name_of(name, named))]:
            put_flags(body["spec"], flags)
            metadata = body["metadata"]
            metadata["namespace"], metadata["name"] = apps.place(
                "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)
            )
            for field, flag, given in (("labels", "--label", label), ("annotations", "--annotations", annotations)):
                if given:
                    metadata[field] = (metadata.get(field) or {}) | _pairs(given, flag)
            if finalizer:
                metadata["finalizers"] = sorted({*(metadata.get("finalizers") or ()), CASCADE})
            body["spec"].setdefault("project", "default")
            if validate:
                check(apps, body)
            said = _put(apps, body, upsert=upsert)
            if output is Format.WIDE:
                typer.echo(f"application '{metadata['name']}' {said}")
            else:
                print_value(apps.get(f"{metadata['namespace']}/{metadata['name']}"), output)


def _name_of(argument: str, named: str) -> str:
    """The one name that is given. Raises InvalidObject for two."""
    if argument and named and argument != named:
        raise InvalidObject(f"--name argument '{named}' does not match app name {argument}")
    return argument or named


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


def check(apps: Applications, body: Json) -> None:
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
    if upserted(there, body) == there:
        return "unchanged"
    if not upsert:
        raise AlreadyExists(f"existing application spec of '{full}' is different, use --upsert to force an update")
    apps.change(full, lambda found: found.update(upserted(found, body)))
    return "updated"


def _pairs(given: Sequence[str], flag: str) -> dict[str, str]:
    """KEY=VALUE of a flag. Raises InvalidObject."""
    return {one["name"]: one["value"] for one in (pair(text, flag) for text in given)}
