"""Filter `exprs`: govaluate expressions over values of the payload.

Follows `filterExpr` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9: an expression without fields is not even
read, a result that is not a boolean does not count as true, and with `or` an error counts only when nothing passes.
"""

from __future__ import annotations

from typing import Any

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.filterlogic import joined
from argosy.events.jsontext import read_json
from argosy.lang import gjson, govaluate
from argosy.resources.sensor import ExprFilter, Filters

__all__ = ["passes"]


def passes(filters: Filters, event: Event) -> bool:
    """Whether the payload passes `filters.exprs`, joined by `exprLogicalOperator`.

    Raises EvaluationError for a payload that is not JSON, a path that is not there, an expression that cannot be read or
    evaluated; under `or` only when no expression passes.
    """
    if not filters.exprs or event.data is None:
        return True
    if not event.is_json:
        raise EvaluationError("expr filter: the payload is not valid JSON")
    asked = [one for one in filters.exprs if one.fields]
    document = event.data
    return joined(asked, lambda one: _test(one, document), filters.expr_logical_operator)


def _test(one: ExprFilter, document: str) -> bool:
    parameters = {field.name: _value(field.path, document) for field in one.fields}
    try:
        return govaluate.compile(one.expr).evaluate(parameters) is True
    except EvaluationError as x:
        raise EvaluationError(f"expr filter: {x}") from x


def _value(path: str, document: str) -> Any:
    result = gjson.compile(path).get(document)
    if not result.exists:
        raise EvaluationError(f"expr filter: path {path!r} is not in the payload")
    if result.kind is gjson.Kind.STRING:
        return result.string()
    if result.kind is gjson.Kind.NUMBER:
        return float(result.raw)  # as in Go, also beyond what an integer holds
    return read_json(result.raw)
