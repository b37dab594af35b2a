"""Routes of `/api/v1`: declarations, events, queues, health.

Who calls is decided before anything here runs: on a stack API Gateway lets in signed requests alone (AWS_IAM) and tells
the caller's ARN, which is the actor in the audit row of every write. `actor_of` is the one place that knows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from argosy.api.models import (
    ApplyAnswer,
    ApplyRequest,
    Changed,
    EventRequest,
    Health,
    ObjectList,
    Published,
    QueueList,
    Redriven,
)
from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Retryable,
    Unsupported,
)
from argosy.resources.eventsource import KNOWN_TYPES, EventSource
from argosy.resources.manifests import Manifest
from argosy.services.audit import audited
from argosy.services.objects import Applied, kind_named
from argosy.services.queues import AWS_QUEUES, BUS, DEAD_LETTERS
from argosy.services.receive import bus_message
from argosy.services.runtime import current
from argosy.services.status import with_status
from argosy.version import VERSION

__all__ = ["actor_of", "app", "schema"]

_PAGE: Final = 500
_STATUS: Final[Mapping[type[ArgosyError], HTTPStatus]] = {
    InvalidObject: HTTPStatus.BAD_REQUEST,
    EvaluationError: HTTPStatus.BAD_REQUEST,
    Unsupported: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Denied: HTTPStatus.FORBIDDEN,
    AlreadyExists: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    Retryable: HTTPStatus.SERVICE_UNAVAILABLE,
}

app = APIGatewayRestResolver(enable_validation=True, strip_prefixes=[])

Name = Annotated[str, Path()]


def actor_of(event: Mapping[str, Any]) -> str:
    """Who calls: the ARN that API Gateway has verified. Raises Denied when there is none."""
    arn = ((event.get("requestContext") or {}).get("identity") or {}).get("userArn")
    if not arn:
        raise Denied("the request is not signed; sign it with AWS credentials (SigV4, service execute-api)")
    return str(arn)


def _refusal(status: HTTPStatus, text: str, **more: Any) -> Response[str]:
    return Response(status.value, "application/json", orjson.dumps({"error": text, **more}).decode())


def _failed(problem: ArgosyError) -> Response[str]:
    status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), None)
    return _refusal(status or HTTPStatus.INTERNAL_SERVER_ERROR, str(problem))


def _misshapen(problem: RequestValidationError) -> Response[str]:
    """`detail` is what the OpenAPI document promises; what was sent is not repeated."""
    detail = [{"loc": each["loc"], "msg": each["msg"], "type": each["type"]} for each in problem.errors()]
    text = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in detail)
    return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, text, detail=detail)


def _unreadable(_: Exception) -> Response[str]:
    return _refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON in UTF-8, or nested too deep")


app.exception_handler(ArgosyError)(_failed)
app.exception_handler(RequestValidationError)(_misshapen)
app.exception_handler([UnicodeDecodeError, RecursionError])(_unreadable)


@app.get("/api/v1/health", summary="Whether the API answers", tags=["health"])
def health() -> Health:
    """Answer."""
    actor_of(app.current_event.raw_event)
    return Health(status="ok", version=VERSION)


@app.post("/api/v1/objects", summary="Apply manifests, all or none", tags=["objects"])
def apply(request: ApplyRequest) -> ApplyAnswer:
    """Apply."""
    actor = actor_of(app.current_event.raw_event)
    _text("manifests", request.manifests)
    manifests = [Manifest(body) for body in request.manifests]
    return _answer(current().objects.apply(manifests, request.namespace, actor=actor))


@app.get("/api/v1/objects/<kind>", summary="Objects of a kind, page by page", tags=["objects"])
def listing(
    kind: Name,
    namespace: Annotated[str | None, Query(description="left out: all namespaces")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 100,
    after: Annotated[str, Query(description="`next` of the page before")] = "",
) -> ObjectList:
    """List."""
    actor_of(app.current_event.raw_event)
    runtime = current()
    found = [body for body in runtime.objects.listing(kind_named(kind), namespace) if _key(body) > after]
    page = found[:limit]
    more = _key(page[-1]) if len(found) > limit else ""
    return ObjectList(items=[with_status(runtime.store, body) for body in page], next=more)


@app.get("/api/v1/objects/<kind>/<namespace>/<name>", summary="One object with its status", tags=["objects"])
def get(kind: Name, namespace: Name, name: Name) -> dict[str, Any]:
    """Get."""
    actor_of(app.current_event.raw_event)
    runtime = current()
    return with_status(runtime.store, runtime.objects.get(kind_named(kind), namespace, name))


@app.delete("/api/v1/objects/<kind>/<namespace>/<name>", summary="Delete an object", tags=["objects"])
def delete(kind: Name, namespace: Name, name: Name) -> ApplyAnswer:
    """Delete."""
    actor = actor_of(app.current_event.raw_event)
    return _answer(current().objects.delete([(kind_named(kind), namespace, name)], actor=actor))


@app.post("/api/v1/events", summary="Put an event on the bus, as if its event source had sent it", tags=["events"])
def publish(request: EventRequest) -> Published:
    """Publish."""
    actor = actor_of(app.current_event.raw_event)
    runtime = current()
    body = runtime.objects.get("EventSource", request.namespace, request.source)
    source = EventSource.model_validate(body)
    kind = next((kind for kind in KNOWN_TYPES if request.event in (body["spec"].get(kind) or {})), None)
    if kind is None:
        raise NotFound(f"event source {request.namespace}/{request.source} has no event {request.event}")
    event_id, data = os.urandom(16).hex(), _text("data", request.data)
    place = (request.namespace, source.bus, kind, request.source, request.event)
    runtime.store.write(
        [
            audited(
                actor,
                [f"Event/{request.namespace}/{request.source}/{request.event} published as {event_id}"],
                runtime.clock.now(),
            )
        ]
    )
    runtime.queue.send(BUS, [bus_message(runtime, *place, event_id, data)])
    return Published(id=event_id)


@app.get("/api/v1/queues", summary="The queues and how full they are", tags=["events"])
def queues() -> QueueList:
    """Depths."""
    actor_of(app.current_event.raw_event)
    return QueueList(items=[_depth(spec.name) for spec in AWS_QUEUES if not spec.fifo])


@app.post("/api/v1/queues/<queue>/redrive", summary="Send dead letters back to their queue", tags=["events"])
def redrive(queue: Name) -> Redriven:
    """Redrive."""
    actor = actor_of(app.current_event.raw_event)
    if queue not in DEAD_LETTERS:
        raise NotFound(f"no queue {queue} with dead letters; there are {', '.join(DEAD_LETTERS)}")
    runtime = current()
    runtime.store.write([audited(actor, [f"Queue/{queue} redriven"], runtime.clock.now())])
    return Redriven(moved=runtime.queue.redrive(queue))


def schema() -> str:
    """The OpenAPI document, as `docs/reference/openapi.json` holds it (`argosy.api.openapi`)."""
    document = orjson.loads(app.get_openapi_json_schema(title="Argosy", version=VERSION))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _answer(results: list[Applied]) -> ApplyAnswer:
    return ApplyAnswer(results=[Changed(**{n: getattr(each, n) for n in Changed.model_fields}) for each in results])


def _depth(queue: str) -> dict[str, Any]:
    depth = current().queue.depth(queue)
    return {"name": queue, "visible": depth.visible, "inFlight": depth.in_flight, "delayed": depth.delayed}


def _key(body: Mapping[str, Any]) -> str:
    return f"{body['metadata']['namespace']}/{body['metadata']['name']}"


def _text(field: str, value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as x:
        raise InvalidObject(f"cannot be kept as JSON: {x}", field=field) from x
