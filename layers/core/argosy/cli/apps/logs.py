"""`argosy app logs`: what the pods of an application say, and with `--follow` go on to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from argosy.cli.apps.choosing import Name
from argosy.cli.apps.core import Verb, connected
from argosy.cli.apps.live import owned_by
from argosy.cli.apps.store import Applications, application
from argosy.errors import InvalidObject, NotFound
from argosy.gitops.showing.trees import below
from argosy.lang import duration, instants
from argosy.resources.application import ResourceStatus

if TYPE_CHECKING:
    from argosy.adapters.kube.connection import Door
    from argosy.ports.cluster import Cluster

__all__ = ["Container", "Part", "containers_of", "follow", "not_after", "passes", "register", "said_by"]

type Show = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Container:
    """One of a pod's."""

    namespace: str
    pod: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a log: its last `tail` lines, of the last `since` seconds, `until` a time; of the container before."""

    tail: int | None = None
    since: int | None = None
    previous: bool = False
    until: datetime | None = None


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
    follows: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the containers end.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", help="The last lines of each container.")] = None,
    since_seconds: Annotated[int | None, typer.Option("--since-seconds", help="No older than this.")] = None,
    since: Annotated[str, typer.Option("--since", help="The same, as a time like 5m.")] = "",
    until: Annotated[str, typer.Option("--until-time", help="No later than this: 2026-05-04T12:30:00Z.")] = "",
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the containers before.")] = False,
    text: Annotated[str, typer.Option("--filter", help="Lines with this text, !TEXT = without it.")] = "",
    match_case: Annotated[bool, typer.Option("--match-case", "-m", help="Large and small letters differ.")] = False,
) -> None:
    """Print the logs of an application's pods."""

    def meant(one: ResourceStatus) -> bool:
        fits = group in (None, one.group) and kind in ("", one.kind) and resource in ("", one.name)
        return fits and namespace in ("", one.namespace)

    def show(line: str) -> None:
        if passes(line, text, match_case=match_case):
            typer.echo(line)

    seconds = since_seconds if since_seconds is not None or not since else duration.parse(since) // duration.SECOND
    part = Part(tail, seconds, previous, _time(until))
    with connected(context) as (apps, cluster):
        found = containers_of(apps, name, meant, container)
        if follows:
            asyncio.run(follow(cluster.connection.door(), found, part, show))
            return
        for line in said_by(cluster, found, part):
            show(line)


def _time(text: str) -> datetime | None:
    found = instants.parse(text)
    if text and found is None:
        raise InvalidObject(f"{text!r} is no time like 2026-05-04T12:30:00Z", field="--until-time")
    return found


def passes(line: str, text: str, *, match_case: bool) -> bool:
    """Whether a line has the text, or not, with `!` in front (`PodLogs` of `server/application/application.go`)."""
    excludes, wanted = text.startswith("!"), text.removeprefix("!")
    there = wanted in line if match_case else wanted.lower() in line.lower()
    return there != excludes


def containers_of(
    apps: Applications, name: str, meant: Callable[[ResourceStatus], bool], container: str = ""
) -> list[Container]:
    """The containers of all pods of the resources that are meant. Raises NotFound when there is none."""
    app = application(apps.get(name))
    pods = [body for body in below(app, owned_by(apps.cluster, app), meant) if body["kind"] == "Pod"]
    found = [
        Container(pod["metadata"]["namespace"], pod["metadata"]["name"], one)
        for pod in pods
        for one in _names(pod)
        if container in ("", one)
    ]
    if not found:
        raise NotFound(f"application '{name}' has no pod with such a container; `app get -o tree` shows its pods")
    return found


def said_by(cluster: Cluster, containers: list[Container], part: Part) -> Iterator[str]:
    """The lines that they have written, one container after the other."""
    for one in containers:
        said = cluster.log(
            one.namespace,
            one.pod,
            container=one.name,
            tail=part.tail,
            since_seconds=part.since,
            previous=part.previous,
            timestamps=part.until is not None,
        )
        for line in said.splitlines():
            text = line if part.until is None else not_after(line, part.until)
            if text is None:
                break
            yield text


def not_after(line: str, until: datetime) -> str | None:
    """What a line says that has its time in front, None where that is later: so are all that follow."""
    stamp, _, text = line.partition(" ")
    at = instants.parse(stamp)
    if at is None:  # the server's own words, such as what it could not read
        return line
    return None if at > until else text


async def follow(door: Door, containers: list[Container], part: Part, show: Show) -> None:
    """Show the lines of all of them as they come, until the last one ends. Raises what following one raises."""
    from argosy.adapters.kube.watcher import HttpWatcher

    watcher = HttpWatcher(door)

    async def one(at: Container) -> None:
        stamped = part.until is not None
        lines = watcher.follow(
            at.namespace, at.pod, at.name, tail=part.tail, since_seconds=part.since, timestamps=stamped
        )
        async with aclosing(lines):
            async for line in lines:
                text = line if part.until is None else not_after(line, part.until)
                if text is None:
                    break
                show(text)

    try:
        await asyncio.gather(*(one(at) for at in containers))
    finally:
        await watcher.close()


def _names(pod: Any) -> Iterator[str]:
    for one in pod["spec"]["containers"]:
        yield one["name"]
