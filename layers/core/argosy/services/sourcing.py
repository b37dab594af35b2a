"""Takes in what queues, topics, buckets and event buses send: each message becomes an event for every entry that it is for.

An event's id is made of the entry and the message's own id, so that a message that is delivered again is the same event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.errors import EvaluationError, NotFound
from argosy.events.jsontext import read_json
from argosy.events.sources import event_bridge, minio, sns, sqs
from argosy.events.sources.filtering import lets_pass
from argosy.ports.queue import Outgoing
from argosy.ports.wiring import WIRED
from argosy.services.aside import or_set_aside
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.eventids import same_event_id
from argosy.services.queues import BUS, SOURCES
from argosy.services.receive import bus_message
from argosy.services.runtime import Runtime

__all__ = ["Sourcing"]


class Sourcing:
    """Event sources of one installation that AWS feeds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)

    def begin(self) -> None:
        """Take in what has changed in the declarations; called once for each batch."""
        self._declarations.refresh()

    def from_queue(self, record: Mapping[str, Any]) -> list[Outgoing]:
        """Events of one record of a user's queue (a Lambda SQS record).

        Raises NotFound when no event source names the queue: the message stays there. A body that is no JSON though
        `jsonBody` asks for it is dropped as in Argo, or, with `dlq: true`, raises EvaluationError and stays in the queue.
        """
        arn = record["eventSourceARN"]
        entries = [entry for entry in self._declarations.entries("sqs") if sqs.reads(entry.entry, arn)]
        if not entries:
            raise NotFound(f"no event source names the queue {arn}")
        sent = []
        for entry in entries:
            try:
                data = sqs.payload(entry.entry, record)
            except EvaluationError as x:
                if entry.entry.dlq:
                    raise EvaluationError(f"message {record['messageId']} of {arn}: {x}") from x
                continue
            sent.extend(self._event(entry, record["messageId"], data))
        return sent

    def from_message(self, body: str) -> list[Outgoing]:
        """Events of one message of the queue that topics and rules send to; one that is none of ours is set aside."""
        return or_set_aside(self._runtime, SOURCES, body, lambda: self._message(body)) or []

    def _message(self, body: str) -> list[Outgoing]:
        message = read_json(body)
        if isinstance(message, dict):
            if sns.is_notification(message):
                return self._notification(message)
            event = message.get("event")
            if isinstance(message.get(WIRED), str) and isinstance(event, dict) and "id" in event:
                return self._rule(message[WIRED], event)
        raise EvaluationError("neither a notification of a topic nor an event of a rule of this installation")

    def publish(self, messages: list[Outgoing]) -> None:
        """Put a batch's events on the bus."""
        if messages:
            self._runtime.queue.send(BUS, messages)

    def _notification(self, message: Mapping[str, Any]) -> list[Outgoing]:
        entries = [entry for entry in self._declarations.entries("sns") if entry.entry.topic_arn == message["TopicArn"]]
        return [
            sent
            for each in entries
            for sent in self._event(each, message["MessageId"], sns.payload(each.entry, message))
        ]

    def _rule(self, key: str, event: Mapping[str, Any]) -> list[Outgoing]:
        for kind in ("minio", "eventBridge"):
            for entry in self._declarations.entries(kind):
                if entry.key == key:
                    return self._wired(entry, event)
        return []  # deleted meanwhile, and its rule with it

    def _wired(self, entry: SourceEntry, event: Mapping[str, Any]) -> list[Outgoing]:
        if entry.kind == "eventBridge":
            return self._event(entry, event["id"], event_bridge.payload(entry.entry, event))
        try:
            wanted, data = minio.wants(entry.entry, event), minio.payload(entry.entry, event)
        except (KeyError, TypeError) as x:
            raise EvaluationError(f"not an event of a bucket: {type(x).__name__} {x}") from x
        return self._event(entry, event["id"], data) if wanted else []

    def _event(self, entry: SourceEntry, origin: str, data: str) -> list[Outgoing]:
        expression = getattr(entry.entry.filter, "expression", "")
        if not lets_pass(expression, data):
            return []
        event_id = same_event_id(entry.key, origin)
        return [
            bus_message(
                self._runtime, entry.namespace, entry.bus, entry.kind, entry.source, entry.event, event_id, data
            )
        ]
