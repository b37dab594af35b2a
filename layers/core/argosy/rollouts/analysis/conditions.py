"""Success and failure conditions of a metric, evaluated on what was measured.

Follows `utils/evaluate/evaluate.go` of Argo Rollouts: expr with `result` and a few functions, its types checked against the
actual result.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import expr
from argosy.lang.instants import parse
from argosy.lang.strconv import parse_float
from argosy.lang.times import Time

__all__ = ["evaluate", "evaluate_time", "measured_phase"]

_LAYOUT: Final = "2006-01-02T15:04:05.999999Z07:00"

type Body = Mapping[str, Any]


def _as_int(value: Any) -> int:
    if isinstance(value, bool):
        raise EvaluationError("asInt of a boolean")
    if isinstance(value, str):
        try:
            return int(value, 0) if value[:1] not in "+-" or value[1:2] != "0" else int(value)
        except ValueError as x:
            raise EvaluationError(f"asInt: {value!r} is no whole number") from x
    if isinstance(value, int | float) and not (isinstance(value, float) and not math.isfinite(value)):
        return int(value)
    raise EvaluationError(f"asInt: {value!r} is no number")


def _as_float(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        raise EvaluationError(f"asFloat: {value!r} is no number")
    if isinstance(value, str):
        return parse_float(value)
    if isinstance(value, int | float):
        return float(value)
    raise EvaluationError(f"asFloat: {value!r} is no number")


class _Typed:
    """A function whose result's type is known before it is called, so that a comparison that can never hold is refused."""

    def __init__(self, function: Callable[..., Any], go_result: str) -> None:
        self._function, self.go_result = function, go_result

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "asInt": _Typed(_as_int, "int"),
    "asFloat": _Typed(_as_float, "float64"),
    "isNaN": _Typed(lambda value: isinstance(value, float) and math.isnan(value), "bool"),
    "isInf": _Typed(lambda value: isinstance(value, float) and math.isinf(value), "bool"),
}


@functools.lru_cache(maxsize=512)
def _program(text: str) -> expr.Program:
    return expr.compile(text)


def evaluate(result: Any, condition: str) -> bool:
    """Whether a condition holds for a result. Raises EvaluationError, also for one that is neither true nor false."""
    names = {
        **_FUNCTIONS,
        "result": result,
        "isNil": lambda _: result is None,
        "default": lambda _, other: other if result is None else result,
    }
    found = _program(condition).run(names)
    if not isinstance(found, bool):
        raise EvaluationError(f"expected bool, but got {type(found).__name__}: {condition[:200]}")
    return found


def evaluate_time(expression: str) -> datetime:
    """The time that an expression names (`interval` of some providers). Raises EvaluationError for anything else."""
    names = {name: function for name, function in _FUNCTIONS.items() if name.startswith("is")}
    found = _program(expression).run(names)
    at = parse(found.Format(_LAYOUT)) if isinstance(found, Time) else None
    if at is None:
        raise EvaluationError(f"expected time, but got {type(found).__name__}: {expression[:200]}")
    return at


def measured_phase(metric: Body, result: Any) -> str:
    """The phase of a measurement by the metric's conditions (EvaluateResult). Raises EvaluationError."""
    success, failure = metric.get("successCondition"), metric.get("failureCondition")
    succeeded = evaluate(result, success) if success else None
    failed = evaluate(result, failure) if failure else None
    if succeeded is None and failed is None:
        return "Successful"
    if failed:
        return "Failed"
    if succeeded is None:
        return "Successful"
    if succeeded:
        return "Successful"
    return "Failed" if failed is None else "Inconclusive"
