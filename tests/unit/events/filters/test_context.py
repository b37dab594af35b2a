"""Filter `context`: attributes of the envelope that must be equal."""

from __future__ import annotations

import pytest

from argosy.events.filters.context import passes
from argosy.resources.sensor import Filters
from support.events import event, model


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"type": "webhook"}, True),
        ({"type": "webhook", "source": "hook", "subject": "example", "datacontenttype": "application/json"}, True),
        ({"type": "Webhook"}, False),
        ({"type": "webhook", "subject": "other"}, False),
        ({"subject": ""}, True),
        ({"id": "other", "specversion": "0.3", "time": "2020-01-01T00:00:00Z"}, True),
        ({}, True),
        (None, True),
    ],
)
def test_context(context: dict[str, str] | None, expected: bool) -> None:
    assert passes(model(Filters, {"context": context}), event()) is expected
