"""Functions at the same time on the stack's table: a join fires once. (LocalStack itself runs a queue's batches in turn.)"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from argosy.local.functions import Context, handler, sqs_event
from argosy.ports.clock import SystemClock
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.queue import Delivery
from argosy.resources.manifests import Manifest
from argosy.services.mail import pack
from argosy.services.queues import AWS_QUEUES, TRIGGERS
from argosy.services.runtime import Runtime, use
from support.events import dependency, event, sensor, trigger

AT_ONCE = 8


def test_a_join_fires_once(runtime: Runtime) -> None:
    made = replace(runtime, queue=FakeQueue(AWS_QUEUES, FakeClock()), clock=SystemClock(), place=None)
    use(made)
    deps = [dependency("a", source="race-a"), dependency("b", source="race-b")]
    body = sensor([trigger(conditions="a && b")], deps, name="race")
    made.objects.apply([Manifest(body)], "ns")
    sense, together = handler("sensor"), threading.Barrier(AT_ONCE)

    def send(source: str, number: int) -> Any:
        occurred = event({"n": number}, id=f"{source}-{number}", source=source)
        message = pack({"namespace": "ns", "bus": "default", "event": occurred.as_json()}, made.blobs)
        return sense(sqs_event("bus", [Delivery(f"m{number}", message, "h", 1, 0.0)]), Context("sensor"))

    def racing(number: int) -> Any:
        together.wait()
        return send("race-b", number)

    assert send("race-a", 0) == {"batchItemFailures": []}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(racing, range(AT_ONCE)))
    assert answers == [{"batchItemFailures": []}] * AT_ONCE
    assert made.queue.depth(TRIGGERS).total == 1
