"""Transforms: a new payload before the filters see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.transforms import transformed
from argosy.resources.sensor import Transform


def answering(answer: str) -> Callable[[str, str], str]:
    return lambda _program, _document: answer


@pytest.mark.parametrize(
    ("transform", "data", "expected"),
    [
        (None, '{"a":1}', '{"a":1}'),
        (Transform(), "no json", "no json"),
        (Transform(script="return {b = event.a + 1}"), '{"a":1}', '{"b":2}'),
        (Transform(script="return {1, event.a}"), '{"a":"x"}', '[1,"x"]'),
        (Transform(script="return event"), "null", "{}"),
        (Transform(script="return event"), None, None),
        (Transform(jq=".", script="return {}"), '{"a":1}', '{"by":"jq"}'),
    ],
)
def test_transformed(transform: Transform | None, data: str | None, expected: str | None) -> None:
    assert transformed(transform, Event(data=data), answering('{"by":"jq"}')).data == expected


def test_the_rest_of_the_event_stays() -> None:
    before = Event("1", "source", "webhook", "subject", "2024-01-01T00:00:00Z", "text/plain", "1.0", "{}")
    after = transformed(Transform(script="return {1}"), before, None)
    assert after.context == {**before.context, "datacontenttype": "application/json"}


@pytest.mark.parametrize(
    ("transform", "data", "told"),
    [
        (Transform(script="return 1"), "{}", "instead of a table"),
        (Transform(script="return {}"), "[1]", "no JSON object"),
        (Transform(script="return {}"), "{a", "not JSON"),
        (Transform(jq="."), "[1]", "no JSON object"),
        (Transform(jq="."), "null", "no JSON object"),
        (Transform(jq="."), "{}", "no object"),
    ],
)
def test_what_cannot_be_transformed(transform: Transform, data: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=f"transform: .*{told}"):
        transformed(transform, Event(data=data), answering("[]"))


def test_without_jq_a_program_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="nothing here runs jq"):
        transformed(Transform(jq="."), Event(data="{}"), None)
