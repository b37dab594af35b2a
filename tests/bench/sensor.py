"""What deciding costs, on one core and without I/O: one JSON line each.

`sensor-decision`: an event in, a firing with its request out, by a sensor with one data filter and one parameter; every
event is another one, made before the clock starts. `sensor-fanout`: one event for a thousand sensors with such a filter, of
which one lets it through. `sensor-history`: what keeping an event, its firing and its attempt adds, written to SQLite.
CPU time of this process; the best of five rounds.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from argosy.adapters.sqlite.store import SqliteStore  # noqa: E402 - the path comes first
from argosy.events.envelope import Event  # noqa: E402
from argosy.events.sensors import CompiledSensor, Firing, Match  # noqa: E402
from argosy.ports.clock import SystemClock  # noqa: E402
from argosy.resources.sensor import Sensor  # noqa: E402
from argosy.services.history import History  # noqa: E402
from support.events import NOW, Body, dependency, event, sensor, trigger  # noqa: E402

EVENTS, SENSORS, ROUNDS = 20_000, 1_000, 5
PAYLOAD = [{"src": {"dependencyName": "dep", "dataKey": "body.message"}, "dest": "message"}]


def compiled(value: int, name: str = "s") -> CompiledSensor:
    """A sensor with one data filter, which wants `body.n` to be `value`, and one parameter."""
    wanted = {"data": [{"path": "body.n", "type": "number", "value": [str(value)]}]}
    http = {"url": "http://sink/", "payload": PAYLOAD}
    body: Body = sensor([trigger(http=http)], [dependency("dep", filters=wanted)], name=name)
    return CompiledSensor(Sensor.model_validate(body), body)


def made(number: int) -> Event:
    """An event of about 300 bytes."""
    headers = {"Content-Type": ["application/json"], "User-Agent": ["bench"], "X-Request-Id": [f"{number:032x}"]}
    return event({"header": headers, "body": {"n": 1, "message": f"hello {number}"}}, id=f"{number:032x}")


def decide(one: CompiledSensor, came: Event) -> list[Firing]:
    """The firings of one sensor."""
    return [
        one.fire(found.trigger, {found.dependency: found.event}, NOW)
        for found in one.match(came)
        if isinstance(found, Match)
    ]


def best(work: Callable[[list[Event]], None], count: int) -> float:
    """Seconds of CPU for `count` events, the least of the rounds."""
    times = []
    for _ in range(ROUNDS):
        events = [made(number) for number in range(count)]
        began = time.process_time()
        work(events)
        times.append(time.process_time() - began)
    return min(times)


def decisions() -> float:
    """Decisions a second."""
    one = compiled(1)

    def work(events: list[Event]) -> None:
        for came in events:
            if len(decide(one, came)) != 1:
                sys.exit("the sensor did not fire")

    return EVENTS / best(work, EVENTS)


def fanout() -> float:
    """Milliseconds for one event on a thousand sensors."""
    many = [compiled(value, f"s{value}") for value in range(SENSORS)]

    def work(events: list[Event]) -> None:
        if sum(len(decide(one, events[0])) for one in many) != 1:
            sys.exit("not one of the sensors fired")

    return best(work, 1) * 1000


def kept() -> float:
    """Microseconds that history adds to an event with one firing and one attempt, its writes to SQLite included."""
    firing = decide(compiled(1), made(1))[0]
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder, "store.db"), clock)
        history = History(store, clock)

        def work(events: list[Event]) -> None:
            for start in range(0, len(events), 1000):
                for came in events[start : start + 1000]:
                    one = replace(firing, events={"dep": came.id})
                    history.sensed("ns", "default", came, [one], NOW)
                    history.attempted(one, 1, "fired", "", NOW)
                history.write(now=True)

        took = best(work, EVENTS)
        store.close()
    return took / EVENTS * 1e6


if __name__ == "__main__":
    rate = decisions()
    print(json.dumps({"bench": "sensor-decision", "per_s": round(rate), "us": round(1e6 / rate, 1)}), flush=True)
    print(json.dumps({"bench": "sensor-fanout", "sensors": SENSORS, "ms": round(fanout(), 2)}), flush=True)
    print(json.dumps({"bench": "sensor-history", "us": round(kept(), 1)}), flush=True)
