"""Kubernetes' JSONPath, as client-go answers it; what it does on purpose otherwise; and that nothing crashes it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import kubejsonpath
from unit.lang.golden import HERE, cases, same

DOCUMENT: dict[str, Any] = json.loads((HERE / "kubejsonpath.json").read_text())["document"]


@pytest.mark.parametrize(("path", "expect"), cases("kubejsonpath"))
def test_as_the_original(path: str, expect: dict[str, Any]) -> None:
    if "error" in expect:
        with pytest.raises(EvaluationError):
            kubejsonpath.first(DOCUMENT, path)
    else:
        assert same(kubejsonpath.first(DOCUMENT, path), expect["value"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("{.v[?(@>2)]}", 3),
        ("{.v[?(@==3)]}", 3),
        ("{.data[0].*}", "x"),
    ],
)
def test_what_the_original_refuses_or_leaves_open(path: str, value: object) -> None:
    assert kubejsonpath.first(DOCUMENT, path) == value


@given(st.text(alphabet="{}$@.[]()?*:,'\"\\0-1abvdatme><=! ", max_size=25))
def test_no_path_crashes(text: str) -> None:
    with contextlib.suppress(EvaluationError):
        kubejsonpath.first(DOCUMENT, f"{{{text}")


@pytest.mark.parametrize("path", ["{..[*]}", "{range ..[*]}{..[*]}{..[*]}{end}"])
def test_no_path_runs_away(path: str) -> None:
    with pytest.raises(EvaluationError, match="too many values"):
        kubejsonpath.first([[[1] * 100] * 100] * 100, path)


def test_what_is_nested_too_deep() -> None:
    document: Any = 1
    for _ in range(3000):
        document = [document]
    assert kubejsonpath.first(document, "{..[0]}") == document[0]
    with pytest.raises(EvaluationError, match="nested too deep"):
        kubejsonpath.first(document, "{range @}" * 3000)
