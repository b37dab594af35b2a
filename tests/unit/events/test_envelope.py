"""The CloudEvents envelope, as `pkg/eventsources/eventing.go` of Argo Events fills it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.envelope import Event, new_event
from support.events import event

WEBHOOK = new_event("webhook", "hook", "example", event_id="ab" * 16, time="2026-01-01T00:00:00.5Z", data='{"a": 1}')


def test_a_new_event() -> None:
    assert WEBHOOK.as_json() == {
        "specversion": "1.0",
        "id": "ab" * 16,
        "source": "hook",
        "type": "webhook",
        "subject": "example",
        "time": "2026-01-01T00:00:00.5Z",
        "datacontenttype": "application/json",
        "data": '{"a": 1}',
    }


@pytest.mark.parametrize("one", [WEBHOOK, event(), event(""), event({"é": "\u0000"}), Event()])
def test_there_and_back(one: Event) -> None:
    assert Event.from_json(json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize(
    "body", [None, 5, "text", [], {}, {"id": "x"}, {**WEBHOOK.as_json(), "id": None} | {"data": 1, "time": None} and {}]
)
def test_what_is_no_event(body: Any) -> None:
    with pytest.raises(EvaluationError, match="not an event"):
        Event.from_json(body)


def test_the_context_keeps_the_order_of_argo() -> None:
    keys = ["id", "source", "specversion", "type", "datacontenttype", "subject", "time"]
    assert list(WEBHOOK.context) == keys
    assert list(json.loads(WEBHOOK.context_text)) == keys


def test_a_missing_time_is_null() -> None:
    assert json.loads(replace(WEBHOOK, time="").context_text)["time"] is None


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        ("application/json", '{"a": 1}', '{"a": 1}'),
        ("Application/JSON ; charset=utf-8", "1", "1"),
        ("text/plain", "é", "é"),
        ("application/yaml", "a: 1", "YTogMQ=="),
        ("", "x", "eA=="),
        ("application/json", None, ""),
    ],
)
def test_a_payload_for_people(kind: str, data: str | None, shown: str) -> None:
    assert Event(datacontenttype=kind, data=data).data_text == shown


@pytest.mark.parametrize("data", ['{"a": "é"}', "", None])
def test_the_whole_event_holds_its_payload_in_base64(data: str | None) -> None:
    whole = json.loads(replace(WEBHOOK, data=data).whole_text)
    assert list(whole) == ["context", "data"]
    assert whole["context"] == dict(WEBHOOK.context)
    found = whole["data"]
    assert (found if found is None else base64.b64decode(found).decode()) == data


def test_the_whole_event_is_compact() -> None:
    assert " " not in replace(WEBHOOK, data="x").whole_text
