"""Trace ids: one for an event and for all that it causes.

In: an event, or what a trigger is about to write. Out: 32 hex digits as in W3C Trace Context, and where they go: the headers
`traceparent` and `X-Argosy-Trace` of an HTTP request, the annotation `argosy.dev/trace` of an object that is created, the
client context of a Lambda function. Argo has nothing of the kind.

A request to an event source that came with a `traceparent` gives its trace to the event; the id of any other event is its
trace. What several events cause together has the trace of the last of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import orjson

from argosy.events.effects import Effect, WorkflowCommand, WriteObject
from argosy.events.envelope import Event

__all__ = ["TRACE_ANNOTATION", "TRACE_HEADER", "trace_headers", "trace_of", "traced", "traced_by"]

TRACE_ANNOTATION: Final = "argosy.dev/trace"
TRACE_HEADER: Final = "X-Argosy-Trace"
_NAME: Final = "traceparent"
_HEX: Final = re.compile(r"[0-9a-f]{32}\Z")
_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_NONE: Final = "0" * 32


def trace_of(event: Event) -> str:
    """The trace that an event belongs to."""
    # Reading every payload for a header that hardly any has would cost more than the decision itself.
    given = _given(event.data) if event.data and "raceparent" in event.data else ""
    if given:
        return given
    return event.id if _HEX.match(event.id) else hashlib.sha256(event.id.encode()).hexdigest()[:32]


def traced_by(events: Mapping[str, Event]) -> str:
    """The trace of what these events cause together."""
    return trace_of(max(events.values(), key=lambda event: (event.time, event.id)))


def trace_headers(trace: str, firing: str) -> dict[str, str]:
    """The headers of a request that belongs to `trace`; the span is the firing."""
    return {_NAME: f"00-{trace}-{firing[:16]}-01", TRACE_HEADER: trace} if trace else {}


def traced(effect: Effect, trace: str) -> Effect:
    """The effect with the trace in the object that it creates."""
    if not trace or not isinstance(effect, (WriteObject, WorkflowCommand)):
        return effect
    metadata = effect.manifest.get("metadata")
    if effect.operation not in ("create", "submit") or not isinstance(metadata, Mapping):
        return effect
    annotations = {**(metadata.get("annotations") or {}), TRACE_ANNOTATION: trace}
    return replace(effect, manifest={**effect.manifest, "metadata": {**metadata, "annotations": annotations}})


def _given(data: str) -> str:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""
    headers = (body.get("header") or body.get("headers")) if isinstance(body, dict) else None
    if not isinstance(headers, dict):
        return ""
    for name, values in headers.items():
        text = values[0] if isinstance(values, list) and values else values
        found = _PARENT.match(text) if name.lower() == _NAME and isinstance(text, str) else None
        if found and found[1] != _NONE:
            return str(found[1])
    return ""
