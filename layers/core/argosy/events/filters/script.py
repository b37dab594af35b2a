"""Filter `script`: Lua 5.1 that is asked about the payload, its global `event`, and passes by returning `true` last.

Follows `filterScript` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9: only the boolean counts, a payload of
`null` is an empty table, one that is no object an error. What a script may reach and use up: `argosy.lang.lua`.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.jsontext import read_json
from argosy.lang import lua
from argosy.resources.sensor import Filters

__all__ = ["passes"]


def passes(filters: Filters, event: Event) -> bool:
    """Whether `filters.script` says true to the payload.

    Raises EvaluationError for a payload that is no JSON object, a script that is no Lua, fails or exceeds its budgets.
    """
    if not filters.script or event.data is None:
        return True
    try:
        payload = read_json(event.data)
        if payload is not None and not isinstance(payload, dict):
            raise EvaluationError("the payload is no JSON object")
        return lua.truth(filters.script, {"event": payload or {}})
    except EvaluationError as x:
        raise EvaluationError(f"script filter: {x}") from x
