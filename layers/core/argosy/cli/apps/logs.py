"""`argosy app logs`: what the pods of an application say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.live import owned_by
from argosy.cli.apps.operating import Name
from argosy.cli.apps.store import Applications, application
from argosy.errors import NotFound
from argosy.gitops.showing.trees import below
from argosy.resources.application import ResourceStatus

__all__ = ["register", "said_by"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("logs", cls=Verb)(logs)


def logs(
    context: typer.Context,
    name: Name,
    group: Annotated[str | None, typer.Option("--group", help="Of resources of this group.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="Of resources of this kind.")] = "",
    resource: Annotated[str, typer.Option("--name", help="Of the resource of this name.")] = "",
    namespace: Annotated[str, typer.Option("--namespace", help="Of resources in this namespace.")] = "",
    container: Annotated[str, typer.Option("--container", "-c", help="Of this container.")] = "",
    tail: Annotated[int | None, typer.Option("--tail", help="The last lines of each container.")] = None,
    since: Annotated[int | None, typer.Option("--since-seconds", help="No older than this.")] = None,
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the containers before.")] = False,
    text: Annotated[str, typer.Option("--filter", help="Lines with this text.")] = "",
) -> None:
    """Print the logs of an application's pods."""

    def meant(one: ResourceStatus) -> bool:
        fits = group in (None, one.group) and kind in ("", one.kind) and resource in ("", one.name)
        return fits and namespace in ("", one.namespace)

    with store(context) as apps:
        for line in said_by(apps, name, meant, container, tail=tail, since=since, previous=previous):
            if text in line:
                typer.echo(line)


def said_by(
    apps: Applications,
    name: str,
    meant: Callable[[ResourceStatus], bool],
    container: str = "",
    *,
    tail: int | None = None,
    since: int | None = None,
    previous: bool = False,
) -> Iterator[str]:
    """The lines of all pods of the resources that are meant, pod by pod. Raises NotFound when there is no such container."""
    app = application(apps.get(name))
    pods = [body for body in below(app, owned_by(apps.cluster, app), meant) if body["kind"] == "Pod"]
    found = [(pod["metadata"], one) for pod in pods for one in _containers(pod, container)]
    if not found:
        raise NotFound(f"application '{name}' has no pod with such a container; `app get -o tree` shows its pods")
    for metadata, one in found:
        said = apps.cluster.log(
            metadata["namespace"], metadata["name"], container=one, tail=tail, since_seconds=since, previous=previous
        )
        yield from said.splitlines()


def _containers(pod: Any, wanted: str) -> Iterator[str]:
    for one in pod["spec"]["containers"]:
        if wanted in ("", one["name"]):
            yield one["name"]
