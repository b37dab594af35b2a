"""`argosy events`: list, show, trace, tail, why, replay, redrive."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from argosy.cli.options import Data, connected
from argosy.cli.output import Column, OutputFormat, show

if TYPE_CHECKING:
    from argosy.cli.client import Client

__all__ = ["app"]

app = typer.Typer(help="Events on their way, and those that came to nothing.", no_args_is_help=True)

Namespace = Annotated[str, typer.Option("-n", "--namespace", help="Namespace of the events.")]
Output = Annotated[OutputFormat, typer.Option("-o", "--output", help="table, wide, name, json or yaml.")]
Since = Annotated[str, typer.Option(help="RFC 3339, or how long ago: 15m, 24h, 7d.")]
EventId = Annotated[str, typer.Argument(help="An event's id.")]
_PAUSE: Final = 1.0
_COLUMNS: Final = (
    Column("ID", lambda one: str(one["id"])),
    Column("CAME", lambda one: str(one["at"])),
    Column("TYPE", lambda one: str(one["type"])),
    Column("EVENT", lambda one: f"{one['source']}/{one['event']}"),
    Column("FIRINGS", lambda one: str(one["firings"])),
    Column("REPLAYS", lambda one: str(one.get("replays", "")), wide=True),
)


@app.callback()
def events() -> None:
    """Events on their way, and those that came to nothing."""


@app.command("list")
def listing(
    context: typer.Context,
    namespace: Namespace = "default",
    since: Since = "24h",
    until: Annotated[str, typer.Option(help="As --since; left out: now.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 100,
    output: Output = OutputFormat.TABLE,
    data: Data = None,
) -> None:
    """The events of the last seven days, the newest first."""
    with connected(context, data) as client:
        found = client.events(namespace, since, until, limit)
    show([{"kind": "Event", "name": one["id"], **one} for one in found], _COLUMNS, output, single=False)


@app.command("show")
def shown(context: typer.Context, event: EventId, namespace: Namespace = "default", data: Data = None) -> None:
    """An event as it came, and what became of it, as JSON."""
    with connected(context, data) as client:
        typer.echo(json.dumps(client.event(namespace, event), indent=2))


@app.command()
def trace(context: typer.Context, event: EventId, namespace: Namespace = "default", data: Data = None) -> None:
    """What an event has caused: firings, attempts, results."""
    with connected(context, data) as client:
        found = client.event(namespace, event)
    body = found["event"]
    typer.echo(f"{found['at']}  event {body['id']} {body['source']}/{body['subject']}, trace {found['trace']}")
    if found.get("replays"):
        typer.echo(f"  repeats event {found['replays']}")
    firings = {one["firing"]: one for one in (*found["firings"], *found["attempts"])}
    for firing in firings.values():
        with_events = ", ".join(f"{name} = {one}" for name, one in firing["events"].items())
        typer.echo(f"  firing {firing['firing']} of {firing['sensor']}/{firing['trigger']} with {with_events}")
        for attempt in found["attempts"]:
            if attempt["firing"] == firing["firing"]:
                reason = f": {attempt['reason']}" if attempt.get("reason") else ""
                typer.echo(f"    {attempt['at']}  attempt {attempt['attempt']} {attempt['state']}{reason}")
    if not firings:
        typer.echo("  nothing was fired; `argosy events why SENSOR EVENT` tells why")


@app.command()
def tail(context: typer.Context, namespace: Namespace = "default", data: Data = None) -> None:
    """Events as they come, until Ctrl-C."""
    seen: set[str] = set()
    with connected(context, data) as client:
        while True:
            # A minute back: what is shown is written a moment after it came, and clocks differ.
            fresh = [one for one in reversed(client.events(namespace, "1m", "", 500)) if one["id"] not in seen]
            for one in fresh:
                typer.echo(f"{one['at']}  {one['id']}  {one['source']}/{one['event']}  firings {one['firings']}")
            seen |= {one["id"] for one in fresh}
            time.sleep(_PAUSE)


@app.command()
def why(
    context: typer.Context,
    sensor: Annotated[str, typer.Argument(help="A Sensor's name.")],
    event: EventId,
    namespace: Namespace = "default",
    output: Output = OutputFormat.TABLE,
    data: Data = None,
) -> None:
    """What a sensor made of an event: each dependency and filter, the condition, firings, attempts."""
    with connected(context, data) as client:
        found = client.why(namespace, sensor, event)
    if output in (OutputFormat.JSON, OutputFormat.YAML):
        show([found], (), output, single=True)
        return
    version = f"generation {found['generation']}" + ("" if found["inForce"] else ", which is newer than the event")
    typer.echo(f"event {event} at {found['at']}, sensor {sensor} ({version})")
    for step in found["steps"]:
        typer.echo(f"  {step['about']}: {step['verdict']}" + (f", {step['reason']}" if step["reason"] else ""))


@app.command()
def replay(
    context: typer.Context,
    since: Since,
    until: Annotated[str, typer.Option(help="As --since; left out: now.")] = "",
    sensor: Annotated[str, typer.Option(help="Only for this Sensor; left out: for all.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would fire, and fire nothing.")] = False,
    namespace: Namespace = "default",
    data: Data = None,
) -> None:
    """Show past events to the sensors of today; without --dry-run under new ids and for real."""
    wanted = {"namespace": namespace, "since": since, "until": until, "sensor": sensor, "dryRun": dry_run}
    with connected(context, data) as client:
        pages = _pages(client, wanted)
    for page in pages:
        for firing in page["firings"]:
            with_events = ", ".join(f"{name} = {one}" for name, one in firing["events"].items())
            problem = f", in vain: {firing['problem']}" if firing.get("problem") else ""
            typer.echo(f"{firing['sensor']}/{firing['trigger']} would fire with {with_events}{problem}")
    came = sum(page["events"] for page in pages)
    told = f"{sum(len(page['firings']) for page in pages)} would be fired"
    published = f"{sum(page['published'] for page in pages)} published again"
    typer.echo(f"{came} events, {told if dry_run else published}")


def _pages(client: Client, wanted: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    pages = [client.replay(wanted)]
    while pages[-1]["next"]:
        pages.append(
            client.replay(
                {**wanted, "after": pages[-1]["next"], "name": pages[-1]["name"], "until": pages[-1]["until"]}
            )
        )
    return pages


@app.command()
def redrive(
    context: typer.Context,
    queue: Annotated[str, typer.Argument(help="A queue with dead letters; left out: each of them.")] = "",
    data: Data = None,
) -> None:
    """Send dead letters back to the queue that they came from; `argosy get queues` counts them."""

    def told(moved: int, total: int) -> None:
        typer.echo(f"{name}: {moved} of about {total} so far", err=True)

    with connected(context, data) as client:
        names = [queue] if queue else [each["name"] for each in client.queues() if each["deadLetters"]]
        for name in names:
            typer.echo(f"{name}: {client.redrive(name, told)} sent back")
