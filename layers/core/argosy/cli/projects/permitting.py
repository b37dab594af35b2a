"""`argosy proj add-…`, `remove-…`, `allow-…` and `deny-…`: what a project permits, one entry at a time."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from argosy.cli.apps.core import Verb
from argosy.cli.projects.verbs import Project, edited
from argosy.gitops.projects import editing

__all__ = ["register"]

type Json = dict[str, Any]

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
SourceNamespace = Annotated[str, typer.Argument(metavar="NAMESPACE", help="Where its applications may be.")]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="API group; '' is the core group.")]
Kind = Annotated[str, typer.Argument(metavar="KIND")]
OrphanName = Annotated[str, typer.Option("--name", help="Only the object of this name; globs.")]


class Listed(StrEnum):
    """Values of `--list`."""

    ALLOW = "allow"
    DENY = "deny"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("add-source", add_source),
        ("remove-source", remove_source),
        ("add-destination", add_destination),
        ("remove-destination", remove_destination),
        ("add-destination-service-account", add_service_account),
        ("remove-destination-service-account", remove_service_account),
        ("add-signature-key", add_signature_key),
        ("remove-signature-key", remove_signature_key),
        ("add-source-namespace", add_source_namespace),
        ("remove-source-namespace", remove_source_namespace),
        ("add-orphaned-ignore", add_orphaned_ignore),
        ("remove-orphaned-ignore", remove_orphaned_ignore),
    ):
        app.command(name, cls=Verb)(verb)
    for allow in (True, False):
        for scope in ("cluster", "namespaced"):
            name = f"{'allow' if allow else 'deny'}-{scope.removesuffix('d')}-resource"
            app.command(name, cls=Verb)(_kinds(scope, allow))


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


def add_source_namespace(context: typer.Context, name: Project, namespace: SourceNamespace) -> None:
    """Let applications of a namespace use the project."""
    edited(context, name, lambda spec: editing.add_source_namespace(spec, namespace))


def remove_source_namespace(context: typer.Context, name: Project, namespace: SourceNamespace) -> None:
    """Let them use it no more."""
    edited(context, name, lambda spec: editing.remove_source_namespace(spec, namespace))


def add_orphaned_ignore(context: typer.Context, name: Project, group: Group, kind: Kind, one: OrphanName = "") -> None:
    """Leave objects of a kind out of what is nobody's."""
    edited(context, name, lambda spec: editing.add_orphaned_ignore(spec, group, kind, one))


def remove_orphaned_ignore(
    context: typer.Context, name: Project, group: Group, kind: Kind, one: OrphanName = ""
) -> None:
    """Leave them out no more."""
    edited(context, name, lambda spec: editing.remove_orphaned_ignore(spec, group, kind, one))
