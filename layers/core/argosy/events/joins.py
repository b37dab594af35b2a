"""Joins: a trigger whose condition waits for several dependencies.

Follows the JetStream bus of Argo Events 1.9 (`pkg/eventbus/jetstream/sensor/trigger_conn.go`): the latest event of each
dependency is kept; when the condition becomes true the trigger fires with all that is kept and everything is cleared.
Latest means the event's own time, not its arrival, because the bus here is unordered.

A step is pure: state in, state and perhaps a firing out. Which events were used already is remembered outside, by the
service that writes state and memory in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.events.envelope import Event
from argosy.lang.conditions import Condition

__all__ = ["JoinState", "step"]


@dataclass(frozen=True, slots=True)
class JoinState:
    """What one trigger waits with: dependency → its latest event."""

    events: Mapping[str, Event] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The state as a store row's data."""
        return {name: event.as_json() for name, event in self.events.items()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> JoinState:
        """The inverse of `as_json`."""
        return cls({name: Event.from_json(event) for name, event in body.items()})


def step(
    state: JoinState, condition: Condition, dependency: str, event: Event
) -> tuple[JoinState, Mapping[str, Event] | None]:
    """State after `event` has reached `dependency`, its filters passed, and the events of the firing if there is one.

    What the state holds for dependencies that the condition no longer names is dropped.
    """
    stored = {name: kept for name, kept in state.events.items() if name in condition.names}
    older = stored.get(dependency)
    if older is not None and older.time > event.time:
        event = older
    together = {**stored, dependency: event}
    if condition.holds(together):
        return JoinState(), together
    return JoinState(together), None
