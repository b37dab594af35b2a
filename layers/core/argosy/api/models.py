"""What the API takes and gives, as its OpenAPI document shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "ApplyAnswer",
    "ApplyRequest",
    "Changed",
    "DeleteRequest",
    "EventRequest",
    "Health",
    "ObjectList",
    "ObjectName",
    "OperationAnswer",
    "Problem",
    "ProblemAnswer",
    "Published",
    "QueueDepth",
    "QueueList",
    "Shared",
]


class Problem(BaseModel):
    """What is wrong: `object` and `field` where known, `wayOut` what to do, `problems` the single ones of several."""

    type: str
    message: str
    object: str = ""
    field: str = ""
    wayOut: str = ""
    problems: list[Problem] = []


class ProblemAnswer(BaseModel):
    """Every answer that is no success."""

    error: Problem


class ApplyRequest(BaseModel):
    """Manifests to apply, all or none; `namespace` is for those that name none."""

    model_config = ConfigDict(extra="forbid")

    manifests: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    namespace: str = "default"


class ObjectName(BaseModel):
    """Which object."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    namespace: str = "default"
    name: str


class DeleteRequest(BaseModel):
    """Objects to delete, all or none."""

    model_config = ConfigDict(extra="forbid")

    objects: list[ObjectName] = Field(min_length=1, max_length=1000)


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
    """Objects with their status.

    `next` is the token of the next page, empty on the last one. `version` is what a watch takes as `since`: the first
    page's, when there are several.
    """

    items: list[dict[str, Any]]
    next: str = ""
    version: str = ""


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


class QueueDepth(BaseModel):
    """How many messages of a queue are visible, in flight and delayed; `deadLetters` is where it sets messages aside."""

    name: str
    visible: int
    inFlight: int
    delayed: int
    deadLetters: str = ""


class QueueList(BaseModel):
    """Every queue."""

    items: list[QueueDepth]


class Connection(BaseModel):
    """What event sources (`owners`) are connected to outside; `problem` says why it is not `connected`."""

    type: str
    source: str
    owners: list[str]
    connected: bool
    problem: str


class ConnectionList(BaseModel):
    """Every connection that was made and not removed."""

    items: list[Connection]


class OperationAnswer(BaseModel):
    """Something that may take longer than a request.

    `moved` of about `total` messages; `error` says why it failed. While it is `running`, POST to it to carry on.
    """

    id: str
    kind: str
    target: str
    actor: str
    status: Literal["running", "done", "failed"]
    moved: int
    total: int
    created: str
    updated: str
    error: Problem | None = None


class Shared(BaseModel):
    """An answer too large for this way: GET it, unsigned, at `url` (also in the header Location) within `seconds`."""

    url: str
    seconds: int


class Health(BaseModel):
    """That it answers, and as which version."""

    status: str
    version: str
