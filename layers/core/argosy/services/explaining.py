"""`argosy events why SENSOR EVENT`: what a sensor made of an event, step by step.

The event and what became of its firings are in the history; what the sensor's dependencies said is decided again, by the
version of the sensor that was in force when the event came (the one of now where none was). Deciding is pure, so the answer
is the one of then. What a condition waits with is asked of the join's state as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from argosy.events.envelope import Event
from argosy.events.explaining import PASSED, STOPPED, Step, explained
from argosy.events.sensors import CompiledSensor, CompiledTrigger
from argosy.resources.sensor import Sensor
from argosy.services.history import event_rows
from argosy.services.sense import waiting
from argosy.services.versions import version_at

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["why"]

type Told = Mapping[str, Any]


def why(runtime: Runtime, namespace: str, sensor: str, event_id: str) -> dict[str, Any]:
    """The steps, as JSON. Raises NotFound for an event that is not kept and a sensor that there never was."""
    row, firings, attempts = event_rows(runtime.store, namespace, event_id)
    then = version_at(runtime.store, namespace, sensor, row.data["at"])
    body = then or runtime.objects.get("Sensor", namespace, sensor)
    compiled, event = CompiledSensor(Sensor.model_validate(body), body), Event.from_json(row.data["event"])
    steps = list(_steps(runtime, compiled, event, row.data["bus"], firings, attempts))
    return {
        "namespace": namespace,
        "sensor": sensor,
        "event": event_id,
        "trace": row.data["trace"],
        "at": row.data["at"],
        "generation": body["metadata"].get("generation", 0),
        "inForce": then is not None,
        "steps": [step.as_json() for step in steps],
    }


def _steps(
    runtime: Runtime,
    sensor: CompiledSensor,
    event: Event,
    bus: str,
    firings: Sequence[Told],
    attempts: Sequence[Told],
) -> Iterator[Step]:
    if sensor.sensor.bus != bus:
        yield Step("bus", STOPPED, f"the sensor is on bus {sensor.sensor.bus}, the event came on {bus}")
        return
    passed = set()
    jq = runtime.jq.first if runtime.jq is not None else None
    for dependency in sensor.sensor.spec.dependencies:
        steps = explained(dependency, event, jq)
        yield from steps
        if steps[-1].verdict == PASSED:
            passed.add(dependency.name)
    for name, reason in sensor.broken.items():
        yield Step(f"trigger {name}", "broken", reason)
    own = [firing for firing in firings if firing["sensor"] == sensor.name]
    for trigger in sensor.triggers:
        mine = [firing for firing in own if firing["trigger"] == trigger.name]
        if mine:
            yield from _fired(trigger.name, mine, attempts)
        else:
            yield _idle(runtime, sensor, trigger, event, passed)
    known = {firing["firing"] for firing in own}
    others = [one for one in attempts if one["sensor"] == sensor.name and one["firing"] not in known]
    yield from (_attempt(f"dlqTrigger {one['trigger']}", one) for one in others)


def _fired(name: str, firings: Sequence[Told], attempts: Sequence[Told]) -> Iterator[Step]:
    for firing in firings:
        with_events = ", ".join(f"{dependency} = {event}" for dependency, event in firing["events"].items())
        yield Step(f"trigger {name}", "decided", f"firing {firing['firing']} with {with_events}")
        own = [one for one in attempts if one["firing"] == firing["firing"]]
        if not own:
            yield Step(f"trigger {name}", "waiting", "its firing is in the queue, or at the agent of its cluster")
        yield from (_attempt(f"trigger {name}", one) for one in own)


def _attempt(about: str, one: Told) -> Step:
    reason = f": {one['reason']}" if one.get("reason") else ""
    return Step(about, one["state"], f"attempt {one['attempt']} at {one['at']}{reason}")


def _idle(runtime: Runtime, sensor: CompiledSensor, trigger: CompiledTrigger, event: Event, passed: set[str]) -> Step:
    about, condition = f"trigger {trigger.name}", trigger.template.conditions or " && ".join(trigger.condition.names)
    reached = [name for name in trigger.condition.names if name in passed]
    if not reached:
        return Step(about, STOPPED, f"none of the dependencies of its condition ({condition}) let the event through")
    if not trigger.condition.joins:
        return Step(about, "waiting", "it would fire; nothing is known of a firing yet")
    kept = waiting(runtime.store, sensor, trigger, runtime.clock.now())
    if event.id not in {one.id for one in kept.values()}:
        return Step(about, STOPPED, f"its condition ({condition}) no longer holds the event: a later one took its place, "
                                    "or a reset has cleared it")  # fmt: skip
    missing = ", ".join(name for name in trigger.condition.names if name not in kept)
    return Step(about, "waiting", f"its condition ({condition}) is not true yet; there is no event for {missing}")
