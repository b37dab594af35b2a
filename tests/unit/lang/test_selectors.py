"""Label selectors; the table of what holds is the shared family `events/resource-label-selector`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang.selectors import matches, requirement, selector_text


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        ("", "b", "a=b"),
        ("=", "", "a="),
        ("==", "b", "a==b"),
        ("!=", "b", "a!=b"),
        ("in", "c,b", "a in (b,c)"),
        ("notin", "b", "a notin (b)"),
        ("exists", "", "a"),
        ("!", "", "!a"),
        ("gt", "5", "a>5"),
        ("lt", "05", "a<05"),
    ],
)
def test_the_text(operator: str, value: str, text: str) -> None:
    assert selector_text([requirement("a", operator, value)]) == text


def test_several_are_sorted_by_key_and_all_must_hold() -> None:
    both = [requirement("example.com/b", "exists", ""), requirement("a", "=", "1")]
    assert selector_text(both) == "a=1,example.com/b"
    assert matches(both, {"a": "1", "example.com/b": ""})
    assert not matches(both, {"a": "1"})
    assert matches([], {})
    assert selector_text([]) == ""


@pytest.mark.parametrize(
    ("operator", "value", "labels", "holds"),
    [
        ("gt", "5", {"a": "6"}, True),
        ("gt", "5", {"a": "5_0"}, False),
        ("gt", "5", {"a": "٦"}, False),
        ("gt", "5", {"a": "9" * 5000}, False),
        ("lt", "5", {"a": "-9223372036854775808"}, True),
        ("lt", "5", {"a": "-9223372036854775809"}, False),
        ("!", "", {"b": ""}, True),
        ("notin", "", {"a": ""}, False),
    ],
)
def test_what_holds(operator: str, value: str, labels: dict[str, str], holds: bool) -> None:
    assert requirement("a", operator, value).holds(labels) is holds


@pytest.mark.parametrize(
    ("key", "operator", "value", "reason"),
    [
        ("", "=", "a", "no label key"),
        ("Example.com/a", "=", "a", "no label key"),
        (f"{'a.' * 127}b/k", "=", "a", "no label key"),
        ("a", ">=", "1", "is not one of"),
        ("a", "exists", "x", "takes no value"),
        ("a", "=", "ä", "no label value"),
        ("a", "=", "b\n", "no label value"),
        ("a", "gt", "x", "compares integers"),
    ],
)
def test_what_kubernetes_refuses(key: str, operator: str, value: str, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        requirement(key, operator, value)
