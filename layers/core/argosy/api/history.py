"""Routes of `/api/v1/events` and `/api/v1/replays` that look back: what came, what became of it, why, and once more.

A payload is shown to whoever may ask the API; it is what the event's sender has sent.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict

from argosy.api.answers import responses
from argosy.services.explaining import why
from argosy.services.history import instant, listed, shown
from argosy.services.replays import asked
from argosy.services.runtime import current

__all__ = ["router"]

router = Router()  # type: ignore[no-untyped-call]  # untyped in Powertools 3

Name = Annotated[str, Path()]
Namespace = Annotated[str, Query(description="Of which namespace")]
Since = Annotated[str, Query(description="RFC 3339, or how long ago: 15m, 24h, 7d")]
Until = Annotated[str, Query(description="As `since`; left out: now")]


class EventLine(BaseModel):
    """An event in a list: its id, when it came, its source, and how much it has fired at once."""

    id: str
    at: str
    type: str
    source: str
    event: str
    firings: int
    replays: str = ""


class EventList(BaseModel):
    """Events, newest first; `next` is the token of the next page, empty on the last one."""

    items: list[EventLine]
    next: str = ""


class FiringAnswer(BaseModel):
    """A firing of a trigger: its id, and dependency → event id."""

    firing: str
    sensor: str
    trigger: str
    events: dict[str, str]
    trace: str


class AttemptAnswer(FiringAnswer):
    """An attempt of a firing; `state` is fired, failed, repeated (failed, another follows) or limited."""

    attempt: int
    state: str
    at: str
    reason: str = ""


class EventAnswer(BaseModel):
    """An event as it came, and everything that became of it; `replays` is the event that it repeats."""

    at: str
    namespace: str
    bus: str
    trace: str
    event: dict[str, Any]
    firings: list[FiringAnswer]
    attempts: list[AttemptAnswer]
    replays: str = ""


class StepAnswer(BaseModel):
    """One thing that was asked: `verdict` is passed, stopped, failed, or the state of a trigger."""

    about: str
    verdict: str
    reason: str


class WhyAnswer(BaseModel):
    """What a sensor made of an event. `inForce`: decided by the version of then, else by that of now."""

    namespace: str
    sensor: str
    event: str
    trace: str
    at: str
    generation: int
    inForce: bool
    steps: list[StepAnswer]


class ReplayRequest(BaseModel):
    """Which events, for one sensor or all. `after` is `next` of the page before, `name` and `until` those of its answer."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = "default"
    since: str
    until: str = ""
    sensor: str = ""
    dryRun: bool = True
    name: str = ""
    after: str = ""


class WouldFire(BaseModel):
    """A firing that a replay would cause; `problem` says why its effect cannot be built."""

    sensor: str
    trigger: str
    events: dict[str, str]
    problem: str = ""


class ReplayAnswer(BaseModel):
    """One page of a replay; `next` is empty on the last one. `name` and `until` are what the next page is asked for with."""

    name: str
    until: str
    events: int
    published: int
    firings: list[WouldFire]
    next: str = ""


@router.get("/api/v1/events", summary="Events of the last seven days", tags=["events"], responses=responses(EventList))
def listing(
    namespace: Namespace = "default",
    since: Since = "24h",
    until: Until = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[str, Query(description="`next` of the page before")] = "",
) -> EventList:
    """List."""
    runtime = current()
    now = runtime.clock.now()
    end = instant(until or "0s", now)
    page = listed(runtime.store, namespace, instant(since, now), end, limit, before)
    return EventList(items=[EventLine(**line) for line in page], next=page.next)


@router.get(
    "/api/v1/events/<namespace>/<event>",
    summary="An event and what became of it",
    tags=["events"],
    responses=responses(EventAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def one(namespace: Name, event: Name) -> EventAnswer:
    """Show."""
    return EventAnswer(**shown(current().store, namespace, event))


@router.get(
    "/api/v1/events/<namespace>/<event>/why/<sensor>",
    summary="What a sensor made of an event, step by step",
    tags=["events"],
    responses=responses(WhyAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def explain(namespace: Name, event: Name, sensor: Name) -> WhyAnswer:
    """Explain."""
    return WhyAnswer(**why(current(), namespace, sensor, event))


@router.post(
    "/api/v1/replays",
    summary="Today's sensors on past events, a page of them: what would fire, or once more for real",
    tags=["events"],
    responses=responses(ReplayAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def replay(request: ReplayRequest) -> ReplayAnswer:
    """Replay."""
    return ReplayAnswer(**asked(current(), request.model_dump(), str(router.context["actor"])))
