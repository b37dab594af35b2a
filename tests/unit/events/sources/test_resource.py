"""Event source `resource`; its filter's table is the shared family `events/resource-filter`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.resource import Subscription, payload, selector, subscription, wanted
from argosy.resources.eventsource import ResourceSource
from support.events import Body, model
from support.functions import recorded

START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = [{"key": "b", "operation": "in", "value": "x,y"}, {"key": "a", "value": "1"}]


def entry(**more: Any) -> ResourceSource:
    body = {"group": "argoproj.io", "version": "v1alpha1", "resource": "workflows", "eventTypes": ["ADD", "UPDATE"]}
    return model(ResourceSource, body | more)


def object_of(**metadata: Any) -> Body:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w", **metadata}}


def test_what_to_watch() -> None:
    assert subscription(entry(namespace="team", filter={"labels": LABELS})) == Subscription(
        "argoproj.io", "v1alpha1", "workflows", "team", "a=1,b in (x,y)"
    )
    assert selector(entry()) == selector(entry(filter={"prefix": "x"})) == ""
    with pytest.raises(EvaluationError):
        selector(entry(filter={"labels": [{"key": "a", "operation": ">=", "value": "1"}]}))


@pytest.mark.parametrize(
    ("wanting", "change", "metadata", "is_wanted"),
    [
        (None, "ADD", {}, True),
        (None, "DELETE", {}, False),
        (None, "MODIFIED", {}, False),
        ({"labels": LABELS}, "ADD", {"labels": {"a": "1", "b": "y"}}, True),
        ({"labels": LABELS}, "ADD", {"labels": {"a": "1"}}, False),
        ({"labels": LABELS}, "ADD", {"labels": None}, False),
        ({"prefix": "x"}, "ADD", {}, False),
        ({"afterStart": True}, "ADD", {"creationTimestamp": "2025-12-31T23:59:59Z"}, False),
        ({"afterStart": True}, "ADD", {}, False),
        ({"afterStart": True}, "UPDATE", {"managedFields": [{"operation": "Apply"}]}, False),
        ({"createdBy": "2026-01-01T00:00:00Z"}, "ADD", {"creationTimestamp": "2026-01-01T00:00:00Z"}, True),
        ({"fields": [{"key": "metadata.name", "operation": "==", "value": "^w$"}]}, "ADD", {}, True),
        ({"fields": [{"key": "metadata.name", "operation": "!=", "value": "^w$"}]}, "ADD", {}, False),
    ],
)
def test_what_is_wanted(wanting: Body | None, change: str, metadata: Body, is_wanted: bool) -> None:
    found = entry(filter=wanting) if wanting is not None else entry()
    assert wanted(found, change, object_of(**metadata), START) is is_wanted


def test_a_deletion_without_its_time_is_one_of_now() -> None:
    found = entry(eventTypes=["DELETE"], filter={"afterStart": True})
    assert wanted(found, "DELETE", object_of(), START)
    assert not wanted(found, "DELETE", object_of(deletionTimestamp="2025-01-01T00:00:00Z"), START)


def test_the_payload() -> None:
    told = payload(entry(), "ADD", object_of())
    assert list(told) == ["type", "body", "oldBody", "group", "version", "resource"]
    assert (told["type"], told["body"], told["oldBody"]) == ("ADD", object_of(), None)
    updated = payload(entry(metadata={"a": "b"}), "UPDATE", object_of(uid="2"), object_of(uid="1"))
    assert (updated["oldBody"], updated["metadata"]) == (object_of(uid="1"), {"a": "b"})


def test_the_recorded_change() -> None:
    (record,) = recorded("resource")["Records"]
    assert "ADD" in record["body"]
