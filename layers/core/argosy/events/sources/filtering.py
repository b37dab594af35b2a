"""`filter.expression` of an event source entry: which payloads are published.

Follows `pkg/eventsources/eventing.go` of Argo Events 1.9: false and any error drop the event without a word, and the
source counts it as delivered.
"""

from __future__ import annotations

import orjson

from argosy.errors import ArgosyError

__all__ = ["lets_pass"]


def lets_pass(expression: str, data: str) -> bool:
    """Whether the payload (JSON text) passes the entry's expression; "" lets everything pass."""
    if not expression:
        return True
    from argosy.events import expressions

    try:
        return expressions.matches(expression, orjson.loads(data))
    except ArgosyError:
        return False
