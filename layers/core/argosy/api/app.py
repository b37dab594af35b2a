"""Routes of `/api/v1`: declarations, events, queues, operations, health; those of clusters stand in `clusters`, what looks
back in `history`.

Who calls is decided before anything here runs (argosy.api.door); the routes find the actor in the resolver's context. A
watch that has nothing new raises `Unchanged`: the door waits and asks again, so that no route holds the resolver while it
waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from argosy.api import clusters, history
from argosy.api.answers import responses
from argosy.api.models import (
    ApplyAnswer,
    ApplyRequest,
    Changed,
    Connection,
    ConnectionList,
    DeleteRequest,
    EventRequest,
    Health,
    ObjectList,
    OperationAnswer,
    Published,
    QueueDepth,
    QueueList,
    Shared,
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
    Unauthenticated,
    Unsupported,
)
from argosy.problems import problem_of
from argosy.resources.eventsource import KNOWN_TYPES, EventSource
from argosy.resources.manifests import Manifest
from argosy.services.applied import Applied
from argosy.services.audit import audited
from argosy.services.eventids import new_event_id
from argosy.services.kinds import kind_named
from argosy.services.operations import Operation
from argosy.services.queues import BUS
from argosy.services.receive import bus_message
from argosy.services.runtime import current
from argosy.services.views import MAX_WAIT, fingerprint
from argosy.services.wiring import connections
from argosy.version import VERSION

__all__ = ["UNCHANGED", "app", "refusal", "schema"]

UNCHANGED: Final = HTTPStatus.NOT_MODIFIED
"""What a watch with nothing new answers; the door waits, and nobody outside ever sees it."""
_PAGE: Final = 500
_STATUS: Final[Mapping[type[ArgosyError], HTTPStatus]] = {
    InvalidObject: HTTPStatus.BAD_REQUEST,
    EvaluationError: HTTPStatus.BAD_REQUEST,
    Unsupported: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Denied: HTTPStatus.FORBIDDEN,
    AlreadyExists: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    Retryable: HTTPStatus.SERVICE_UNAVAILABLE,
}

app = APIGatewayRestResolver(enable_validation=True, strip_prefixes=[])

Name = Annotated[str, Path()]
Watch = Annotated[bool, Query(description="Wait until the version is another than `since`")]
Since = Annotated[str, Query(description="`version` of a list, or the ETag of an object")]
Timeout = Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait at most; then the answer is as it is")]


class Unchanged(Exception):
    """A watch that goes on."""


def refusal(problem: ArgosyError, status: HTTPStatus | None = None) -> Response[str]:
    """The answer that says why not."""
    if status is None:
        status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), None)
    body = orjson.dumps({"error": problem_of(problem)}).decode()
    return Response((status or HTTPStatus.INTERNAL_SERVER_ERROR).value, "application/json", body)


def _misshapen(problem: RequestValidationError) -> Response[str]:
    """What is wrong with the request's shape; what was sent is not repeated."""
    single = [InvalidObject(each["msg"], field=".".join(map(str, each["loc"]))) for each in problem.errors()]
    error = single[0] if len(single) == 1 else InvalidObject("; ".join(map(str, single)), problems=single)
    return refusal(error, HTTPStatus.UNPROCESSABLE_ENTITY)


def _unreadable(_: Exception) -> Response[str]:
    return refusal(InvalidObject("no JSON in UTF-8, or nested too deep", field="body"))


def _unchanged(_: Unchanged) -> Response[str]:
    return Response(UNCHANGED.value, "application/json", "")


def _nowhere(_: Exception) -> Response[str]:
    event = app.current_event
    return refusal(NotFound(f"the API has no {event.http_method} {event.path}; see docs/reference/openapi.json"))


def _address() -> str:
    """Where this API is reached, as API Gateway tells it; webhooks come in beside it. "" where nobody tells."""
    context = app.current_event.raw_event.get("requestContext") or {}
    domain, stage = context.get("domainName"), context.get("stage")
    return f"https://{domain}/{stage}" if domain and stage else ""


app.exception_handler(ArgosyError)(refusal)
app.exception_handler(RequestValidationError)(_misshapen)
app.exception_handler([UnicodeDecodeError, RecursionError])(_unreadable)


app.exception_handler(Unchanged)(_unchanged)
app.not_found(_nowhere)
app.include_router(clusters.router)
app.include_router(history.router)


_LARGE: Final = {
    HTTPStatus.SEE_OTHER.value: {
        "description": "The answer is large and lies elsewhere",
        "content": {"application/json": {"model": Shared}},
    }
}


@app.get("/api/v1/health", summary="Whether the API answers", tags=["health"], responses=responses(Health))
def health() -> Health:
    """Answer."""
    return Health(status="ok", version=VERSION)


@app.post(
    "/api/v1/objects",
    summary="Apply manifests, all or none",
    tags=["objects"],
    responses=responses(ApplyAnswer, HTTPStatus.OK, HTTPStatus.CONFLICT),
)
def apply(request: ApplyRequest) -> ApplyAnswer:
    """Apply."""
    _text("manifests", request.manifests)
    manifests = [Manifest(body) for body in request.manifests]
    return _answer(current().objects.apply(manifests, request.namespace, actor=_actor()))


@app.post(
    "/api/v1/deletions",
    summary="Delete objects, all or none",
    tags=["objects"],
    responses=responses(ApplyAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def delete_several(request: DeleteRequest) -> ApplyAnswer:
    """Delete."""
    objects = [(kind_named(each.kind), each.namespace, each.name) for each in request.objects]
    return _answer(current().objects.delete(objects, actor=_actor()))


@app.get(
    "/api/v1/objects/<kind>",
    summary="Objects of a kind, page by page",
    tags=["objects"],
    responses=responses(ObjectList, HTTPStatus.OK, HTTPStatus.NOT_FOUND) | _LARGE,
)
def listing(
    kind: Name,
    namespace: Annotated[str | None, Query(description="left out: all namespaces")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 100,
    after: Annotated[str, Query(description="`next` of the page before")] = "",
    watch: Watch = False,
    since: Since = "",
    timeout: Timeout = MAX_WAIT,
) -> ObjectList:
    """List."""
    views, kind = current().views, kind_named(kind)
    if watch and _may_wait(timeout) and views.version() == since:
        raise Unchanged
    page = views.page(kind, namespace, after=after, limit=limit, base_url=_address())
    return ObjectList(items=page.items, next=page.next, version=page.version)


@app.get(
    "/api/v1/objects/<kind>/<namespace>/<name>",
    summary="One object with its status",
    tags=["objects"],
    responses=responses(dict, HTTPStatus.OK, HTTPStatus.NOT_FOUND) | _LARGE,
)
def get(
    kind: Name,
    namespace: Name,
    name: Name,
    watch: Watch = False,
    since: Since = "",
    timeout: Timeout = MAX_WAIT,
) -> Response[dict[str, Any]]:
    """Get. The answer's ETag changes with all that it shows, status included."""
    body = current().views.one(kind_named(kind), namespace, name, base_url=_address())
    version = fingerprint(body)
    if watch and _may_wait(timeout) and version == since.strip('"'):
        raise Unchanged
    return Response(HTTPStatus.OK.value, "application/json", body, headers={"ETag": f'"{version}"'})


@app.delete(
    "/api/v1/objects/<kind>/<namespace>/<name>",
    summary="Delete an object",
    tags=["objects"],
    responses=responses(ApplyAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def delete(kind: Name, namespace: Name, name: Name) -> ApplyAnswer:
    """Delete."""
    return _answer(current().objects.delete([(kind_named(kind), namespace, name)], actor=_actor()))


@app.post(
    "/api/v1/events",
    summary="Put an event on the bus, as if its event source had sent it",
    tags=["events"],
    responses=responses(Published, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def publish(request: EventRequest) -> Published:
    """Publish."""
    runtime = current()
    body = runtime.objects.get("EventSource", request.namespace, request.source)
    source = EventSource.model_validate(body)
    kind = next((kind for kind in KNOWN_TYPES if request.event in (body["spec"].get(kind) or {})), None)
    if kind is None:
        raise NotFound(f"event source {request.namespace}/{request.source} has no event {request.event}")
    event_id, data = new_event_id(runtime.clock.now()), _text("data", request.data)
    place = (request.namespace, source.bus, kind, request.source, request.event)
    told = f"Event/{request.namespace}/{request.source}/{request.event} published as {event_id}"
    runtime.store.write([audited(_actor(), [told], runtime.clock.now())])
    runtime.queue.send(BUS, [bus_message(runtime, *place, event_id, data)])
    return Published(id=event_id)


@app.get(
    "/api/v1/connections",
    summary="What event sources are connected to outside",
    tags=["events"],
    responses=responses(ConnectionList),
)
def connected() -> ConnectionList:
    """Connections."""
    return ConnectionList(items=[Connection(**each) for each in connections(current().store)])


@app.get("/api/v1/queues", summary="The queues and how full they are", tags=["events"], responses=responses(QueueList))
def queues() -> QueueList:
    """Depths."""
    runtime = current()
    found = []
    for spec in runtime.queues:
        depth = runtime.queue.depth(spec.name)
        counts = {"visible": depth.visible, "inFlight": depth.in_flight, "delayed": depth.delayed}
        found.append(QueueDepth(name=spec.name, deadLetters=spec.dlq, **counts))
    return QueueList(items=found)


@app.post(
    "/api/v1/queues/<queue>/redrive",
    summary="Begin to send dead letters back to their queue",
    tags=["events"],
    status_code=HTTPStatus.ACCEPTED.value,
    responses=responses(OperationAnswer, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND),
)
def redrive(queue: Name) -> OperationAnswer:
    """Redrive."""
    return _operation(current().operations.redrive(queue, _actor()))


@app.get(
    "/api/v1/operations/<operation>",
    summary="How far an operation is",
    tags=["operations"],
    responses=responses(OperationAnswer, HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def operation(operation: Name) -> OperationAnswer:
    """Look."""
    return _operation(current().operations.get(operation))


@app.post(
    "/api/v1/operations/<operation>",
    summary="Carry on with an operation that is still running",
    tags=["operations"],
    status_code=HTTPStatus.ACCEPTED.value,
    responses=responses(OperationAnswer, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND),
)
def carry_on(operation: Name) -> OperationAnswer:
    """Carry on."""
    return _operation(current().operations.carry_on(operation))


def schema() -> str:
    """The OpenAPI document, as `docs/reference/openapi.json` holds it (`argosy.api.openapi`)."""
    document = orjson.loads(app.get_openapi_json_schema(title="Argosy", version=VERSION))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _actor() -> str:
    return str(app.context["actor"])


def _may_wait(timeout: float) -> bool:
    return float(app.context["waited"]) < timeout


def _answer(results: list[Applied]) -> ApplyAnswer:
    return ApplyAnswer(results=[Changed(**{n: getattr(each, n) for n in Changed.model_fields}) for each in results])


def _operation(found: Operation) -> OperationAnswer:
    return OperationAnswer(
        **{name: value for name, value in asdict(found).items() if name in OperationAnswer.model_fields}
    )


def _text(field: str, value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as x:
        raise InvalidObject(f"cannot be kept as JSON: {x}", field=field) from x
