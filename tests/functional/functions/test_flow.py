"""An event the whole way through the four functions, on fakes: what one sends is what the next is given."""

from __future__ import annotations

import json

from argosy.local.functions import sqs_event
from argosy.services.queues import BUS, TRIGGERS
from support.events import dependency, event_source, sensor, trigger
from support.functions import failed, invoke, recorded
from support.services import FakeInstallation

HTTP = {"url": "http://sink/", "payload": [{"src": {"dependencyName": "hook", "dataKey": "body.id"}, "dest": "id"}]}


def pump(made: FakeInstallation, queue: str, function: str) -> None:
    """What an event source mapping does with one batch."""
    deliveries = made.runtime.queue.receive(queue, 10)
    answer = invoke(function, sqs_event(queue, deliveries), made)
    assert failed(answer) == []
    made.runtime.queue.delete(queue, [delivery.handle for delivery in deliveries])


def test_from_the_request_to_the_effect() -> None:
    made = FakeInstallation()
    source = {"webhook": {"example": {"endpoint": "/example", "port": "12000", "method": "POST"}}}
    calendar = {"calendar": {"tick": {"interval": "60s"}}}
    made.apply(
        event_source(source, name="webhook", namespace="argo-events"),
        event_source(calendar, name="cal", namespace="argo-events"),
        sensor(
            [trigger("plain", conditions="hook", http=HTTP), trigger("join", http=HTTP)],
            [dependency("hook", source="webhook"), dependency("cal", source="cal", subject="tick")],
            namespace="argo-events",
        ),
    )
    assert invoke("webhook", recorded("webhook"), made)["statusCode"] == 200
    pump(made, BUS, "sensor")
    pump(made, TRIGGERS, "trigger")
    assert [firing.trigger for _, firing in made.executor.done] == ["plain"]
    made.clock.advance(60)
    assert invoke("tick", recorded("tick"), made) == {"published": 1}
    pump(made, BUS, "sensor")
    pump(made, TRIGGERS, "trigger")
    assert [firing.trigger for _, firing in made.executor.done] == ["plain", "join"]
    assert [json.loads(effect.body) for effect, _ in made.executor.done] == [{"id": "a-1"}] * 2
