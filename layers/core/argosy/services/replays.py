"""Replays: today's sensors on the events of the past.

A dry run decides and sends nothing: what would fire, joins included, from a state that is empty at the start of each page.
Otherwise the events are put on the bus again under new ids (derived from the original's and the replay's, so that a page
that is asked for twice publishes the same), each naming the original and with its time, for one sensor or for all. What a
replay has published is no part of another one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import NotFound
from argosy.events.envelope import Event
from argosy.events.joins import JoinState, step
from argosy.events.sensors import CompiledSensor, Dropped, Firing
from argosy.ports.clock import stamp
from argosy.ports.queue import Outgoing
from argosy.records import record
from argosy.services.audit import audited
from argosy.services.declarations import Declarations
from argosy.services.history import event_rows, instant, lines_from
from argosy.services.mail import pack
from argosy.services.queues import BUS

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Wanted", "asked", "replayed"]

_PAGE: Final = 500


@record
class Wanted:
    """Which events: of `namespace`, from `since` and before `until`; for `sensor` ("" = all). `name` is the replay's own."""

    namespace: str
    since: datetime
    until: datetime
    name: str
    sensor: str = ""
    dry_run: bool = True


def asked(runtime: Runtime, request: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """A page of the replay that a request of the API describes, with the name and the end of the replay.

    Raises NotFound, InvalidObject.
    """
    now, name = runtime.clock.now(), request.get("name") or os.urandom(8).hex()
    since, until = instant(request["since"], now), instant(request.get("until") or "0s", now)
    sensor, dry_run = request.get("sensor", ""), request.get("dryRun", True)
    wanted = Wanted(request["namespace"], since, until, name, sensor, dry_run)
    return {"name": name, "until": stamp(until), **replayed(runtime, wanted, actor, request.get("after", ""))}


def replayed(runtime: Runtime, wanted: Wanted, actor: str, after: str = "") -> dict[str, Any]:
    """One page of a replay: how many events, what they would fire or how many were published, `next` ("" at the end).

    Raises NotFound when there is no such sensor.
    """
    declarations = Declarations(runtime.store, runtime.clock)
    declarations.refresh()
    if wanted.sensor:
        runtime.objects.get("Sensor", wanted.namespace, wanted.sensor)
    lines, following = lines_from(runtime.store, wanted.namespace, wanted.since, wanted.until, _PAGE, after)
    found = list(_events(runtime, wanted, [line["id"] for line in lines if "replays" not in line]))
    answer: dict[str, Any] = {"events": len(found), "published": 0, "firings": [], "next": following}
    if wanted.dry_run:
        answer["firings"] = [_told(firing) for firing in _decided(runtime, declarations, wanted, found)]
    elif found:
        told = f"Event/{wanted.namespace} {len(found)} replayed as {wanted.name}"
        runtime.store.write([audited(actor, [told], runtime.clock.now())])
        runtime.queue.send(BUS, [_again(runtime, wanted, bus, event) for bus, event in found])
        answer["published"] = len(found)
    return answer


def _events(runtime: Runtime, wanted: Wanted, ids: Sequence[str]) -> Iterator[tuple[str, Event]]:
    for name in ids:
        try:
            row, _, _ = event_rows(runtime.store, wanted.namespace, name)
        except NotFound:
            continue
        yield row.data["bus"], Event.from_json(row.data["event"])


def _again(runtime: Runtime, wanted: Wanted, bus: str, event: Event) -> Outgoing:
    new = hashlib.sha256(f"{wanted.name}\n{event.id}".encode()).hexdigest()[:32]
    again = replace(event, id=new)
    body = {"namespace": wanted.namespace, "bus": bus, "event": again.as_json(), "replays": event.id}
    return Outgoing(pack(body | ({"only": wanted.sensor} if wanted.sensor else {}), runtime.blobs))


def _decided(
    runtime: Runtime, declarations: Declarations, wanted: Wanted, events: Sequence[tuple[str, Event]]
) -> Iterator[Firing]:
    states: dict[tuple[str, str], JoinState] = {}
    for bus, event in events:
        for sensor in declarations.sensors(wanted.namespace, bus, event.source, event.subject):
            if wanted.sensor in ("", sensor.name):
                yield from _sensed(runtime, sensor, event, states)


def _sensed(
    runtime: Runtime, sensor: CompiledSensor, event: Event, states: dict[tuple[str, str], JoinState]
) -> Iterator[Firing]:
    now, jq = runtime.clock.now(), runtime.jq.first if runtime.jq is not None else None
    for found in sensor.match(event, jq):
        if isinstance(found, Dropped):
            continue
        together: Mapping[str, Event] | None = {found.dependency: found.event}
        if found.trigger.condition.joins:
            key = (sensor.name, found.trigger.name)
            before = states.get(key, JoinState())
            states[key], together = step(before, found.trigger.condition, found.dependency, found.event)
        if together is not None:
            yield sensor.fire(found.trigger, together, now)


def _told(firing: Firing) -> dict[str, Any]:
    told = {"sensor": firing.sensor, "trigger": firing.trigger, "events": dict(firing.events)}
    return told | ({"problem": firing.problem} if firing.problem else {})
