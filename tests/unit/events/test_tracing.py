"""Trace ids: where they come from and where they go."""

from __future__ import annotations

import pytest

from argosy.events.effects import Effect, LogEvents, WorkflowCommand, WriteObject
from argosy.events.envelope import Event
from argosy.events.tracing import TRACE_ANNOTATION, trace_headers, trace_of, traced, traced_by
from support.events import event

ID = "0123456789abcdef0123456789abcdef"
GIVEN = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{GIVEN}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("one", "trace"),
    [
        (event({}), ID),
        (event(None), ID),
        (event({"header": {"Traceparent": [PARENT]}}), GIVEN),
        (event({"headers": {"traceparent": PARENT}}), GIVEN),
        (event({"header": {"Traceparent": []}}), ID),
        (event({"header": {"Traceparent": ["00-" + "0" * 32 + "-00f067aa0ba902b7-01"]}}), ID),
        (event({"header": {"Traceparent": ["nonsense"]}}), ID),
        (event({"header": "traceparent"}), ID),
        (event({"body": "traceparent"}), ID),
        (event("traceparent"), ID),
        (event({}, id="a1"), "f55ff16f66f43360266b95db6f8fec01"),
    ],
)
def test_the_trace_of_an_event(one: Event, trace: str) -> None:
    assert trace_of(one) == trace


def test_the_trace_of_several_events_is_that_of_the_last() -> None:
    last = event({}, id="f" * 32, time="2026-01-01T00:05:00Z")
    assert traced_by({"a": last, "b": event({})}) == "f" * 32


def test_headers() -> None:
    assert trace_headers("", "f" * 32) == {}
    assert trace_headers(ID, "f" * 32) == {"traceparent": f"00-{ID}-{'f' * 16}-01", "X-Argosy-Trace": ID}


POD = {"kind": "Pod", "metadata": {"name": "p", "annotations": {"a": "b"}}}


@pytest.mark.parametrize(
    ("effect", "marked"),
    [
        (WriteObject(POD, "ns", "default"), True),
        (WriteObject(POD, "ns", "default", "patch"), False),
        (WorkflowCommand(POD, "ns", "default"), True),
        (WorkflowCommand(POD, "ns", "default", "stop"), False),
    ],
)
def test_what_is_created_carries_it(effect: WriteObject | WorkflowCommand, marked: bool) -> None:
    made = traced(effect, ID)
    assert isinstance(made, (WriteObject, WorkflowCommand))
    annotations = made.manifest["metadata"]["annotations"]
    assert annotations == ({"a": "b", TRACE_ANNOTATION: ID} if marked else {"a": "b"})
    assert POD["metadata"] == {"name": "p", "annotations": {"a": "b"}}


@pytest.mark.parametrize(("effect", "trace"), [(LogEvents(()), ID), (WriteObject(POD, "ns", "default"), "")])
def test_what_stays_as_it_is(effect: Effect, trace: str) -> None:
    assert traced(effect, trace) is effect
