"""What brokers' messages become: the payload of an event of each type that listens to a broker or a cloud's queue.

In: a type, its entry, and a message as a connector has it (`body` as bytes under the name that the broker gives it).
Out: the payload. Follows the data structs of `pkg/eventsources/events/event-data.go` and the `start.go` of each
source of Argo Events 1.9: a body is base64 text unless `jsonBody` asks for JSON; Redis' and MNS's are plain text.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.errors import EvaluationError
from argosy.events.jsontext import write_json
from argosy.events.sources.bodies import embedded_body, with_metadata

__all__ = ["payload"]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The event's members, each with what it is called in the message and what stands for one that is missing.

    `body`: the message's body ("" = none); `text`: whether it is plain text where it is not JSON.
    """

    members: Mapping[str, tuple[str, Any]]
    body: str = ""
    text: bool = False


def _named(*names: str, missing: Any = "") -> dict[str, tuple[str, Any]]:
    return {name: (name, missing) for name in names}


_AMQP: Final = (
    "contentType contentEncoding correlationId replyTo expiration messageId timestamp type appId exchange routingKey"
)
_SERVICE_BUS: Final = "applicationProperties contentType correlationID enqueuedTime replyTo sequenceNumber subject"

_SHAPES: Final[Mapping[str, _Shape]] = {
    "amqp": _Shape(_named(*_AMQP.split()) | _named("deliveryMode", "priority", missing=0), "body"),
    "azureEventsHub": _Shape({"id": ("messageID", ""), "partitionKey": ("partitionKey", "")}, "body"),
    "azureQueueStorage": _Shape(_named("messageID", "insertionTime"), "messageText"),
    "azureServiceBus": _Shape(_named(*_SERVICE_BUS.split(), missing=None) | _named("messageID"), "body"),
    "emitter": _Shape(_named("topic"), "payload"),
    "generic": _Shape({}, "payload"),
    "kafka": _Shape(_named("topic", "key", "timestamp", "headers") | _named("partition", missing=0), "value"),
    "mns": _Shape(_named("messageId"), "messageBody", text=True),
    "mqtt": _Shape(_named("topic") | _named("messageId", missing=0), "payload"),
    "nats": _Shape(_named("subject", "header"), "data"),
    "nsq": _Shape(_named("timestamp", "nsqdAddress"), "body"),
    "pubSub": _Shape(_named("id", "publishTime") | _named("attributes", missing=None), "data"),
    "pulsar": _Shape(_named("key", "publishTime"), "payload"),
    "redis": _Shape(_named("channel", "pattern"), "payload", text=True),
    "redisStream": _Shape(_named("stream") | {"message_id": ("id", ""), "values": ("values", None)}),
}


def payload(kind: str, entry: Any, message: Mapping[str, Any]) -> str:
    """The payload of a message. Raises EvaluationError when its body should be JSON, or base64, and is not."""
    shape = _SHAPES[kind]
    found = {name: message.get(called, missing) for name, (called, missing) in shape.members.items()}
    if kind == "kafka":
        found["headers"] = dict(found["headers"] or ())
    elif kind == "nsq":
        found["timestamp"] = str(found["timestamp"])
    elif kind == "nats" and not found["header"]:
        del found["header"]
    head = write_json(found).encode()[:-1]
    if shape.body:
        head += (b"," if found else b"") + b'"body":' + _body(kind, entry, message.get(shape.body, b""), shape)
    return with_metadata(head, {} if kind == "mns" else entry.metadata)


def _body(kind: str, entry: Any, body: bytes, shape: _Shape) -> bytes:
    as_json = getattr(entry, "json_body", False) and kind not in ("mns", "azureEventsHub")
    if kind == "azureQueueStorage" and entry.decode_message:
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as x:
            raise EvaluationError("the message is not base64, but decodeMessage asks for it") from x
    if shape.text and not as_json:
        return orjson.dumps(body.decode("utf-8", "replace"))
    return embedded_body(body, as_json=as_json)
