"""The API: API Gateway (REST, payload v1, AWS_IAM) → declarations, events, queues."""

from typing import Any

from argosy.adapters.powertools import function
from argosy.api.app import app


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point."""
    return app.resolve(event, context)
