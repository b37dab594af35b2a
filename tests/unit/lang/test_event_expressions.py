"""Expression filters of event sources."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events import expressions


@pytest.mark.parametrize(
    ("expression", "payload", "answer"),
    [
        ("body.id == 4 && body.name != 'Joe'", {"body": {"id": 4.0, "name": "John"}}, True),
        ("X_Event == 'push'", {"X-Event": "push"}, True),
        ("headers['X-Event'][0] == 'push'", {"headers": {"X-Event": ["push"]}}, True),
        ("a.b == 1 && ab == 4", {"a.b": 1.0, "a": 3.0, "ab": 4.0}, True),
        ("nosuch == nil", {}, True),
        ("asInt(n) % 2 == 1", {"n": 5.0}, True),
        ("asFloat(s) == 1.5", {"s": "1.5"}, True),
        ("toJson([1]) == '[1]'", {}, True),
        ("jsonpath(j, '$.a[0]') == 1", {"j": '{"a":[1,2]}'}, True),
        ("sprig.trunc(3, v) == '1.2'", {"v": "1.2.3"}, True),
        ("len(s) == 6", {"s": "héllo"}, True),
        ("true", None, True),
        ("l == [1,2]", {"l": [1.0, 2.0]}, False),
    ],
)
def test_passing(expression: str, payload: dict[str, Any] | None, answer: bool) -> None:
    assert expressions.matches(expression, payload) is answer


@pytest.mark.parametrize(
    ("expression", "payload"),
    [
        ("true", [1.0]),
        ("body.name", {"body": {"name": "x"}}),
        ("count == 1", {"count": 1.0}),
        ("n % 2 == 1", {"n": 5.0}),
        ("n > '4'", {"n": 5.0}),
        ("sprig.env('HOME') == ''", {}),
        ("jsonpath(j, '$.zz') == 1", {"j": "{}"}),
        ("n in ['a']", {"n": 1.0}),
        ("", {}),
    ],
)
def test_failing(expression: str, payload: object) -> None:
    with pytest.raises(EvaluationError):
        expressions.matches(expression, payload)


def test_keys_with_dots_become_objects() -> None:
    assert expressions.expand({"a.b.c": 1, "a.b.d": 2, "x": {"y.z": 3}}) == {
        "a": {"b": {"c": 1, "d": 2}},
        "x": {"y.z": 3},
    }
    assert expressions.without_conflicts({"a": 1, "a.b": 2, "a-b": 3}) == {"a": 1, "a.b": 2, "a-b": 3}
    assert expressions.without_conflicts({"a": 1, "a.b": 2}) == {"a.b": 2}
