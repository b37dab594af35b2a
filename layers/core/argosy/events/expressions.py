"""Expression filters of event sources: `spec.<type>.<name>.filter.expression`.

In: the expression and the decoded payload; out: whether the event is published. Mirrors `eventsources/common/expr` and
`common/expr` of Argo Events 1.9, built with antonmedv/expr 1.15.5: `-` in top level keys becomes `_`, keys with dots
become nested objects, and the functions asInt, asFloat, jsonpath, toJson and `sprig` are there.

On purpose different: no env and expandenv among the sprig functions, and a budget for all of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang import expr

__all__ = ["expand", "matches", "without_conflicts"]


def matches(expression: str, payload: object) -> bool:
    """Tell whether an event with this payload (a JSON object or null, numbers as floats) passes.

    Raises EvaluationError when the payload is no object, the expression fails, or its result is neither true nor false.
    """
    if payload is None:
        payload = {}
    if not isinstance(payload, Mapping):
        raise EvaluationError("the payload is no JSON object, so it has no names that an expression could use")
    renamed = {key.replace("-", "_"): value for key, value in payload.items()}
    result = expr.compile(expression, dialect=expr.V1_15).evaluate({**expand(renamed), **_functions()})
    if not isinstance(result, bool):
        raise EvaluationError(f"expression {expression[:100]!r} gives {result!r:.60} where true or false is needed")
    return result


def without_conflicts(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Drop every key that the next one, in byte order, continues with a dot."""
    keys = sorted(payload, key=lambda key: key.encode("utf-8", "surrogatepass"))
    return {
        key: payload[key] for key, after in zip(keys, [*keys[1:], ""], strict=False) if not after.startswith(f"{key}.")
    }


def expand(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Turn keys with dots into nested objects; where `a` and `a.b` stand side by side, `a` is dropped."""
    expanded: dict[str, Any] = {}
    for key, value in without_conflicts(payload).items():
        *parents, last = key.split(".")
        target = expanded
        for parent in parents:
            inner = target.get(parent)
            if not isinstance(inner, _Expanded):
                inner = target[parent] = _Expanded()
            target = inner
        target[last] = value
    return _plain(expanded)


class _Expanded(dict[str, Any]):
    """An object made of dotted keys; values of the payload are never put into."""


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(item) if isinstance(item, _Expanded) else item for key, item in value.items()}


@functools.cache
def _functions() -> dict[str, Any]:
    return {"asInt": _as_int, "asFloat": _as_float, "jsonpath": _jsonpath, "toJson": _to_json, "sprig": _Sprig()}


def _as_int(value: Any) -> int:
    return int(_builtin("int")(value))


def _as_float(value: Any) -> float:
    return float(_builtin("float")(value))


def _builtin(name: str) -> Callable[[Any], Any]:
    from argosy.lang.expr.functions import FUNCTIONS

    return FUNCTIONS[name]


def _to_json(value: Any) -> str:
    """Write JSON; what cannot be written becomes an empty text, as in Argo Events."""
    from argosy.lang.expr.values import to_json

    try:
        return to_json(value)
    except EvaluationError:
        return ""


def _jsonpath(text: str, path: str) -> object:
    from argosy.lang import jsonpath
    from argosy.lang.expr.functions import FUNCTIONS

    return jsonpath.query(FUNCTIONS["fromJSON"](text), path)


class _Sprig(Mapping[str, Any]):
    """The sprig functions, loaded with the first one that is used."""

    @functools.cached_property
    def _table(self) -> dict[str, Any]:
        from argosy.lang.gotemplate.functions import sprig_functions

        return sprig_functions()

    def __getitem__(self, name: str) -> Any:
        return self._table[name]

    def __iter__(self) -> Any:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
