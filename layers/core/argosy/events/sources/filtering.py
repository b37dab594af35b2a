"""`filter.expression` of an event source entry: which payloads are published.

Follows `pkg/eventsources/eventing.go` of Argo Events 1.9: false and any error drop the event without a word, and the
source counts it as delivered.
"""

from __future__ import annotations

from argosy.errors import ArgosyError
from argosy.events.jsontext import read_json

__all__ = ["lets_pass"]


def lets_pass(expression: str, data: str) -> bool:
    """Whether the payload (JSON text) passes the entry's expression; "" lets everything pass."""
    if not expression:
        return True
    from argosy.events import expressions
    from argosy.lang import gotemplate

    try:
        return expressions.matches(expression, gotemplate.as_float64(read_json(data)))
    except (ArgosyError, RecursionError):
        return False
