"""Runs sensors on the events of the bus: match, join, and hand the firings to the trigger queues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from argosy.errors import Conflict, EvaluationError
from argosy.events.envelope import Event
from argosy.events.joins import JoinState, step
from argosy.events.resets import last_reset
from argosy.events.sensors import CompiledSensor, CompiledTrigger, Dropped, Firing, Match
from argosy.ports.store import ABSENT, Put, Row, Store
from argosy.records import record
from argosy.services.aside import or_set_aside
from argosy.services.declarations import Declarations
from argosy.services.firings import TriggerMessage, send_firings, trigger_message
from argosy.services.mail import unpack
from argosy.services.queues import BUS
from argosy.services.runtime import Runtime

__all__ = ["Sensing", "waiting"]

_REMEMBER_SECONDS = 3600.0
_TRIES = 50


@record
class _BusEvent:
    namespace: str
    bus: str
    event: Event
    replays: str = ""
    only: str = ""


class Sensing:
    """Sensors of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)

    def begin(self) -> None:
        """Take in what has changed in the declarations; called once for each batch."""
        self._declarations.refresh()

    def decide(self, body: str) -> list[TriggerMessage]:
        """Messages for the trigger queues that the bus message `body` causes; one that is none of ours is set aside.

        Raises Conflict when a join could not be written.
        """
        received = or_set_aside(self._runtime, BUS, body, lambda: _read(unpack(body, self._runtime.blobs)))
        if received is None:
            return []
        now = self._runtime.clock.now()
        firings: list[Firing] = []
        event = received.event
        for sensor in self._declarations.sensors(received.namespace, received.bus, event.source, event.subject):
            if received.only in ("", sensor.name):
                firings.extend(self._run(sensor, event, now))
        self._runtime.history.sensed(received.namespace, received.bus, event, firings, now, received.replays)
        return [message for firing in firings if (message := self._message(firing, now)) is not None]

    def _message(self, firing: Firing, now: datetime) -> TriggerMessage | None:
        try:
            return trigger_message(firing, 1, 0.0, self._runtime)
        except EvaluationError as x:
            place = (firing.namespace, firing.sensor, firing.trigger)
            self._runtime.outcomes.failed(*place, str(x), now, firing.id, firing.events)
            return None

    def hand_on(self, messages: list[TriggerMessage]) -> None:
        """Send a batch's firings and write its tallies."""
        send_firings(self._runtime, messages)
        self._runtime.outcomes.write()
        self._runtime.history.write()

    def _run(self, sensor: CompiledSensor, event: Event, now: datetime) -> list[Firing]:
        firings: list[Firing] = []
        jq = self._runtime.jq.first if self._runtime.jq is not None else None
        for found in sensor.match(event, jq):
            if isinstance(found, Dropped):
                self._runtime.outcomes.dropped(
                    sensor.namespace, sensor.name, found.dependency, found.reason, event.id, now
                )
            elif not found.trigger.condition.joins:
                firings.append(sensor.fire(found.trigger, {found.dependency: found.event}, now))
            else:
                together = self._join(sensor, found, now)
                if together is not None:
                    firings.append(sensor.fire(found.trigger, together, now))
        return firings

    def _join(self, sensor: CompiledSensor, match: Match, now: datetime) -> Mapping[str, Event] | None:
        store, event = self._runtime.store, match.event
        pk = _pk(sensor)
        state_sk, used_sk = f"{match.trigger.name}/state", f"{match.trigger.name}/used/{match.dependency}/{event.id}"
        for _ in range(_TRIES):
            used = store.get(pk, used_sk)
            if used is not None:
                return JoinState.from_json(used.data["fired"]).events if used.data.get("fired") else None
            row = store.get(pk, state_sk)
            state = _state(row, sensor, match.trigger, now)
            after, fired = step(state, match.trigger.condition, match.dependency, event)
            memory = {"fired": JoinState(fired).as_json()} if fired else {}
            definitions = {name: sensor.definitions[name] for name in after.events}
            conditions = match.trigger.template.conditions
            kept = {
                name: _kept(row, name, now) if name != match.dependency else now.timestamp() for name in after.events
            }
            definition = {
                "conditions": conditions,
                "definitions": definitions,
                "events": after.as_json(),
                "kept": kept,
            }
            try:
                store.write(
                    [
                        Put(Row(pk, state_sk, definition), expect=row.version if row else ABSENT),
                        Put(Row(pk, used_sk, memory, expires_at=now.timestamp() + _REMEMBER_SECONDS), expect=ABSENT),
                    ]
                )
            except Conflict:
                continue
            return fired
        raise Conflict(
            f"join of {sensor.namespace}/{sensor.name} trigger {match.trigger.name}: {_TRIES} lost races", delay=1
        )


def waiting(store: Store, sensor: CompiledSensor, trigger: CompiledTrigger, now: datetime) -> Mapping[str, Event]:
    """What a trigger's condition waits with: dependency → event."""
    return _state(store.get(_pk(sensor), f"{trigger.name}/state"), sensor, trigger, now).events


def _pk(sensor: CompiledSensor) -> str:
    return f"join/{sensor.namespace}/{sensor.name}/{sensor.identity}"


def _kept(row: Row | None, dependency: str, now: datetime) -> float:
    """Since when the state has held the event of a dependency."""
    return float(row.data.get("kept", {}).get(dependency, now.timestamp())) if row is not None else now.timestamp()


def _state(row: Row | None, sensor: CompiledSensor, trigger: CompiledTrigger, now: datetime) -> JoinState:
    """The stored state, without what was kept under other conditions, for a dependency that has changed, before a reset."""
    if row is None or row.data.get("conditions") != trigger.template.conditions:
        return JoinState()
    before = row.data.get("definitions", {})
    reset = last_reset(trigger.resets, now)
    events = {
        name: event
        for name, event in row.data["events"].items()
        if before.get(name) == sensor.definitions.get(name) and _kept(row, name, now) >= reset
    }
    return JoinState.from_json(events)


def _read(body: Any) -> _BusEvent:
    try:
        event = Event.from_json(body["event"])
        return _BusEvent(body["namespace"], body["bus"], event, body.get("replays", ""), body.get("only", ""))
    except (KeyError, TypeError) as x:
        raise EvaluationError(f"not a bus message: {type(x).__name__} {x}") from x
