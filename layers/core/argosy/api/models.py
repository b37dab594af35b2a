"""What the API takes and gives, as its OpenAPI document shows it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "ApplyAnswer",
    "ApplyRequest",
    "Changed",
    "EventRequest",
    "Health",
    "ObjectList",
    "Published",
    "QueueList",
    "Redriven",
]


class ApplyRequest(BaseModel):
    """Manifests to apply, all or none; `namespace` is for those that name none."""

    model_config = ConfigDict(extra="forbid")

    manifests: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    namespace: str = "default"


class Changed(BaseModel):
    """What became of one object: created, configured, unchanged or deleted."""

    kind: str
    namespace: str
    name: str
    what: str


class ApplyAnswer(BaseModel):
    """What became of each object, in the order of the request."""

    results: list[Changed]


class ObjectList(BaseModel):
    """Objects with their status; `next` is the token of the next page, empty on the last one."""

    items: list[dict[str, Any]]
    next: str = ""


class EventRequest(BaseModel):
    """An event to put on the bus, as if the event source had sent it."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = "default"
    source: str
    event: str
    data: Any = None


class Published(BaseModel):
    """The id of an event that was put on the bus."""

    id: str


class QueueList(BaseModel):
    """Every queue with how many of its messages are visible, in flight and delayed."""

    items: list[dict[str, Any]]


class Redriven(BaseModel):
    """How many messages went from the dead-letter queue back to the queue."""

    moved: int


class Health(BaseModel):
    """That it answers, and as which version."""

    status: str
    version: str
