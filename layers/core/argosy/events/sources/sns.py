"""Event source `sns`: a notification of an SNS topic in, the event's payload out.

Follows `pkg/eventsources/sources/awssns/start.go` of Argo Events 1.9, whose payload holds the request's headers and the
notification as it stands. Here the notification comes through a queue; the headers are the ones that SNS sends with it.
On purpose different: the subscription is the stack's queue, so there is nothing to confirm and no signature to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.events.sources.bodies import with_metadata
from argosy.resources.eventsource import SnsSource

__all__ = ["is_notification", "payload"]

_AGENT = "Amazon Simple Notification Service Agent"


def is_notification(message: Mapping[str, Any]) -> bool:
    """Whether a message is what SNS puts in a queue that subscribes to a topic."""
    return message.get("Type") == "Notification" and isinstance(message.get("TopicArn"), str) and "MessageId" in message


def payload(entry: SnsSource, message: Mapping[str, Any]) -> str:
    """The payload of one notification."""
    headers = {
        "Content-Type": ["text/plain; charset=UTF-8"],
        "User-Agent": [_AGENT],
        "X-Amz-Sns-Message-Id": [message["MessageId"]],
        "X-Amz-Sns-Message-Type": ["Notification"],
        "X-Amz-Sns-Topic-Arn": [message["TopicArn"]],
    }
    return with_metadata(b'{"header":' + orjson.dumps(headers) + b',"body":' + orjson.dumps(message), entry.metadata)
