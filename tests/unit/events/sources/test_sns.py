"""Event source `sns`: what counts as a notification, and its payload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.events.sources.sns import is_notification, payload
from argosy.resources.eventsource import SnsSource


def recorded(name: str) -> Any:
    """What the function `sources` finds in the message of a recorded batch."""
    (record,) = json.loads((Path(__file__).parents[4] / "events" / f"{name}.json").read_text())["Records"]
    return json.loads(record["body"])


def test_a_recorded_notification() -> None:
    message = recorded("sns")
    assert is_notification(message)
    got = json.loads(payload(SnsSource.model_validate({"metadata": {"k": "v"}}), message))
    assert got["body"] == message
    assert got["metadata"] == {"k": "v"}
    assert got["header"]["X-Amz-Sns-Topic-Arn"] == ["arn:aws:sns:eu-central-1:123456789012:orders"]
    assert got["header"]["X-Amz-Sns-Message-Id"] == [message["MessageId"]]


@pytest.mark.parametrize(
    "message", [{}, {"Type": "Notification"}, {"Type": "SubscriptionConfirmation", "TopicArn": "t", "MessageId": "m"}]
)
def test_what_is_none(message: dict[str, Any]) -> None:
    assert not is_notification(message)
