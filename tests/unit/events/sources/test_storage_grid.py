"""Event source `storageGrid`: answered 200 whatever comes; the form's message becomes the notification."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from support.hooks import TOPIC, answer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sent(key: str, **more: str) -> str:
    message = {"Records": [{"s3": {"object": {"key": key}}}]}
    return urlencode({"Action": "Publish", "Message": json.dumps(message), "TopicArn": TOPIC, "Version": "1", **more})


def test_the_payload() -> None:
    given = answer("storageGrid", sent("a&b=c.txt"), FORM, metadata={"a": "b"})
    (data,) = given.events
    assert json.loads(data) == {
        "notification": {
            "Action": "Publish",
            "Message": {"Records": [{"s3": {"object": {"key": "a&b=c.txt"}}}]},
            "TopicArn": TOPIC,
            "Version": "1",
        },
        "metadata": {"a": "b"},
    }
    assert given.status == 200
    assert "<PublishResponse" in given.text


@pytest.mark.parametrize(
    ("affixes", "published"),
    [
        (None, 1),
        ({"prefix": "a"}, 1),
        ({"prefix": "b"}, 0),
        ({"suffix": ".txt"}, 1),
        ({"prefix": "a", "suffix": "x"}, 0),
    ],
)
def test_the_filter(affixes: Any, published: int) -> None:
    assert len(answer("storageGrid", sent("a.txt"), FORM, filter=affixes).events) == published


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "Message=%zz",
        "Message=nope",
        "Message=[1]",
        "Other=1",
        "Message=" + "[" * 5000,
        b"\xff",
        "Message={};a",
    ],
)
def test_whatever_is_no_notification_is_answered_all_the_same(body: str | bytes) -> None:
    given = answer("storageGrid", body, FORM)
    assert (given.status, given.events, given.problem) == (200, (), None)


def test_a_head_request_has_no_text() -> None:
    assert answer("storageGrid", "", method="HEAD").text == ""
