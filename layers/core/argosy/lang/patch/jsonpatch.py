"""RFC 6902: operations on a JSON document, all or none.

Quirks of evanphx/json-patch that are kept: indexes count from the end when negative (for `add`, `-1` is behind the last
item), leading zeros are read over, `test` tells 1 from 1.0, and a copy may go into what it is a copy of.

On purpose different: at most 10,000 operations, copies of 4 MB in all, and documents that Python's stack can hold (some
hundred levels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from argosy.errors import EvaluationError
from argosy.lang.copying import copied
from argosy.lang.expr.values import deep_equal

__all__ = ["json_patch"]

_MOST: Final = 10_000
_LARGEST: Final = 4 * 1024 * 1024


def json_patch(document: Any, operations: object) -> Any:
    """The document after all operations. Raises EvaluationError that names the operation which cannot be done."""
    if not isinstance(operations, Sequence) or isinstance(operations, str):
        raise EvaluationError("a JSON patch is a list of operations")
    if len(operations) > _MOST:
        raise EvaluationError(f"a JSON patch of {len(operations):,} operations; at most {_MOST:,} are taken")
    root = [copied(document)]  # so that the document itself is a member, too
    size = 0
    for number, operation in enumerate(operations):
        try:
            size += _apply(root, operation)
        except EvaluationError as x:
            raise EvaluationError(f"operation {number} of the JSON patch: {x}") from x
        except (RecursionError, orjson.JSONEncodeError) as x:
            raise EvaluationError(f"operation {number} of the JSON patch: nested too deep") from x
        if size > _LARGEST:
            raise EvaluationError(
                f"operation {number} of the JSON patch: copies of more than {_LARGEST:,} bytes in all"
            )
    return root[0]


def _apply(root: list[Any], operation: object) -> int:
    """Carry out one operation; how many bytes it has copied."""
    if not isinstance(operation, Mapping):
        raise EvaluationError("it is no object")
    name = operation.get("op")
    handler = _OPERATIONS.get(name) if isinstance(name, str) else None
    if handler is None:
        raise EvaluationError(f"op {name!r:.40} is none of {', '.join(_OPERATIONS)}")
    return handler(root, operation)


def _add(root: list[Any], operation: Mapping[str, Any]) -> int:
    _insert(root, _path(operation, "path"), _value(operation))
    return 0


def _remove(root: list[Any], operation: Mapping[str, Any]) -> int:
    _take(root, _path(operation, "path"))
    return 0


def _replace(root: list[Any], operation: Mapping[str, Any]) -> int:
    holder, key = _place(root, _path(operation, "path"))
    holder[key] = _value(operation)
    return 0


def _move(root: list[Any], operation: Mapping[str, Any]) -> int:
    origin, target = _path(operation, "from"), _path(operation, "path")
    if target[: len(origin)] == origin and len(target) > len(origin):
        raise EvaluationError(f"{_shown(origin)} cannot be moved into itself")
    _insert(root, target, _take(root, origin))
    return 0


def _copy(root: list[Any], operation: Mapping[str, Any]) -> int:
    holder, key = _place(root, _path(operation, "from"))
    value = copied(holder[key])
    _insert(root, _path(operation, "path"), value)
    return len(orjson.dumps(value))


def _test(root: list[Any], operation: Mapping[str, Any]) -> int:
    parts = _path(operation, "path")
    wanted = operation.get("value")
    try:
        holder, key = _place(root, parts)
        found = holder[key]
    except EvaluationError:
        if wanted is None and parts:
            return 0  # as upstream: what is not there equals null
        raise
    if not deep_equal(found, wanted):
        raise EvaluationError(f"{_shown(parts)} is not what it is tested for")
    return 0


_OPERATIONS: Final[Mapping[str, Callable[[list[Any], Mapping[str, Any]], int]]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _path(operation: Mapping[str, Any], member: str) -> list[str]:
    text = operation.get(member)
    if not isinstance(text, str):
        raise EvaluationError(f"its {member} is missing")
    if text and text[0] != "/":
        raise EvaluationError(f"{member} {text[:80]!r} does not begin with a /")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _value(operation: Mapping[str, Any]) -> Any:
    if "value" not in operation:
        raise EvaluationError("its value is missing")
    return copied(operation["value"])


def _shown(parts: Sequence[str]) -> str:
    return repr("/" + "/".join(parts))[:120] if parts else "the document"


def _holder(root: list[Any], parts: Sequence[str]) -> Any:
    """The object or list that the last part is a member of."""
    found: Any = root[0] if parts else root
    for depth, part in enumerate(parts[:-1], 1):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list):
            found = found[_index(part, len(found), parts)]
        else:
            raise EvaluationError(f"{_shown(parts[:depth])} is not there")
    if not isinstance(found, dict | list):
        raise EvaluationError(f"{_shown(parts[:-1])} has no members")
    return found


def _place(root: list[Any], parts: Sequence[str]) -> tuple[Any, Any]:
    """A member that is there: what holds it, and its key or index."""
    holder = _holder(root, parts)
    if not parts:
        return holder, 0
    if isinstance(holder, list):
        return holder, _index(parts[-1], len(holder), parts)
    if parts[-1] not in holder:
        raise EvaluationError(f"{_shown(parts)} is not there")
    return holder, parts[-1]


def _index(part: str, size: int, parts: Sequence[str]) -> int:
    number = _number(part, parts)
    if not -size <= number < size:
        raise EvaluationError(f"{_shown(parts)}: a list of {size} items has no {part}")
    return number % size


def _number(part: str, parts: Sequence[str]) -> int:
    digits = part.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise EvaluationError(f"{_shown(parts)}: {part[:40]!r} is no index of a list")
    return int(part)


def _insert(root: list[Any], parts: Sequence[str], value: Any) -> None:
    if not parts:
        root[0] = value
        return
    holder = _holder(root, parts)
    if isinstance(holder, dict):
        holder[parts[-1]] = value
        return
    size = len(holder) + 1
    number = len(holder) if parts[-1] == "-" else _number(parts[-1], parts)
    if not -size <= number < size:
        raise EvaluationError(f"{_shown(parts)}: nothing can be added there to a list of {len(holder)} items")
    holder.insert(number % size, value)


def _take(root: list[Any], parts: Sequence[str]) -> Any:
    if not parts:
        raise EvaluationError("the document as a whole cannot be removed")
    holder, key = _place(root, parts)
    return holder.pop(key)
