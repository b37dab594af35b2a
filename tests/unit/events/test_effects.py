"""Effects as messages carry them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.errors import EvaluationError
from argosy.events.effects import (
    Assignment,
    Draft,
    Effect,
    HttpCall,
    InvokeFunction,
    LogEvents,
    Reference,
    SendToAws,
    WorkflowCommand,
    WriteObject,
    effect_from_json,
    effect_to_json,
    repeatable,
)

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
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}


@pytest.mark.parametrize(
    "effect",
    [
        HttpCall("http://x/"),
        HttpCall("http://x/", allow=()),
        FULL_CALL,
        LogEvents(({"dependencyName": "a", "context": {"id": "1"}, "data": None},)),
        LogEvents(()),
        WriteObject({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, "ns", "default"),
        WriteObject(POD, "", "sa", "patch", "application/apply-patch+yaml", cluster="other"),
        WriteObject(POD, "ns", "sa", "update", live=True, values=(Assignment("a", "1", raw=True, operation="append"),)),
        WorkflowCommand({"kind": "Workflow"}, "ns", "sa"),
        WorkflowCommand({}, "ns", "sa", "submit-from", "w", "cronwf", ("-p", "a=b"), "other"),
        Draft(Reference("config", "c", "k"), "ns", "sa", "s", "t", 5),
        Draft(Reference("config", "c", "k"), "ns", "sa", "s", "t", 5, args=("-p",), kind="argoWorkflow"),
        Draft(None, "ns", "sa", "s", "t", 5, artifact={"git": {"url": "https://example.org/r", "filePath": "a"}}),
        SendToAws("eventBridge", "default", "{}", source="a", detail_type="b"),
    ],
)
def test_there_and_back(effect: Effect) -> None:
    back = effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect))))
    assert type(back) is type(effect)
    if not isinstance(effect, LogEvents | HttpCall):
        assert back == effect
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


def writing_live(operation: str, dest: str = "spec.a") -> WriteObject:
    return WriteObject(POD, "ns", "sa", "update", live=True, values=(Assignment(dest, "1", operation=operation),))


@pytest.mark.parametrize(
    ("effect", "harmless"),
    [
        (HttpCall("http://x/"), True),
        (LogEvents(()), True),
        (WriteObject(POD, "ns", "sa"), True),
        (WriteObject(POD, "ns", "sa", "patch"), True),
        (WriteObject(POD, "ns", "sa", "update", values=(Assignment("a", "1", operation="append"),)), True),
        (writing_live(""), True),
        (writing_live("overwrite"), True),
        (writing_live("append"), False),
        (writing_live("prepend"), False),
        (writing_live("", "spec.list.-1"), False),
        (WorkflowCommand({}, "ns", "sa", "retry", "w"), True),
        (InvokeFunction("f", "r", "{}"), False),
        (SendToAws("sqs", "arn", "{}"), False),
    ],
)
def test_what_may_be_done_twice(effect: Effect, harmless: bool) -> None:
    assert repeatable(effect) is harmless
