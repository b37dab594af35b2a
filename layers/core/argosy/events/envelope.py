"""The event: a CloudEvents 1.0 envelope, with the attributes that Argo Events gives it.

Follows `pkg/eventsources/eventing.go` and `pkg/sensors/dependencies` of Argo Events 1.9: `source` is the EventSource's
name, `subject` the event name, `datacontenttype` always `application/json`, the id 32 hex digits. The payload is kept as
text, exactly as it will be read by filters and parameters.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from argosy.errors import EvaluationError
from argosy.lang import gjson

__all__ = ["JSON", "Event", "new_event"]

JSON = "application/json"
_READABLE = (JSON, "text/plain")


@dataclass(frozen=True)
class Event:
    """One event. `time` is RFC 3339 UTC text or "" (no time); `data` is None when the event carries no payload."""

    id: str = ""
    source: str = ""
    type: str = ""
    subject: str = ""
    time: str = ""
    datacontenttype: str = JSON
    specversion: str = "1.0"
    data: str | None = None

    @cached_property
    def context(self) -> dict[str, str | None]:
        """The envelope without the payload, keys in Argo's order; a missing time is None."""
        return {
            "id": self.id,
            "source": self.source,
            "specversion": self.specversion,
            "type": self.type,
            "datacontenttype": self.datacontenttype,
            "subject": self.subject,
            "time": self.time or None,
        }

    @cached_property
    def context_text(self) -> str:
        """`context` as compact JSON, what context keys are looked up in."""
        return orjson.dumps(self.context).decode()

    @cached_property
    def whole_text(self) -> str:
        """The event as compact JSON with base64 payload: the value of a parameter that names no key."""
        data = None if self.data is None else base64.b64encode(self.data.encode()).decode()
        return orjson.dumps({"context": self.context, "data": data}).decode()

    @cached_property
    def is_json(self) -> bool:
        """Whether the payload is JSON: asked by every filter and parameter that looks into it."""
        return self.data is not None and gjson.valid(self.data)

    @property
    def data_text(self) -> str:
        """The payload for people to read, as `Event.DataString` of Argo Events: text as it is, other types in base64."""
        if self.data is None:
            return ""
        if self.datacontenttype.partition(";")[0].strip().lower() in _READABLE:
            return self.data
        return base64.b64encode(self.data.encode()).decode()

    def as_json(self) -> dict[str, Any]:
        """The event as a CloudEvents JSON object whose `data` is the payload's text."""
        body: dict[str, Any] = {
            "specversion": self.specversion,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": self.datacontenttype,
        }
        if self.data is not None:
            body["data"] = self.data
        return body

    @classmethod
    def from_json(cls, body: Any) -> Event:
        """The inverse of `as_json`. Raises EvaluationError for anything else."""
        try:
            return cls(
                body["id"],
                body["source"],
                body["type"],
                body["subject"],
                body["time"],
                body["datacontenttype"],
                body["specversion"],
                body.get("data"),
            )
        except (KeyError, TypeError, AttributeError) as x:
            raise EvaluationError(f"not an event: {type(x).__name__} {x}") from x


def new_event(source_type: str, source: str, subject: str, *, event_id: str, time: str, data: str) -> Event:
    """The envelope that Argo Events puts around a payload of an event source.

    `source_type` is the type word of the envelope (`webhook`, `calendar`, …), `source` the EventSource's name, `subject`
    the event name, `event_id` 32 lower-case hex digits, `time` RFC 3339 UTC, `data` JSON text.
    """
    return Event(event_id, source, source_type, subject, time, JSON, "1.0", data)
