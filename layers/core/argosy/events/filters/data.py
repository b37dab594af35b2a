"""Filter `data`: values of the payload, found by path, compared as bool, number or text.

Follows `filterData` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9, including what it does with mixed types:
a text that is no number counts as 0, anything but true, 1 and their spellings is a false bool, texts are RE2 patterns.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.filterlogic import joined
from argosy.lang import gjson, gotemplate, regex, strconv
from argosy.lang.gjson import Kind, Result
from argosy.resources.sensor import DataFilter, Filters

__all__ = ["passes"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    "": operator.eq,
}


def passes(filters: Filters, event: Event) -> bool:
    """Whether the payload passes `filters.data`, joined by `dataLogicalOperator`.

    Raises EvaluationError for a payload that is not JSON, a path that is not there, a value, pattern or template that
    cannot be read; under `or` only when no filter passes.
    """
    if not filters.data or event.data is None:
        return True
    if not event.is_json:
        raise EvaluationError("data filter: the payload is not valid JSON")
    document = event.data
    return joined(filters.data, lambda one: _test(one, document), filters.data_logical_operator)


def _test(one: DataFilter, document: str) -> bool:
    result = gjson.compile(one.path).get(document)
    if not result.exists:
        raise EvaluationError(f"data filter: path {one.path!r} is not in the payload")
    if not one.value:
        raise EvaluationError(f"data filter: path {one.path!r} has no values to compare with")
    if one.template:
        result = _templated(one, result)
    if one.type == "string":
        text = result.string()
        return any(_text_matches(one, value, text) for value in one.value)
    if one.type == "number":
        number = _number(result)
        compare = _COMPARE.get(one.comparator, _never)
        return any(compare(number, strconv.parse_float(value)) for value in one.value)
    if one.type == "bool":
        truth = _boolean(result)
        return any(strconv.parse_bool(value) == truth for value in one.value)
    raise EvaluationError(f"data filter: type {one.type!r} of path {one.path!r} is not bool, number or string")


def _never(_number: float, _value: float) -> bool:
    return False


def _text_matches(one: DataFilter, pattern: str, text: str) -> bool:
    found = regex.compile(pattern).search(text)
    if one.comparator in ("", "="):
        return bool(found)
    return one.comparator == "!=" and not found


def _number(result: Result) -> float:
    if result.kind is Kind.NUMBER:
        return result.number()
    if result.kind is Kind.TRUE:
        return 1.0
    if result.kind is Kind.STRING:
        try:
            return strconv.parse_float(result.string())
        except EvaluationError:
            return 0.0
    return 0.0


def _boolean(result: Result) -> bool:
    if result.kind is Kind.TRUE:
        return True
    if result.kind is Kind.NUMBER:
        number = result.number()
        return number != 0 and not math.isnan(number)
    if result.kind is Kind.STRING:
        try:
            return strconv.parse_bool(result.string().lower())
        except EvaluationError:
            return False
    return False


def _templated(one: DataFilter, result: Result) -> Result:
    text = gotemplate.compile(one.template).render({"Input": result.string()})
    if text in ("", "<no value>"):
        raise EvaluationError(f"data filter: the template of path {one.path!r} gave nothing")
    return gjson.get(strconv.quote(text), "@this")
