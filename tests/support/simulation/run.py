"""A run: disturbances for a while, then none; what must hold during the first and after the second."""

from __future__ import annotations

from argosy.control.wakes import WAKE_PREFIX
from argosy.ports.queue import Outgoing, Queue
from support.simulation.parts import Parts
from support.simulation.scaler import RECORD, TELL, deployment, scaler
from support.simulation.server import HOME, Body
from support.simulation.world import THEM, TIMERS, US, WORK, World

_HORIZON = 6 * 3600.0
_LIMIT = 600


def simulate(seed: int, parts: Parts | None = None) -> list[str]:
    """The promises that the run of `seed` broke; empty when all hold."""
    world = World(seed, parts or Parts())
    for _ in range(world.chance.randint(15, 45)):
        if world.chance.random() < 0.3:
            world.clock.advance(world.chance.choice((0.5, 5, 31, 61, 250, 900)))
        world.happen()
        world.work()
        _timers_are_single(world)
    _calm(world)
    settled = _settle(world)
    found = list(world.judge.violations)
    if not settled:
        found.append("the queues did not come to rest")
    return found + _unlike(world)


def _calm(world: World) -> None:
    """The disturbances stop; operators see to dead letters, users may mend what they broke."""
    world.calm = True
    for name in ("app", "web"):
        found = world.server.objects.get(scaler(name))
        if found is not None and found["spec"].get("bad") and world.chance.random() < 0.7:
            world.server.user(scaler(name), {"spec": {"bad": False}})
    shared = world.server.objects.get(deployment("shared"))
    if shared is not None and shared["metadata"]["labels"][HOME] == THEM and world.chance.random() < 0.5:
        world.server.remove(deployment("shared"))


def _redrive(messages: Queue, queue: str) -> None:
    """As an operator does, once whatever failed works again."""
    for letter in messages.receive(f"{queue}-dlq", 100):
        messages.send(queue, [Outgoing(letter.body, group=letter.group)])
        messages.delete(f"{queue}-dlq", [letter.handle])


def _settle(world: World) -> bool:
    """Let time pass until nothing is left to do; False when that does not come."""
    end = world.now + _HORIZON
    for _ in range(_LIMIT):
        while world.mirror.waiting():
            world.arrive()
        while world.posted or world.answers:
            world.act()
        for queue in (WORK, TIMERS):
            _redrive(world.messages, queue)
        world.ring()
        worked = world.work()
        _timers_are_single(world)
        if worked or world.mirror.waiting() or world.posted:
            continue
        if world.now > end or (_rests(world) and not _unlike(world)):
            break
        world.clock.advance(_until_next(world))
        world.tick()
    return _rests(world)


def _until_next(world: World) -> float:
    due = world.rows.next_due()
    times = [held.visible_at for queue in (WORK, TIMERS) for held in world.messages._held[queue]]
    times += [due] if due is not None else []
    return max(0.1, min((time for time in times if time > world.now), default=world.now) - world.now)


def _rests(world: World) -> bool:
    """Nothing is left to do but to try again, from time to time, what users or others have to mend."""
    troubled = {name for name in ("app", "web") if world.states.load(scaler(name)).problem}
    waiting = sum(world.messages.depth(queue).total for queue in (WORK, TIMERS))
    lasting = all(_problem(world, name) for name in troubled)
    woken = world.rows.query(f"{WAKE_PREFIX}{WORK}")
    idle = not (world.mirror.waiting() or world.posted or world.answers or woken or world.messages.depth(WORK).total)
    due = {name for name in ("app", "web") if world.states.load(scaler(name)).next_due is not None}
    return idle and lasting and due <= troubled and waiting <= len(troubled)


def _timers_are_single(world: World) -> None:
    for key, number in world.timer_messages().items():
        if number > 1:
            world.judge.violate(f"{key}: {number} messages of one timer")


def _problem(world: World, name: str) -> str:
    """Why a Scaler cannot do what it says, "" when it can."""
    body = world.server.objects.get(scaler(name))
    if body is None:
        return ""
    made = world.server.objects.get(deployment(body["spec"]["target"]))
    if body["spec"].get("bad"):
        return "spec.bad"
    return "another home" if made is not None and made["metadata"]["labels"].get(HOME) != US else ""


def _unlike(world: World) -> list[str]:
    """In what the end is not as the users wish."""
    found = []
    for name in ("app", "web"):
        body = world.server.objects.get(scaler(name))
        state = world.states.load(scaler(name))
        if body is None:
            if state.next_due is not None:
                found.append(f"{name}: a timer for what is gone")
            continue
        problem = _problem(world, name)
        if problem:
            if problem not in (body.get("status") or {}).get("message", "") or problem not in state.problem:
                found.append(f"{name}: its problem is not shown: {body.get('status')}")
        else:
            found += [f"{name}: {what}" for what in _unlike_one(world, name, body)]
    return found


def _unlike_one(world: World, name: str, body: Body) -> list[str]:
    status, spec, generation = body.get("status") or {}, body["spec"], body["metadata"]["generation"]
    if "message" in status:
        return [f"shows a problem that is gone: {status}"]
    if status.get("abort") == generation:
        return [] if status.get("phase") == "Aborted" else [f"not aborted: {status}"]
    made = {
        key.name: one["spec"]["replicas"]
        for key, one in world.server.objects.items()
        if one["metadata"]["labels"].get("owner") == name and one["metadata"]["labels"].get(HOME) == US
    }
    found = []
    if made != {spec["target"]: spec["replicas"]}:
        found.append(f"has made {made}, not {spec}")
    if status.get("phase") != "Healthy" or status.get("generation") != generation:
        found.append(f"not healthy: {status}, generation {generation}")
    turn = f"{body['metadata']['uid']}/{generation}"
    if not set(status.get("unknown", ())) <= world.judge.unclear:
        found.append(f"shows as unknown what is known: {status}")
    if world.judge.calls.get(f"{RECORD}/{turn}", 0) < 1:
        found.append("a call that was to be made at least once was not made")
    if world.judge.calls.get(f"{TELL}/{turn}", 0) < 1 and f"{TELL}/{turn}" not in status.get("unknown", ()):
        found.append("a call was neither made nor shown as unknown")
    return found
