"""Objects of Kubernetes' own kinds as Go writes them once it has read them.

In: a JSON value and what it is to hold. Out: the value in its one form: quantities and times canonical, what may be left out
and is empty left out, what may not there with its zero value. Raises `Misfit` for a value that does not fit the type; with
`strict` for a field that the type has not, too. Follows encoding/json with the types' own marshallers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from argosy.errors import EvaluationError, Permanent
from argosy.gitops.diff.kube.types import Field, struct
from argosy.lang import duration, quantity

__all__ = ["Misfit", "encoded", "whole_numbers"]

type Json = dict[str, Any]


class Misfit(Permanent):
    """A value that its type cannot hold."""


def whole_numbers(value: Any) -> Any:
    """The same with floats that are whole as integers, as JSON from Go has them; containers are new."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 63:
        return int(value)
    if isinstance(value, dict):
        return {key: whole_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [whole_numbers(one) for one in value]
    return value


def encoded(value: Any, holds: str, *, strict: bool = False) -> Any:
    """The value as the type writes it."""
    if holds[0] in "[{":
        return _contained(value, holds, strict=strict)
    fields = struct(holds)
    if fields is None:
        return _SCALARS[holds](value)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise Misfit("is no object")
    if strict and any(name not in fields for name in value):
        raise Misfit("has a field that its type has not")
    return _members(value, fields, strict=strict)


def _contained(value: Any, holds: str, *, strict: bool) -> Any:
    inner = holds[1:]
    if value is None:
        return None
    if holds[0] == "[" and isinstance(value, list):
        return [encoded(one, inner, strict=strict) for one in value]
    if holds[0] == "{" and isinstance(value, dict):
        return {key: encoded(one, inner, strict=strict) for key, one in value.items()}
    raise Misfit("is no list" if holds[0] == "[" else "is no map")


def _members(value: Json, fields: Mapping[str, Field], *, strict: bool) -> Json:
    found: Json = {}
    for name, field in fields.items():
        given = value.get(name)
        if given is None and (field.pointer or (field.optional and not _is_always_written(field.holds))):
            if not field.optional:
                found[name] = None
            continue
        made = encoded(given, field.holds, strict=strict)
        if field.optional and not field.pointer and _is_empty(made, field.holds):
            continue
        if "z" in field.flags and made is None:
            continue
        found[name] = made
    return found


def _is_empty(value: Any, holds: str) -> bool:
    """What omitempty leaves out: nothing, zero, an empty text or container."""
    return not _is_always_written(holds) and (value is None or value is False or value in (0, "", [], {}))


@cache
def _is_always_written(holds: str) -> bool:
    """What is a struct in Go, which omitempty does not leave out."""
    return holds in ("time", "microtime", "duration", "quantity", "intstr") or struct(holds) is not None


def _string(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misfit("is no text")
    return value


def _int(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misfit("is no whole number")
    return value


def _float(value: Any) -> float:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misfit("is no number")
    return value


def _bool(value: Any) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Misfit("is neither true nor false")
    return value


def _bytes(value: Any) -> str | None:
    if value is None:
        return None
    text = _string(value).replace("\n", "").replace("\r", "")
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode("ascii")
    except (binascii.Error, ValueError) as x:
        raise Misfit("is no base64") from x


def _quantity(value: Any) -> str:
    if value is None:
        return "0"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Misfit("is no quantity")
    try:
        return str(quantity.parse(value.strip() if isinstance(value, str) else repr(value)))
    except EvaluationError as x:
        raise Misfit(str(x)) from x


def _time(value: Any) -> str | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(_string(value))
    except ValueError as x:
        raise Misfit("is no time") from x
    if found.tzinfo is None:
        raise Misfit("is a time without its zone")
    if found.year == 1:  # Go's zero time
        return None
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _microtime(value: Any) -> str | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(_string(value))
    except ValueError as x:
        raise Misfit("is no time") from x
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _duration(value: Any) -> str:
    if value is None:
        return "0s"
    try:
        return duration.format(duration.parse(_string(value)))
    except EvaluationError as x:
        raise Misfit(str(x)) from x


def _intstr(value: Any) -> int | str:
    return value if isinstance(value, str) else _int(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "bytes": _bytes,
    "quantity": _quantity,
    "time": _time,
    "microtime": _microtime,
    "duration": _duration,
    "intstr": _intstr,
    "any": lambda value: value,
}
