"""Values at run time: how they compare, add up, print and turn into JSON.

Mirrors `vm/runtime` of expr-lang/expr 1.17.8 with Go's int (64 bits, wrapping) and float64. Lists are Python lists;
`Ints` and `Texts` are the lists that Go types as []int and []string, which antonmedv/expr 1.15 takes for unlike []any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang import strconv
from argosy.lang.gjson.scan import encode_string

__all__ = [
    "Groups",
    "Ints",
    "Texts",
    "add",
    "deep_equal",
    "divide",
    "equal",
    "equal_before_1_17",
    "kind",
    "less",
    "modulo",
    "multiply",
    "negate",
    "power",
    "show",
    "subtract",
    "to_float",
    "to_int",
    "to_json",
    "wrap",
]

_INT_MIN = -(1 << 63)


class Ints(list[int]):
    """A range."""


class Texts(list[str]):
    """What split gives."""


class Groups(dict[Any, Any]):
    """A map whose keys may be of any type; `absent` is what a key that is not there gives."""

    absent: Any = None


def kind(value: object) -> str:
    """Return the name that `type()` gives to the type of a value."""
    match value:
        case None:
            return "nil"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
        case list() | tuple() | bytes():
            return "array"
        case Mapping():
            return "map"
    return getattr(value, "go_type", "") or ("func" if callable(value) else "unknown")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is(value: object, go_type: str) -> bool:
    return getattr(value, "go_type", "") == go_type


def wrap(value: int) -> int:
    """Cut an integer to 64 bits."""
    return value if _INT_MIN <= value < -_INT_MIN else (value - _INT_MIN) % (1 << 64) + _INT_MIN


def to_int(value: object) -> int:
    """Return a number as an int, cut towards zero; what does not fit becomes the least int, as on amd64."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EvaluationError(f"a {kind(value)} is no integer")
    if isinstance(value, float) and not (math.isfinite(value) and _INT_MIN <= value < -_INT_MIN):
        return _INT_MIN
    return int(value)


def to_float(value: object) -> float:
    """Return a number as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EvaluationError(f"a {kind(value)} is no number")
    return float(value)


def _unfit(operator: str, left: object, right: object) -> EvaluationError:
    return EvaluationError(f"{operator} does not work between a {kind(left)} and a {kind(right)}")


def equal(left: Any, right: Any) -> bool:
    """Compare as == of version 1.17: numbers by value, lists by elements, different types are unequal."""
    if _is_number(left) and _is_number(right):
        same_type = type(left) is type(right)
        return bool(left == right if same_type else float(left) == float(right))
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return deep_equal(left, right)


def equal_before_1_17(left: Any, right: Any) -> bool:
    """Compare as == of version 1.15: as above, but lists by the types of their elements too."""
    if isinstance(left, list) and isinstance(right, list):
        return deep_equal(left, right)
    return equal(left, right)


def deep_equal(left: Any, right: Any) -> bool:
    """Compare as reflect.DeepEqual: the types must be the same, all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(deep_equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(deep_equal(value, right[key]) for key, value in left.items())
    if callable(left):
        return False
    return bool(left == right)


def less(left: Any, right: Any, operator: str = "<") -> bool:
    """Tell whether `left` comes before `right`: two numbers, texts, times or durations."""
    if (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return bool(left < right)
    if _is(left, "time.Time") and _is(right, "time.Time"):
        return bool(left.Before(right))
    if _is(left, "time.Duration") and _is(right, "time.Duration"):
        return bool(left.nanoseconds < right.nanoseconds)
    raise _unfit(operator, left, right)


def add(left: Any, right: Any) -> Any:
    """Return the sum of two numbers or durations, two texts joined, or a time moved by a duration."""
    if _is_number(left) and _is_number(right):
        result = left + right
        return wrap(result) if isinstance(result, int) else result
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if _is(right, "time.Duration"):
        if _is(left, "time.Time"):
            return left.Add(right)
        if _is(left, "time.Duration"):
            return type(left)(wrap(left.nanoseconds + right.nanoseconds))
    if _is(left, "time.Duration") and _is(right, "time.Time"):
        return right.Add(left)
    raise _unfit("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """Return the difference of two numbers, durations or times, or a time moved back by a duration."""
    if _is_number(left) and _is_number(right):
        result = left - right
        return wrap(result) if isinstance(result, int) else result
    if _is(left, "time.Time") and _is(right, "time.Time"):
        return left.Sub(right)
    if _is(right, "time.Duration"):
        if _is(left, "time.Time"):
            return left.Add(type(right)(-right.nanoseconds))
        if _is(left, "time.Duration"):
            return type(left)(wrap(left.nanoseconds - right.nanoseconds))
    raise _unfit("-", left, right)


def multiply(left: Any, right: Any) -> Any:
    """Return the product of two numbers; a duration times an integer is a duration, times a float a float."""
    if _is_number(left) and _is_number(right):
        result = left * right
        return wrap(result) if isinstance(result, int) else result
    if _is(left, "time.Duration") or _is(right, "time.Duration"):
        duration_type = type(left) if _is(left, "time.Duration") else type(right)
        first, second = (value.nanoseconds if _is(value, "time.Duration") else value for value in (left, right))
        if _is_number(first) and _is_number(second):
            if isinstance(first, float) or isinstance(second, float):
                return float(first) * float(second)
            return duration_type(wrap(first * second))
    raise _unfit("*", left, right)


def divide(left: Any, right: Any) -> float:
    """Return the quotient of two numbers, always a float; division by zero gives an infinity or NaN."""
    if not (_is_number(left) and _is_number(right)):
        raise _unfit("/", left, right)
    dividend, divisor = float(left), float(right)
    if divisor:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def modulo(left: Any, right: Any) -> int:
    """Return the remainder of two integers, with the sign of the left one."""
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int):
            raise _unfit("%", left, right)
    if right == 0:
        raise EvaluationError("% by zero")
    rest = abs(left) % abs(right)
    return int(rest if left >= 0 else -rest)


def power(left: Any, right: Any) -> float:
    """Return a power as math.Pow does."""
    base, exponent = to_float(left), to_float(right)
    try:
        return math.pow(base, exponent)
    except OverflowError:
        odd = exponent.is_integer() and exponent % 2 == 1
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        if base == 0:
            odd = exponent.is_integer() and exponent % 2 == 1
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan


def negate(value: Any) -> Any:
    """Return a number with the other sign."""
    if not _is_number(value):
        raise EvaluationError(f"- does not work on a {kind(value)}")
    return wrap(-value) if isinstance(value, int) else -value


def show(value: Any) -> str:
    """Print a value as fmt's `%v` does."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return strconv.format_general(value)
        case str():
            return value
        case list() | tuple() | bytes():
            return f"[{' '.join(map(show, value))}]"
        case Mapping():
            keys = sorted(value, key=lambda key: (kind(key), show(key)))
            return f"map[{' '.join(f'{show(key)}:{show(value[key])}' for key in keys)}]"
    return str(value)


def to_json(value: Any, indent: str | None = None, level: str = "\n") -> str:
    """Write a value as encoding/json does: keys sorted, < > & escaped, indented when `indent` is given."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(int(value))
        case float():
            if not math.isfinite(value):
                raise EvaluationError(f"JSON has no number {strconv.format_float(value)}")
            return strconv.format_json(value)
        case str():
            return encode_string(value)
        case list() | tuple():
            return _wrapped("[]", [to_json(item, indent, level + (indent or "")) for item in value], indent, level)
        case Mapping() if not isinstance(value, Groups):
            colon = ": " if indent is not None else ":"
            pairs = [
                f"{encode_string(key)}{colon}{to_json(value[key], indent, level + (indent or ''))}"
                for key in sorted(value)
            ]
            return _wrapped("{}", pairs, indent, level)
    return _time_to_json(value)


def _time_to_json(value: Any) -> str:
    if _is(value, "time.Time"):
        return encode_string(value.Format("2006-01-02T15:04:05.999999999Z07:00"))
    if _is(value, "time.Duration"):
        return str(value.nanoseconds)
    raise EvaluationError(f"a {kind(value)} cannot be written as JSON")


def _wrapped(brackets: str, parts: list[str], indent: str | None, level: str) -> str:
    if not parts:
        return brackets
    if indent is None:
        return brackets[0] + ",".join(parts) + brackets[1]
    inner = level + indent
    return f"{brackets[0]}{inner}{f',{inner}'.join(parts)}{level}{brackets[1]}"
