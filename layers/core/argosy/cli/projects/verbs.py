"""`argosy proj create`, `get`, `list`, `delete`, and what a project permits."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.printing import Format, print_lines, print_rows, print_value, taking
from argosy.cli.apps.store import API, Applications
from argosy.cli.inputs import load
from argosy.errors import AlreadyExists, Denied, InvalidObject
from argosy.gitops.projects import editing
from argosy.gitops.showing import projects as showing
from argosy.resources.appproject import AppProject
from argosy.resources.appproject_validation import check

__all__ = ["Project", "checked", "edited", "register"]

type Json = dict[str, Any]

_LABEL: Final = 31

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")]
Output = Annotated[Format, taking(Format.WIDE, Format.NAME, Format.JSON, Format.YAML)]
Server = Annotated[str, typer.Argument(metavar="SERVER/NAME", help="URL of the cluster, or with --name its name.")]
Namespace = Annotated[str, typer.Argument(metavar="NAMESPACE")]
AnyServer = Annotated[str, typer.Argument(metavar="SERVER", help="URL of the cluster, or a glob.")]
Account = Annotated[str, typer.Argument(metavar="SERVICE-ACCOUNT")]
AccountNamespace = Annotated[
    str, typer.Option("--service-account-namespace", help="Its namespace, if it is not the destination's.")
]
ByName = Annotated[bool, typer.Option("--name", help="The cluster is given by its name.")]
Url = Annotated[str, typer.Argument(metavar="URL", help="Of the repository.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY-ID", help="Of the key, or its fingerprint.")]


class Listed(StrEnum):
    """Values of `--list`."""

    ALLOW = "allow"
    DENY = "deny"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("create", create),
        ("get", get),
        ("list", listing),
        ("delete", delete),
        ("add-source", add_source),
        ("remove-source", remove_source),
        ("add-destination", add_destination),
        ("remove-destination", remove_destination),
        ("add-destination-service-account", add_service_account),
        ("remove-destination-service-account", remove_service_account),
        ("add-signature-key", add_signature_key),
        ("remove-signature-key", remove_signature_key),
    ):
        app.command(name, cls=Verb)(verb)
    for allow in (True, False):
        for scope in ("cluster", "namespaced"):
            name = f"{'allow' if allow else 'deny'}-{scope.removesuffix('d')}-resource"
            app.command(name, cls=Verb)(_kinds(scope, allow))


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[PROJECT]", help="Name of the project.")] = "",
    file: Annotated[str, typer.Option("--file", "-f", help="File with the project; - = standard input.")] = "",
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    src: Annotated[list[str] | None, typer.Option("--src", "-s", help="Permitted repository URL.")] = None,
    dest: Annotated[list[str] | None, typer.Option("--dest", "-d", help="Permitted SERVER,NAMESPACE.")] = None,
    accounts: Annotated[
        list[str] | None, typer.Option("--dest-service-accounts", help="Who writes: SERVER,NAMESPACE,ACCOUNT.")
    ] = None,
    namespaces: Annotated[
        list[str] | None, typer.Option("--source-namespaces", help="Where its applications may be, besides.")
    ] = None,
    allow_cluster: Annotated[
        list[str] | None, typer.Option("--allow-cluster-resource", help="Permitted GROUP/KIND.")
    ] = None,
    deny_cluster: Annotated[list[str] | None, typer.Option("--deny-cluster-resource", help="GROUP/KIND.")] = None,
    allow_namespaced: Annotated[
        list[str] | None, typer.Option("--allow-namespaced-resource", help="Permitted GROUP/KIND.")
    ] = None,
    deny_namespaced: Annotated[list[str] | None, typer.Option("--deny-namespaced-resource", help="GROUP/KIND.")] = None,
    orphaned: Annotated[bool, typer.Option("--orphaned-resources", help="Watch for objects of nobody.")] = False,
    orphaned_warn: Annotated[bool, typer.Option("--orphaned-resources-warn", help="Warn of them.")] = False,
    upsert: Annotated[bool, typer.Option("--upsert", help="Change it if it is there and different.")] = False,
) -> None:
    """Create a project, of flags or a file."""
    body = _written(file, name) if file else _blank(name)
    spec = body["spec"]
    given: Json = {
        "description": description,
        "sourceRepos": src,
        "destinations": [editing.destination(one) for one in dest or ()],
        "destinationServiceAccounts": [editing.service_account(one) for one in accounts or ()],
        "sourceNamespaces": namespaces,
        "clusterResourceWhitelist": _group_kinds(allow_cluster),
        "clusterResourceBlacklist": _group_kinds(deny_cluster),
        "namespaceResourceWhitelist": _group_kinds(allow_namespaced),
        "namespaceResourceBlacklist": _group_kinds(deny_namespaced),
    }
    spec |= {field: value for field, value in given.items() if value}
    if orphaned or orphaned_warn:
        spec["orphanedResources"] = {"warn": orphaned_warn}
    checked(body)
    with store(context) as apps:
        said = _put(apps, body, upsert=upsert)
    typer.echo(f"project '{body['metadata']['name']}' {said}")


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


def _group_kinds(given: list[str] | None) -> list[Json]:
    found = []
    for text in given or ():
        group, slash, kind = text.partition("/")
        if not slash or not kind:
            raise InvalidObject(f"{text!r} is not GROUP/KIND (the core group is empty: /Namespace)")
        found.append({"group": group, "kind": kind})
    return found


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


def add_source(context: typer.Context, name: Project, url: Url) -> None:
    """Allow a repository."""
    edited(context, name, lambda spec: editing.add_source(spec, url))


def remove_source(context: typer.Context, name: Project, url: Url) -> None:
    """Allow a repository no more."""
    edited(context, name, lambda spec: editing.remove_source(spec, url))


def add_signature_key(context: typer.Context, name: Project, key: KeyId) -> None:
    """Take what is signed with a key."""
    edited(context, name, lambda spec: editing.add_signature_key(spec, key))


def remove_signature_key(context: typer.Context, name: Project, key: KeyId) -> None:
    """Take what is signed with a key no more."""
    edited(context, name, lambda spec: editing.remove_signature_key(spec, key))


def add_destination(
    context: typer.Context, name: Project, server: Server, namespace: Namespace, by_name: ByName = False
) -> None:
    """Allow a cluster's namespace."""
    given = {"name" if by_name else "server": server, "namespace": namespace}
    edited(context, name, lambda spec: editing.add_destination(spec, given))


def remove_destination(
    context: typer.Context, name: Project, server: Server, namespace: Namespace, by_name: ByName = False
) -> None:
    """Allow a cluster's namespace no more."""
    given = {"name" if by_name else "server": server, "namespace": namespace}
    edited(context, name, lambda spec: editing.remove_destination(spec, given))


def add_service_account(
    context: typer.Context,
    name: Project,
    server: AnyServer,
    namespace: Namespace,
    account: Account,
    home: AccountNamespace = "",
) -> None:
    """Have the objects of a destination written as a service account."""
    edited(context, name, lambda spec: editing.add_service_account(spec, _account(server, namespace, account, home)))


def remove_service_account(
    context: typer.Context,
    name: Project,
    server: AnyServer,
    namespace: Namespace,
    account: Account,
    home: AccountNamespace = "",
) -> None:
    """Have them written as it no more."""
    edited(context, name, lambda spec: editing.remove_service_account(spec, _account(server, namespace, account, home)))


def _account(server: str, namespace: str, account: str, home: str) -> Json:
    full = f"{home}:{account}" if home else account
    return {"server": server, "namespace": namespace, "defaultServiceAccount": full}


def _kinds(scope: editing.Scope, allow: bool) -> Callable[..., None]:
    default = Listed.ALLOW if scope == "cluster" else Listed.DENY

    def verb(
        context: typer.Context,
        name: Project,
        group: Annotated[str, typer.Argument(metavar="GROUP", help="API group; '' is the core group.")],
        kind: Annotated[str, typer.Argument(metavar="KIND")],
        listed: Annotated[
            Listed, typer.Option("--list", "-l", help="By the list of what is allowed or denied.")
        ] = default,
    ) -> None:
        edited(context, name, lambda spec: editing.change_kind(spec, scope, listed.value, group, kind, allow=allow))

    verb.__doc__ = (
        f"{'Allow' if allow else 'Deny'} a kind of {'cluster-wide' if scope == 'cluster' else scope} objects."
    )
    return verb


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
