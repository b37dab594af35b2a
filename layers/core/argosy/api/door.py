"""What stands before and behind the routes of the API: who asks, what is asked, waiting, answers that are too large.

In: an API Gateway proxy event (payload v1), from API Gateway itself or from the embedded runtime's HTTP door. Out: the
proxy answer. Called by `functions/api`. Nothing is parsed before the authoriser has said who asks, so that a route that
somebody forgets to protect cannot exist; there are neither cookies nor CORS headers, and a body has to say that it is
JSON, so that no page in a browser can send what counts.
"""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from aws_lambda_powertools.event_handler import Response

from argosy.api.app import UNCHANGED, app, refusal
from argosy.errors import ArgosyError, InvalidObject, Unauthenticated
from argosy.ports.access import Caller
from argosy.services.runtime import Runtime, current

__all__ = ["MAX_ANSWER", "SHARED_PREFIX", "caller_of", "serve"]

MAX_ANSWER: Final = 5 * 1024 * 1024
"""Beyond this many bytes an answer lies in the blob store: Lambda gives back 6 MB, and the wrapping needs some of it."""
SHARED_PREFIX: Final = "answers/"
_SHARED_SECONDS: Final = 300
_ALWAYS: Final = {"Cache-Control": ["no-store"], "X-Content-Type-Options": ["nosniff"]}

# Powertools keeps the request that it serves in its classes: the embedded runtime's threads take turns. None waits in there.
_RESOLVING: Final = threading.Lock()


def serve(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request."""
    runtime = current()
    try:
        actor = runtime.authoriser.actor(caller_of(event))
    except Unauthenticated as x:
        return _finished(_plain(refusal(x)), {"WWW-Authenticate": [runtime.authoriser.scheme]})
    except ArgosyError as x:
        return _finished(_plain(refusal(x)))
    if event.get("body") and not _is_json(event):
        problem = InvalidObject("must be application/json", field="Content-Type")
        return _finished(_plain(refusal(problem, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)))
    answer = _resolve(runtime, event, context, actor.name)
    if event.get("httpMethod") == "GET":
        try:
            answer = _shared(runtime, answer)
        except ArgosyError as x:
            return _finished(_plain(refusal(x)))
    return _finished(answer)


def caller_of(event: Mapping[str, Any]) -> Caller:
    """What a proxy event tells of its sender."""
    headers = event.get("headers") or {}
    context = event.get("requestContext") or {}
    return Caller({str(name).lower(): str(value) for name, value in headers.items()}, context)


def _resolve(runtime: Runtime, event: dict[str, Any], context: Any, actor: str) -> dict[str, Any]:
    """The routes' answer; a watch is asked again until it has one."""
    began = runtime.clock.now()
    waited = 0.0
    while True:
        with _RESOLVING:
            app.context.update(actor=actor, waited=waited)
            answer: dict[str, Any] = app.resolve(event, context)
        if answer["statusCode"] != UNCHANGED:
            return answer
        goes_on = runtime.clock.sleep(runtime.watch_seconds)
        waited = (runtime.clock.now() - began).total_seconds() if goes_on else float("inf")


def _is_json(event: Mapping[str, Any]) -> bool:
    kind = caller_of(event).headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "application/json"


def _shared(runtime: Runtime, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer too large for Lambda as a reference to where it lies; as it is, where blobs have no addresses."""
    body = answer.get("body") or ""
    data = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    if len(data) <= MAX_ANSWER:
        return answer
    key = f"{SHARED_PREFIX}{uuid.uuid4().hex}"
    url = runtime.blobs.share(key, _SHARED_SECONDS)
    if not url:
        return answer
    runtime.blobs.put(key, data)
    told = orjson.dumps({"url": url, "seconds": _SHARED_SECONDS}).decode()
    see = _plain(Response(HTTPStatus.SEE_OTHER.value, "application/json", told))
    see["multiValueHeaders"]["Location"] = [url]
    return see


def _plain(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "body": response.body or "",
        "isBase64Encoded": False,
        "multiValueHeaders": {"Content-Type": [response.content_type or ""]},
    }


def _finished(answer: dict[str, Any], more: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    headers = answer.get("multiValueHeaders") or {}
    return {**answer, "multiValueHeaders": {**headers, **_ALWAYS, **(more or {})}}
