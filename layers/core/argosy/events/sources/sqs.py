"""Event source `sqs`: a message of somebody's SQS queue in, the event's payload out.

Follows `pkg/eventsources/sources/awssqs/start.go` of Argo Events 1.9; message attributes stand as the Go SDK writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.events.sources.bodies import embedded_body, with_metadata
from argosy.resources.eventsource import SqsSource

__all__ = ["payload", "reads"]


def payload(entry: SqsSource, record: Mapping[str, Any]) -> str:
    """The payload of one record of a Lambda SQS event. Raises EvaluationError when `jsonBody` finds no JSON."""
    attributes = {name: _attribute(value) for name, value in (record.get("messageAttributes") or {}).items()}
    body = embedded_body(record["body"].encode(), as_json=entry.json_body)
    head = orjson.dumps({"messageId": record["messageId"], "messageAttributes": attributes or None})
    return with_metadata(head[:-1] + b',"body":' + body, entry.metadata)


def reads(entry: SqsSource, queue_arn: str) -> bool:
    """Whether the entry names this queue: `arn:aws:sqs:REGION:ACCOUNT:NAME`."""
    _, _, _, region, account, name = queue_arn.split(":", 5)
    return (entry.queue, entry.region) == (name, region) and entry.queue_account_id in ("", account)


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "BinaryListValues": value.get("binaryListValues") or None,
        "BinaryValue": value.get("binaryValue"),
        "DataType": value.get("dataType"),
        "StringListValues": value.get("stringListValues") or None,
        "StringValue": value.get("stringValue"),
    }
