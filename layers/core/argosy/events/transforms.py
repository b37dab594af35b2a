"""`transform` of a dependency: a new payload, made by jq or Lua before the filters see it.

Follows `ApplyTransform` in `pkg/sensors/dependencies/transform.go` of Argo Events 1.9: jq goes before `script` when both
are there, the payload must be a JSON object (for a script also null), jq's first output must be an object, a script may
return any table. Called for each event by `events.sensors`. jq runs outside of us and is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from argosy.errors import EvaluationError
from argosy.events.envelope import JSON, Event
from argosy.events.jsontext import read_json
from argosy.lang import lua
from argosy.resources.sensor import Transform

__all__ = ["RunJq", "transformed"]

RunJq = Callable[[str, str], str]
"""Program and JSON text → the first output as JSON text; raises EvaluationError."""


def transformed(transform: Transform | None, event: Event, jq: RunJq | None) -> Event:
    """`event` with the payload that the transform makes of it; itself when there is nothing to do.

    Raises EvaluationError for a payload or an answer of the wrong shape, and when the program fails or exceeds its budgets.
    """
    if transform is None or event.data is None or not (transform.jq or transform.script):
        return event
    try:
        data = _by_jq(transform.jq, event.data, jq) if transform.jq else _by_script(transform.script, event.data)
    except EvaluationError as x:
        raise EvaluationError(f"transform: {x}") from x
    return replace(event, data=data, datacontenttype=JSON)


def _by_jq(program: str, data: str, jq: RunJq | None) -> str:
    if jq is None:
        raise EvaluationError("nothing here runs jq")
    if not isinstance(read_json(data), dict):
        raise EvaluationError("the payload is no JSON object")
    answer = jq(program, data)
    if not answer.startswith("{"):
        raise EvaluationError("jq: the first output is no object")
    return answer


def _by_script(script: str, data: str) -> str:
    payload = read_json(data)
    if payload is not None and not isinstance(payload, dict):
        raise EvaluationError("the payload is no JSON object")
    return lua.document(script, {"event": payload or {}})
