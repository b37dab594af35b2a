"""The API: API Gateway (REST, payload v1, AWS_IAM) → declarations, events, queues, operations."""

from typing import Any

from argosy.adapters.powertools import function
from argosy.api.door import serve


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point."""
    return serve(event, context)
