"""`argosy app actions`: what may be done with the objects of an application, beyond syncing them.

Actions are those of `argosy.gitops.actions`; what they lead to is a patch of the live object (of its status by the
subresource, where the kind has one), or a new object, which the project must permit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from argosy.cli.apps.choosing import Name, pair
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.live import is_here, live_of, versions
from argosy.cli.apps.printing import Format, print_rows, print_value, taking
from argosy.cli.apps.rendering import IN_CLUSTER, settings_of
from argosy.cli.apps.store import Applications, application
from argosy.errors import Denied, InvalidObject, NotFound
from argosy.gitops import actions
from argosy.gitops.identity import Key, key_of
from argosy.gitops.projects.permissions import object_refusal
from argosy.lang.patch.mergepatch import create_merge_patch

__all__ = ["app", "carry_out"]

app = typer.Typer(no_args_is_help=True, help="What may be done with the objects of an application.")

type Object = dict[str, Any]

Group = Annotated[str | None, typer.Option("--group", help="With resources of this group.")]
Kind = Annotated[str, typer.Option("--kind", help="With resources of this kind.")]
ResourceName = Annotated[str, typer.Option("--resource-name", help="With the resource of this name.")]
Namespace = Annotated[str, typer.Option("--namespace", help="With resources in this namespace.")]


@app.command("list", cls=Verb)
def listing(
    context: typer.Context,
    name: Name,
    kind: Kind = "",
    resource: ResourceName = "",
    group: Group = None,
    namespace: Namespace = "",
    output: Annotated[Format, taking(Format.WIDE, Format.JSON, Format.YAML)] = Format.WIDE,
) -> None:
    """List the actions of an application's objects."""
    with store(context) as apps:
        found = _objects(apps, name, group, kind, resource, namespace)
        overrides = settings_of(apps).overrides
    offered = [(key, one) for key, body in found.items() for one in actions.offers(body, overrides)]
    if output is Format.WIDE:
        rows = [[key.group, key.kind, key.name, one.name, str(one.disabled).lower()] for key, one in offered]
        print_rows([["GROUP", "KIND", "NAME", "ACTION", "DISABLED"], *rows])
        return
    print_value(
        [
            {"group": key.group, "kind": key.kind, "name": key.name, "action": one.name, "disabled": one.disabled}
            for key, one in offered
        ],
        output,
    )


@app.command("run", cls=Verb)
def run(
    context: typer.Context,
    name: Name,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Of `actions list`.")],
    kind: Kind = "",
    resource: ResourceName = "",
    group: Group = None,
    namespace: Namespace = "",
    every: Annotated[bool, typer.Option("--all", help="With every resource that fits.")] = False,
    parameters: Annotated[list[str] | None, typer.Option("--param", help="KEY=VALUE; may be repeated.")] = None,
) -> None:
    """Run an action on objects of an application."""
    given = {one["name"]: one["value"] for one in (pair(text, "--param") for text in parameters or ())}
    with store(context) as apps:
        found = _objects(apps, name, group, kind, resource, namespace)
        overrides = settings_of(apps).overrides
        offering = {
            key: body
            for key, body in found.items()
            if any(one.name == action and not one.disabled for one in actions.offers(body, overrides))
        }
        if not offering:
            raise NotFound(f"no resource that fits has the action {action!r} now; `app actions list {name}` shows them")
        if len(offering) > 1 and not every:
            names = ", ".join(f"{key.kind}/{key.name}" for key in offering)
            raise InvalidObject(f"{len(offering)} resources fit: {names}; name one, or give --all")
        for key, body in offering.items():
            for impact in actions.run(body, action, actions.Call(datetime.now(UTC), given), overrides):
                carry_out(apps, name, body, impact)
            typer.echo(f"action '{action}' run on {key.kind}/{key.name}")


def _objects(
    apps: Applications, name: str, group: str | None, kind: str, resource: str, namespace: str
) -> Mapping[Key, Object]:
    """The live objects that are meant."""
    app = application(apps.get(name))
    if not is_here(app):
        raise InvalidObject("it goes to another cluster; its actions are run there", obj=f"Application/{name}")
    wanted = {
        key: version
        for key, version in versions(app).items()
        if group in (None, key.group)
        and kind in ("", key.kind)
        and resource in ("", key.name)
        and namespace in ("", key.namespace)
    }
    return live_of(apps.cluster, wanted)


def carry_out(apps: Applications, name: str, live: Object, impact: actions.Impact) -> None:
    """Write what an action has led to. Raises Denied for a new object that the project does not permit."""
    body = impact.object
    if impact.operation == "create":
        key = key_of(body)
        project = apps.project_of(application(apps.get(name)))
        refused = object_refusal(project, key, IN_CLUSTER, (), namespaced=bool(key.namespace))
        if refused:
            raise Denied(refused)
        apps.cluster.create(body)
        return
    changed = create_merge_patch(live, body)
    served = next(
        (one for one in apps.cluster.kinds() if (one.api_version, one.kind) == (live["apiVersion"], live["kind"])), None
    )
    parts = {"": changed}
    if "status" in changed and served is not None and "status" in served.subresources:
        parts = {"": {key: value for key, value in changed.items() if key != "status"}}
        parts["status"] = {"status": changed["status"]}
    key = key_of(live)
    for subresource, part in parts.items():
        if part:
            apps.cluster.patch(live["apiVersion"], key.kind, key.namespace, key.name, part, subresource=subresource)
