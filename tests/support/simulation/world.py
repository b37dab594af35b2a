"""An installation in virtual time, and everything that can happen to it, drawn from a seed.

Between any two operations on store, queue, cluster or target the process may be killed, or something else happens first: a
user patches, a change arrives at the mirror, a timer rings, `tick` runs, the agent works, another object has its turn.
Messages come twice, late, out of order or, those of timers, never. `Parts` are what the installation is made of; a mutant
puts a broken one in the place of one of them.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from argosy.control.effects import Call, Outcome, Unit
from argosy.control.keys import Key, wake_digest
from argosy.control.state import CONTROL_PREFIX, States
from argosy.control.timers import read_timer
from argosy.control.units import carry_out
from argosy.control.wakes import WAKE_PREFIX, read_wake
from argosy.errors import ArgosyError, Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.store import FakeStore
from argosy.ports.queue import Delivery, QueueSpec
from support.simulation.judge import Judge, JudgedScaler, JudgedWriter, Post, Read
from support.simulation.parts import Killed, Parts, Pointed
from support.simulation.scaler import Scaler, deployment, scaler
from support.simulation.server import HOME, Body, Mirror, Server

WORK, TIMERS = "work", "timers"
SPECS = (
    QueueSpec(WORK, fifo=True, visibility=240, max_receives=5, dlq="work-dlq"),
    QueueSpec("work-dlq", fifo=True),
    QueueSpec(TIMERS, visibility=60, max_receives=5, dlq="timers-dlq"),
    QueueSpec("timers-dlq"),
)
US, THEM = "us", "them"
TARGETS = ("one", "two", "shared")


class World:
    """One installation. `agent`: its cluster is reached through an agent."""

    def __init__(self, seed: int, parts: Parts) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        self.agent = self.chance.random() < 0.4
        self.calm, self.depth, self.faulted = False, 0, False
        self.judge = Judge()
        self.clock = FakeClock()
        self.rows, self.messages = FakeStore(self.clock), FakeQueue(SPECS, self.clock)
        self.store: Any = Pointed(self.rows, self.point)
        self.queue: Any = Pointed(self.messages, self.point)
        self.server = Server(US, lambda: self.point(False), self.judge.violate)
        self.mirror = Mirror(self.server)
        self.states = States(self.rows, self.clock, WORK)
        self.posted: list[tuple[Key, Unit]] = []
        self.answers: list[tuple[Key, str, Outcome]] = []
        self.turn: Key | None = None
        self.left = {name: self.chance.choice((0, 0, 1, 2)) for name in ("kill", "refuse", "lose", "double", "swift")}
        self._assemble(parts)
        for name in ("app", "web")[: self.chance.choice((1, 1, 2))]:
            self.server.create(scaler(name), {"metadata": {"labels": {HOME: US}}, "spec": self._spec(name)})

    def _assemble(self, parts: Parts) -> None:
        self.wakes = parts.wakes(self.store, self.queue, self.clock, WORK)
        states = parts.states(self.store, self.clock, WORK)
        self.timers = parts.timers(states, self.wakes, self.queue, self.clock, TIMERS)
        claims = parts.claims(self.store, self.clock, everything=False, lease=0.0)
        kind = type("Judged", (JudgedScaler, parts.controller), {"world": self})
        self.controller: Scaler = kind(US, self.mirror, self.told)
        carrier = Post(self) if self.agent else parts.direct(JudgedWriter(self))
        self.loop = parts.loop(self.controller, states, self.wakes, self.timers, claims, self.clock, carrier)

    def _spec(self, name: str) -> Body:
        target = "web" if name == "web" else self.chance.choice(TARGETS)
        return {
            "replicas": self.chance.randint(1, 9),
            "pause": self.chance.choice((1, 50, 700, 4000)),
            "target": target,
        }

    @property
    def now(self) -> float:
        return self.clock.now().timestamp()

    # What happens between two operations

    def point(self, ours: bool) -> None:
        """Something may happen here; `ours`: our own store or queue may be away."""
        if self.calm:
            if self.turn is not None and self.chance.random() < 0.1:
                self.arrive()
            if self.turn is not None and self.strikes("swift", 0.0):
                self.swift()
            if self.strikes("kill", 0.0):
                raise Killed
            return
        if self.depth > 2:
            return
        drawn = self.chance.random()
        if drawn < 0.012:
            raise Killed
        if drawn < 0.016 and ours:
            self.faulted = True
            for calls in self.judge.decided.values():
                self.judge.unclear.update(calls)
            raise Unavailable("the store is away")
        if drawn < 0.12:
            self.depth += 1
            try:
                self.happen()
            finally:
                self.depth -= 1

    def strikes(self, what: str, chance: float) -> bool:
        """Whether a disturbance strikes; after the disturbances have stopped a last few are left."""
        if not self.calm:
            return self.chance.random() < chance
        strikes = self.left[what] > 0 and self.chance.random() < 0.1
        self.left[what] -= strikes
        return strikes

    def happen(self) -> None:
        """One thing happens."""
        some = self.chance.choice
        do = some(
            (self.patch, self.patch, self.arrive, self.arrive, self.work, self.ring, self.tick, self.act, self.them)
        )
        do()

    def patch(self) -> None:
        """A user does something to a Scaler, or to what one has made."""
        target = scaler(self.chance.choice(("app", "web")))
        found = self.server.objects.get(target)
        if found is None:
            if self.chance.random() < 0.1:
                self.server.create(target, {"metadata": {"labels": {HOME: US}}, "spec": self._spec(target.name)})
            return
        generation = found["metadata"]["generation"]
        drawn = self.chance.random()
        if drawn < 0.35:
            self.server.user(target, {"spec": self._spec(target.name)})
        elif drawn < 0.6:
            verb = self.chance.choice(("promote", "promote", "abort"))
            self.server.user(target, {"status": {verb: generation}})
        elif drawn < 0.7:
            self.server.user(target, {"spec": {"bad": self.chance.random() < 0.5}})
        elif drawn < 0.72:
            self.server.remove(target)
        else:
            made = deployment(found["spec"]["target"])
            self.server.user(made, {"metadata": {"labels": {"note": str(self.server.resource)}}})

    def swift(self) -> None:
        """A user does something, and the mirror knows at once."""
        self.patch()
        for key in self.mirror.waiting():
            self.arrive(key)

    def them(self) -> None:
        """Another home writes to the destination that both want, or leaves it."""
        shared = deployment("shared")
        found = self.server.objects.get(shared)
        if found is None:
            self.server.create(shared, {"metadata": {"labels": {HOME: THEM}}, "spec": {"replicas": 70}})
        elif found["metadata"]["labels"][HOME] == THEM:
            self.server.remove(shared)

    def arrive(self, key: Key | None = None) -> None:
        """A change arrives at the mirror, with the wakes that it makes necessary in the same transaction."""
        waiting = self.mirror.waiting()
        if not waiting or (key is not None and key not in waiting):
            return
        key = key or self.chance.choice(waiting)
        before, after = self.mirror.arrive(key)
        concerned = self._concerned(key, before, after)
        self.judge.unseen.update(concerned)
        woken = [str(one) for one in concerned]
        new = [one for one in woken if self.rows.get(f"{WAKE_PREFIX}{WORK}", one) is None]
        if new:
            self.rows.write([self.wakes.row(one) for one in new])
            with suppress(Killed, Unavailable):
                self.wakes.send(new)

    def _concerned(self, key: Key, before: Body | None, after: Body | None) -> list[Key]:
        if key.kind == "Scaler":
            return [key] if before is None or after is None or _essence(before) != _essence(after) else []
        homes = [scaler(name) for name in ("app", "web")]
        owner = ((after or before or {}).get("metadata") or {}).get("labels", {}).get("owner")
        return [
            one
            for one in homes
            if (body := self.mirror.get(one)) is not None and (one.name == owner or body["spec"]["target"] == key.name)
        ]

    def told(self, call: Call) -> bool:
        """The target of calls: it may refuse, be told without our knowing, or kill us after it was told."""
        if self.strikes("refuse", 0.1):
            raise Unavailable("the target is away")
        if self.strikes("kill", 0.05):
            raise Killed
        if not self.agent and self.turn and self.differing(self.judge.stale[self.turn]):
            self.judge.violate(f"{self.turn}: a call was made on a stale decision")
        self.judge.calls[call.id] = self.judge.calls.get(call.id, 0) + 1
        if self.judge.calls[call.id] > 1 and not (call.at_least_once or call.repeatable):
            self.judge.violate(f"{call.id} was carried out twice")
        if self.strikes("kill", 0.1):
            raise Killed
        known = self.calm or self.chance.random() > 0.05
        self.judge.unclear |= set() if known else {call.id}
        return known

    # What runs

    def work(self) -> int:
        """The function on the work queue takes a batch: one failure ends its group; how many messages it took."""
        deliveries = self.messages.receive(WORK, self.chance.choice((1, 1, 3)))
        failed: set[str] = set()
        for delivery in deliveries:
            if delivery.group not in failed and not self._one(delivery):
                failed.add(delivery.group)
            if delivery.group not in failed:
                self.messages.delete(WORK, [delivery.handle])
        return len(deliveries)

    def _one(self, delivery: Delivery) -> bool:
        key = Key.parse(read_wake(delivery.body) or "")
        if key in self.judge.active:
            self.judge.violate(f"{key}: two turns at once")
        outer, self.turn = self.turn, key
        self.judge.active.add(key)
        self.faulted = False
        try:
            self.loop.run(key)
        except Killed:
            self.judge.unclear.update(self.judge.decided.get(key, ()))
            return False
        except ArgosyError as x:
            if not self.faulted:
                self.judge.violate(f"{key}: {x!r} failed the message")
            return False
        else:
            self._promise(key)
            return True
        finally:
            self.judge.active.discard(key)
            self.turn = outer

    def _promise(self, key: Key) -> None:
        """A turn is over: what its writes left, and whether what came meanwhile will be looked at."""
        state = self.states.load(key)
        self.judge.promised[key] = dict(state.results)
        woken = self.rows.get(f"{WAKE_PREFIX}{WORK}", str(key)) is not None
        messages = sum(read_wake(held.message.body) == str(key) for held in self.messages._held[WORK])
        if key in self.judge.unseen and state.next_due is None and not woken and messages == 1:
            self.judge.violate(f"{key}: a change that came during its turn was forgotten")

    def ring(self) -> None:
        """Messages of timers come: some twice, some never, in any order."""
        deliveries = self.messages.receive(TIMERS, 5)
        self.chance.shuffle(deliveries)
        for delivery in deliveries:
            lost, twice = self.strikes("lose", 0.1), self.strikes("double", 0.2)
            if not lost:
                try:
                    self._ring(*read_timer(delivery.body))
                except (Killed, Unavailable):
                    continue
            if twice and not lost:
                self.messages.release(TIMERS, [delivery.handle])
            else:
                self.messages.delete(TIMERS, [delivery.handle])

    def _ring(self, key: Key, generation: int) -> None:
        if self.states.load(key).timer == generation:
            self.timers.ring(key, generation)
            return
        calm, self.calm, before = self.calm, True, self.messages.depth(TIMERS).total
        self.timers.ring(key, generation)
        self.calm = calm
        if self.messages.depth(TIMERS).total != before:
            self.judge.violate(f"{key}: a timer that is none any more went on")

    def tick(self) -> None:
        """The schedule's minute."""
        with suppress(Killed, Unavailable):
            for row in self.rows.due(self.now, 100):
                if row.pk.startswith(WAKE_PREFIX):
                    self.wakes.again([row])
                elif row.pk.startswith(CONTROL_PREFIX):
                    self.timers.sweep(row)

    def act(self) -> None:
        """The agent takes a unit or reports an outcome: some twice, some late, some never."""
        again = not self.calm and self.chance.random() < 0.2
        if self.posted and self.chance.random() < 0.6:
            number = self.chance.randrange(len(self.posted))
            key, unit = self.posted[number] if again else self.posted.pop(number)
            with suppress(Killed):
                outcome = carry_out(unit, JudgedWriter(self, self.differing(unit.read)), self.clock.now())
                if self.calm or self.chance.random() > 0.1:
                    self.answers.append((key, unit.id, outcome))
        elif self.answers:
            number = self.chance.randrange(len(self.answers))
            answer = self.answers[number]
            with suppress(Killed, Unavailable):
                self.loop.answer(*answer)
                if not again and answer in self.answers:
                    self.answers.remove(answer)

    def differing(self, read: Read) -> Read:
        """What of `read` is otherwise now. An object that was not there and is may be gone again later."""
        return {target: version for target, version in read.items() if self.server.live(target) != version}

    def timer_messages(self) -> dict[Key, int]:
        """How many messages of the timer that stands wait for each object."""
        found: dict[Key, int] = {}
        for held in self.messages._held[TIMERS]:
            key, generation = read_timer(held.message.body)
            found[key] = found.get(key, 0) + (generation == self.states.load(key).timer)
        return found


def _essence(body: Body) -> tuple[str, Any, Any]:
    """What wakes: the digest, and the verbs that users set in the status."""
    status = body.get("status") or {}
    return wake_digest(body), status.get("promote"), status.get("abort")
