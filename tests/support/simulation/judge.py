"""The judge of a simulation: sees every decision and every effect, and says what must never be.

Stands where the installation touches the world: its controller, the objects of its cluster, the post to its agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from argosy.control.effects import Call, Decision, Observation, Outcome, Unit, Version, Write
from argosy.control.keys import Key
from argosy.errors import Denied, Unavailable
from support.simulation.scaler import Scaler

if TYPE_CHECKING:
    from support.simulation.world import World

type Read = Mapping[Key, Version | None]


@dataclass
class Judge:
    """Sees every decision and every effect, and says what must never be."""

    violations: list[str] = field(default_factory=list)
    active: set[Key] = field(default_factory=set)
    promised: dict[Key, dict[str, int | None]] = field(default_factory=dict)
    asked: dict[Key, tuple[str, float]] = field(default_factory=dict)
    stale: dict[Key, Read] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    decided: dict[Key, list[str]] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    unseen: set[Key] = field(default_factory=set)

    def violate(self, what: str) -> None:
        self.violations.append(what)


class JudgedScaler(Scaler):
    """The toy controller under the judge's eyes."""

    world: World

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        self.world.judge.unseen.discard(key)
        return super().observe(key)

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        world, key = self.world, observation.object.key
        if not observation.holds(world.judge.promised.get(key, {})):
            world.judge.violate(f"{key}: decided on less than its last writes left")
        request, until = world.judge.asked.get(key, ("", 0.0))
        if now.timestamp() < until and world.states.answer(request) is None:
            world.judge.violate(f"{key}: decided while an answer was awaited")
        world.judge.stale[key] = world.differing(observation.read)
        decision = super().reconcile(observation, now)
        world.judge.decided[key] = [effect.id for effect in decision.effects if isinstance(effect, Call)]
        return decision


class JudgedWriter:
    """The server's objects, for one who carries units out."""

    def __init__(self, world: World, stale: Read | None = None) -> None:
        self._world, self._stale = world, stale

    def version(self, target: Key) -> Version | None:
        """See `Writer.version`."""
        return self._world.server.version(target)

    def write(self, write: Write) -> tuple[str, int | None]:
        """See `Writer.write`. The cluster may refuse."""
        world = self._world
        if world.strikes("refuse", 0.05):
            raise world.chance.choice((Denied("forbidden"), Unavailable("the API server is away")))
        stale = self._stale if self._stale is not None else world.judge.stale[world.turn] if world.turn else {}
        differs = write.target.kind != "Scaler" and world.differing(stale)
        written = world.server.write(write)
        if differs:
            world.judge.violate(f"{write.target}: written on a stale decision")
        return written


class Post:
    """A carrier to the agent: its view is the mirror's, the agent's is the server's."""

    answers_later = True

    def __init__(self, world: World) -> None:
        self._world = world

    def is_current(self, read: Read) -> bool:
        """See `Carrier.is_current`."""
        return True

    def carry(self, unit: Unit) -> Outcome:
        """See `Carrier.carry`."""
        world = self._world
        assert world.turn is not None
        world.point(True)
        world.posted.append((world.turn, unit))
        if unit.read:
            world.judge.asked[world.turn] = (unit.id, world.now + 120)
        world.point(False)
        return Outcome()
