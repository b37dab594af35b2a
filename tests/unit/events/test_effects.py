"""Effects as messages carry them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.errors import EvaluationError
from argosy.events.effects import CreateObject, Effect, HttpCall, LogEvents, Reference, effect_from_json, effect_to_json

FULL_CALL = HttpCall(
    "https://example.org/x",
    "PUT",
    {"A": "b"},
    {"Token": Reference("secret", "s", "k"), "Other": Reference("config", "c", "k")},
    Reference("secret", "u", "name"),
    Reference("secret", "u", "password"),
    True,
    "other.example.org",
    '{"a":1}',
    5.0,
    (200, 201),
    True,
    Reference("secret", "t", "ca"),
    Reference("secret", "t", "crt"),
    Reference("secret", "t", "key"),
)


@pytest.mark.parametrize(
    "effect",
    [
        HttpCall("http://x/"),
        HttpCall("http://x/", allow=()),
        FULL_CALL,
        LogEvents(({"dependencyName": "a", "context": {"id": "1"}, "data": None},)),
        LogEvents(()),
        CreateObject({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, "ns", "default"),
        CreateObject({"kind": "Workflow"}, "ns", "sa", kind="argoWorkflow"),
    ],
)
def test_there_and_back(effect: Effect) -> None:
    back = effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect))))
    assert type(back) is type(effect)
    shown = orjson.loads(orjson.dumps(effect_to_json(back)))
    assert shown == orjson.loads(orjson.dumps(effect_to_json(effect)))
    if isinstance(effect, HttpCall) and isinstance(back, HttpCall):
        assert (back.secure_headers, back.username, back.ca) == (effect.secure_headers, effect.username, effect.ca)
        assert (back.allow is None) == (effect.allow is None)


@pytest.mark.parametrize(
    "body",
    [None, 5, {}, {"kind": "fax"}, {"kind": "http"}, {"kind": "http", "url": "x", "more": 1}, {"kind": ["http"]}],
)
def test_what_is_no_effect(body: Any) -> None:
    with pytest.raises(EvaluationError, match="not an effect"):
        effect_from_json(body)
