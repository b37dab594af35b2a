"""Filter `script`: Lua that is asked about the payload."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.filters import passes as all_pass
from argosy.events.filters.script import passes
from argosy.resources.sensor import Dependency, Filters


@pytest.mark.parametrize(
    ("script", "data", "expected"),
    [
        ('return event.a == "hello"', '{"a":"hello"}', True),
        ('return event.a == "hello"', '{"a":"bye"}', False),
        ("return 1", '{"a":1}', False),
        ("", "not json", True),
        ("return true", None, True),
        ("return next(event) == nil", "null", True),
        (
            "for _, l in ipairs(event.labels) do if l.name == 'bug' then return true end end",
            '{"labels":[{"name":"bug"}]}',
            True,
        ),
    ],
)
def test_passes(script: str, data: str | None, *, expected: bool) -> None:
    assert passes(Filters(script=script), Event(data=data)) is expected


@pytest.mark.parametrize(
    ("script", "data", "told"),
    [
        ("return true", "[1]", "no JSON object"),
        ("return true", '"x"', "no JSON object"),
        ("return true", "{a", "not JSON"),
        ("return event.a.b.c", '{"a":{}}', "field 'b'"),
        ("if", "{}", "script:1"),
        ("while true do end", "{}", "instructions"),
    ],
)
def test_what_cannot_say_is_an_error(script: str, data: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=f"script filter: .*{told}"):
        passes(Filters(script=script), Event(data=data))


def test_a_failing_script_drops_the_event_also_under_or() -> None:
    filters = Filters(script="return event.a.b", context={"type": "webhook"})
    with pytest.raises(EvaluationError):
        all_pass(Dependency(filters=filters, filters_logical_operator="or"), Event(type="webhook", data="{}"))
