"""The built-in functions of text/template that gotpl reads differently, and sprig's reflection.

In: the arguments of one call; out: what Go 1.26 answers. Mirrors `text/template/funcs.go` and sprig 3.3.0 `reflect.go`:
nil compares with anything, `print` and `printf` write it as `<nil>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from gotpl._compat.gofmt.go import sprintf
from gotpl.funcs.sprig import reflect
from gotpl.runtime.sync_vm import _builtin_functions, format_value

from argosy.errors import EvaluationError

__all__ = ["FUNCTIONS", "Int64", "Strings"]

_WIDE = re.compile(r"%[-+# 0\[\]0-9*]*(?:\d{5,}|\.\d{5,})")
_MAX_WIDTH = 9_999


class Int64(int):
    """What Go's int64 functions return: an int that calls itself int64."""

    go_type = "int64"

    def __go_format_value__(self, kind: str, mode: str, *, nested: bool) -> str:
        """Print as a number, name the type."""
        del mode, nested
        return "int64" if kind == "type" else int.__repr__(self)


class Strings(list[str]):
    """A list that calls itself []string."""

    go_type = "[]string"


def _kind(value: object) -> str:
    """Return the name of the group in which Go compares values; other values compare only with nil."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
        case complex():
            return "complex"
    return ""


def _equal(first: object, *others: object) -> bool:
    if not others:
        raise EvaluationError("eq needs something to compare with")
    return any(_same(first, other) for other in others)


def _same(left: object, right: object) -> bool:
    if left is None or right is None:
        return left is right
    kind = _kind(left)
    if kind != _kind(right):
        raise EvaluationError("values of different types cannot be compared")
    if not kind and (type(left) is not type(right) or isinstance(left, (Mapping, list, tuple)) or callable(left)):
        raise EvaluationError("maps and lists cannot be compared")
    return left == right


def _not_equal(left: object, right: object) -> bool:
    return not _same(left, right)


def _less(left: Any, right: Any) -> bool:
    kind = _kind(left)
    if kind != _kind(right):
        raise EvaluationError("values of different types cannot be compared")
    if kind not in ("int", "float", "string"):
        raise EvaluationError("only numbers and texts have an order")
    return bool(left < right)


def _less_equal(left: Any, right: Any) -> bool:
    return _less(left, right) or bool(left == right)


def _greater(left: Any, right: Any) -> bool:
    return not _less_equal(left, right)


def _greater_equal(left: Any, right: Any) -> bool:
    return not _less(left, right)


def _shown(value: object) -> str:
    return "<nil>" if value is None else format_value(value)


def _print(*values: object) -> str:
    out: list[str] = []
    for i, value in enumerate(values):
        if i and not isinstance(value, str) and not isinstance(values[i - 1], str):
            out.append(" ")
        out.append(_shown(value))
    return "".join(out)


def _println(*values: object) -> str:
    return " ".join(_shown(value) for value in values) + "\n"


def _printf(text: str, *values: object) -> str:
    if _WIDE.search(text) or any(isinstance(value, int) and abs(value) > _MAX_WIDTH for value in values if "*" in text):
        raise EvaluationError(f"printf pads to more than {_MAX_WIDTH} characters")
    return sprintf(text, *values)


def _escaped(values: tuple[object, ...]) -> str:
    """Join what an escaper is given. Nil is a text by then, so no blank comes between it and its neighbours."""
    return _print(*("<no value>" if value is None else value for value in values))


def _urlquery(*values: object) -> str:
    return quote_plus(_escaped(values))


def _html(*values: object) -> str:
    return str(_builtin_functions("go")["html"](_escaped(values)))


def _js(*values: object) -> str:
    return str(_builtin_functions("go")["js"](_escaped(values)))


def _index(value: object, *indexes: object) -> object:
    for index in indexes:
        if isinstance(value, Mapping):
            if not isinstance(index, str):
                raise EvaluationError("a map is indexed by a text")
            value = value.get(index)
        elif isinstance(value, (list, tuple, str)):
            if not isinstance(index, int) or isinstance(index, bool):
                raise EvaluationError("a list is indexed by an integer (a number from JSON is a float: use int)")
            items: Any = value.encode() if isinstance(value, str) else value
            if not 0 <= index < len(items):
                raise EvaluationError(f"index {index} is out of range")
            value = items[index]
        else:
            raise EvaluationError(
                "nil cannot be indexed" if value is None else "only maps, lists and texts have an index"
            )
    if value is None and not indexes:
        raise EvaluationError("nil cannot be indexed")
    return value


def _type_of(value: object) -> str:
    return getattr(value, "go_type", "") or ("*semver.Version" if _is_version(value) else reflect.type_of(value))


def _kind_of(value: object) -> str:
    named = getattr(value, "go_type", "")
    if named == "int64":
        return "int64"
    return "ptr" if _is_version(value) else reflect.kind_of(value)


def _is_version(value: object) -> bool:
    return type(value).__name__ == "Version"


def _type_is(target: str, value: object) -> bool:
    return target == _type_of(value)


def _type_is_like(target: str, value: object) -> bool:
    return _type_of(value) in (target, f"*{target}")


def _kind_is(target: str, value: object) -> bool:
    return target == _kind_of(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eq": _equal,
    "ge": _greater_equal,
    "gt": _greater,
    "html": _html,
    "index": _index,
    "js": _js,
    "kindIs": _kind_is,
    "kindOf": _kind_of,
    "le": _less_equal,
    "lt": _less,
    "ne": _not_equal,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "typeIs": _type_is,
    "typeIsLike": _type_is_like,
    "typeOf": _type_of,
    "urlquery": _urlquery,
}
SPRIG_ONLY = frozenset(("kindIs", "kindOf", "typeIs", "typeIsLike", "typeOf"))
