"""kill -9 at any moment: nothing that was answered is lost, and nothing fires under two ids."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from support.events import Body, dependency, event_source, sensor, trigger
from support.load import Load
from support.up import Sink, Up, alive, free_port, post, running, until

ENOUGH = 300


def objects(port: int, sink: Sink) -> list[Body]:
    entries = {"example": {"endpoint": "/example", "port": str(port), "method": "POST"}}
    payload = [{"src": {"dependencyName": "dep", "dataKey": "body.id", "useRawData": True}, "dest": "id"}]
    return [
        event_source({"webhook": entries}),
        sensor([trigger(http={"url": sink.url("sink"), "payload": payload})], [dependency("dep")]),
    ]


def ids(sink: Sink) -> set[int]:
    return {body["id"] for body in sink.bodies("sink")}


def keys_of_each(sink: Sink) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for one in sink.at("sink"):
        found.setdefault(one.body["id"], set()).add(one.key)
    return found


def assert_each_once(sink: Sink, answered: set[int]) -> None:
    until(lambda: answered <= ids(sink), "every answered event is delivered")
    twice = {number: keys for number, keys in keys_of_each(sink).items() if len(keys) != 1}
    assert twice == {}, "counted by its Idempotency-Key every event fires once"
    keys = [next(iter(found)) for found in keys_of_each(sink).values()]
    assert len(set(keys)) == len(keys), "two events share a key"


def test_all_processes_are_killed_under_load(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, *objects(port, sink)) as up:
        load = Load(port, "/example").start()
        until(lambda: len(ids(sink)) >= ENOUGH, "events are delivered")
        worker = up.workers()
        up.kill()
        answered = load.stop()
        until(lambda: not any(alive(pid) for pid in worker), "its worker ends with it")
    assert len(answered) >= ENOUGH
    with running(data) as again:
        assert_each_once(sink, answered)
        assert again.stop() == 0


def test_events_that_waited_for_a_dead_worker_are_delivered_at_the_next_start(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, *objects(port, sink)) as up:
        until(up.workers, "the worker runs")
        sink.delay = 0.05
        load = Load(port, "/example").start()
        until(lambda: len(load.answered) >= ENOUGH, "events are answered")
        up.kill()
        answered = load.stop()
    sink.delay = 0.0
    with running(data):
        assert_each_once(sink, answered)


def test_a_killed_worker_is_started_again(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, *objects(port, sink)) as up:
        (first,) = up.workers()
        load = Load(port, "/example").start()
        until(lambda: len(ids(sink)) >= ENOUGH, "events are delivered")
        os.kill(first, signal.SIGKILL)
        up.says("starting it again")
        (second,) = until(lambda: [pid for pid in up.workers() if pid != first], "another worker runs")
        before = len(ids(sink))
        until(lambda: len(ids(sink)) > before + 50, "events are delivered again")
        answered = load.stop()
        assert load.refused == [], "events are taken all the while"
        assert_each_once(sink, answered)
        assert alive(second)
        assert up.stop() == 0


def test_the_worker_ends_with_a_killed_gateway(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, *objects(port, sink)) as up:
        (worker,) = up.workers()
        assert post(port, "/example", {"id": 1}).status == 200
        sink.wait("sink")
        os.kill(up.process.pid, signal.SIGKILL)
        until(lambda: not alive(worker), "the worker ends")
    with running(data, *objects(port, sink)):
        assert post(port, "/example", {"id": 2}).status == 200
        sink.wait("sink", 2)


def test_a_join_outlives_a_kill(data: Path, sink: Sink) -> None:
    port = free_port()
    entries = {name: {"endpoint": f"/{name}", "port": str(port), "method": "POST"} for name in ("a", "b")}
    bodies = [
        event_source({"webhook": entries}),
        sensor([trigger(http={"url": sink.url("join")})], [dependency(name, subject=name) for name in ("a", "b")]),
    ]
    with running(data, *bodies) as up:
        assert post(port, "/a", {}).status == 200
        up.idle()
    with running(data):
        assert post(port, "/b", {}).status == 200
        sink.wait("join")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_finishes_what_was_taken(data: Path, sink: Sink, number: int) -> None:
    port = free_port()
    with running(data, *objects(port, sink)) as up:
        sink.delay = 0.01
        load = Load(port, "/example").start()
        until(lambda: len(load.answered) >= ENOUGH, "events are answered")
        assert up.stop(number) == 0
        answered = load.stop()
        assert "draining" in up.output
        assert answered <= ids(sink)
        assert up.workers() == []
    assert_each_once(sink, answered)
    depths = Up.get(up, "queues")["items"]
    assert {queue["visible"] + queue["inFlight"] + queue["delayed"] for queue in depths} == {0}
