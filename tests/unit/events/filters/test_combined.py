"""How the filters of a dependency combine."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.filters import passes
from argosy.resources.sensor import Dependency
from support.events import dependency, event, model

DATA_YES = {"data": [{"path": "a", "type": "number", "value": ["1"]}]}
DATA_NO = {"data": [{"path": "a", "type": "number", "value": ["2"]}]}
DATA_BROKEN = {"data": [{"path": "b", "type": "number", "value": ["2"]}]}
CONTEXT_YES = {"context": {"type": "webhook"}}
CONTEXT_NO = {"context": {"type": "calendar"}}


@pytest.mark.parametrize(
    ("filters", "both", "either"),
    [
        (None, True, True),
        ({}, True, True),
        (DATA_YES, True, True),
        (DATA_NO, False, False),
        (DATA_YES | CONTEXT_YES, True, True),
        (DATA_YES | CONTEXT_NO, False, True),
        (DATA_NO | CONTEXT_YES, False, True),
        (DATA_NO | CONTEXT_NO, False, False),
        # An error drops the event, whatever another filter says.
        (DATA_BROKEN | CONTEXT_YES, None, None),
        (DATA_BROKEN | CONTEXT_NO, None, None),
    ],
)
@pytest.mark.parametrize("operator", ["", "and", "or"])
def test_filters(filters: dict[str, Any] | None, both: bool | None, either: bool | None, operator: str) -> None:
    asked = model(Dependency, dependency("dep", filters=filters, filtersLogicalOperator=operator))
    expected = either if operator == "or" else both
    if expected is None:
        with pytest.raises(EvaluationError):
            passes(asked, event({"a": 1}))
    else:
        assert passes(asked, event({"a": 1})) is expected
