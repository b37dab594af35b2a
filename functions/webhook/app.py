"""Webhook ingress: API Gateway (REST, payload v1) → event on the bus.

Routes `/hooks/{namespace}/{event source}` and everything below; what follows the event source's name is the endpoint.
"""

from typing import Any
from urllib.parse import urlencode

from chalice import Chalice, Response

from argosy.adapters.powertools import function, logger
from argosy.errors import ArgosyError
from argosy.events.sources.hooks import Request
from argosy.services.runtime import current

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

app = Chalice(app_name="argosy-webhook")
# Every answer is text; Chalice would compare each with its list of binary types.
app.api.binary_types = []


@app.route("/hooks/{namespace}/{source}", methods=METHODS, content_types=[])
def receive_bare(namespace: str, source: str) -> Response:
    """The event source itself: its endpoint is `/`."""
    return _receive(namespace, source, "/")


@app.route("/hooks/{namespace}/{source}/{proxy+}", methods=METHODS, content_types=[])
def receive(namespace: str, source: str) -> Response:
    """An endpoint of the event source."""
    return _receive(namespace, source, "/" + app.current_request.uri_params["proxy"])


def _receive(namespace: str, source: str, path: str) -> Response:
    event = app.current_request.to_original_event()
    request = Request(
        method=event["httpMethod"],
        path=path,
        headers=event.get("multiValueHeaders") or {},
        query=urlencode(event.get("multiValueQueryStringParameters") or {}, doseq=True),
        body=app.current_request.raw_body,
    )
    port = (event.get("stageVariables") or {}).get("port", "")
    try:
        answer = current().receiver.receive(namespace, source, request, port)
    except ArgosyError as x:
        logger.error("event not taken", extra={"namespace": namespace, "source": source, "reason": str(x)})
        return Response("the event could not be stored, send it again", {"Content-Type": "text/plain"}, 500)
    return Response(answer.body, {"Content-Type": "text/plain", **answer.headers}, answer.status)


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point."""
    return app(event, context)
