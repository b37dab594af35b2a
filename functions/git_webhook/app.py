"""Git hosts and registries tell of changes: POST /api/webhook, as Argo CD has it → the Applications that follow them."""

import base64
from typing import Any

from argosy.adapters.powertools import function, logger
from argosy.errors import ArgosyError
from argosy.gitops.webhooks.delivery import Delivery
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    body = event.get("body") or ""
    data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        status, text = current().git_webhooks.receive(Delivery(event.get("headers") or {}, data))
    except ArgosyError as x:
        logger.error("delivery not taken", extra={"reason": str(x)})
        status, text = 503, "the delivery could not be looked at, send it again"
    return {"statusCode": status, "headers": {"Content-Type": "text/plain"}, "body": text}
