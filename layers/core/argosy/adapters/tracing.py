"""Traces of functions: those that X-Ray samples, and nothing at all for the others.

With `Tracing: Active` X-Ray takes the first request of a second and 5 % of all others, and says so in `_X_AMZN_TRACE_ID`,
which it also passes on with a message. The X-Ray SDK takes longer to import than the rest of a function together, so it
is imported by the first invocation that is sampled; from then on it also records the calls of AWS.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer

__all__ = ["sampled", "traced"]

Handler = Callable[[dict[str, Any], Any], Any]


def sampled(header: str | None) -> bool:
    """Whether X-Ray keeps the trace that a tracing header (`Root=…;Parent=…;Sampled=1`) names."""
    return header is not None and "Sampled=1" in header.replace(" ", "").split(";")


def traced(handler: Handler, service: str) -> Handler:
    """Record an entry point's invocations that are sampled; answers are not recorded, since they may hold secrets."""
    recorded: Handler | None = None

    @functools.wraps(handler)
    def entry(event: dict[str, Any], context: Any) -> Any:
        nonlocal recorded
        if not sampled(os.environ.get("_X_AMZN_TRACE_ID")):
            return handler(event, context)
        if recorded is None:
            recorded = _tracer(service).capture_lambda_handler(handler, capture_response=False)
        return recorded(event, context)

    return entry


@cache
def _tracer(service: str) -> Tracer:
    from aws_lambda_powertools import Tracer

    return Tracer(service=service, auto_patch=True, patch_modules=("botocore",))
