"""The builtin functions that take no predicate and are not on texts.

In: evaluated arguments; out: their result, or an EvaluationError. Mirrors `builtin/builtin.go` and `builtin/lib.go` of
expr-lang/expr 1.17.8; `OLD` holds what antonmedv/expr 1.15.5 does differently.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang import duration, gjson, strconv
from argosy.lang.expr import texts, values
from argosy.lang.expr.texts import items_of, text_of
from argosy.lang.expr.values import Groups, kind

__all__ = ["FUNCTIONS", "OLD", "fetch"]

_DATE_LAYOUTS = (
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
)


class Zone:
    """A time zone, as `timezone()` gives it."""

    go_type = "*time.Location"

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


def _map(value: object) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise EvaluationError(f"a map is needed, not a {kind(value)}")
    return value


def _strict_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise EvaluationError(f"an integer is needed, not a {kind(value)}")
    return value


def fetch(base: Any, key: Any) -> Any:
    """Return a member: of a list by index, of a map by key, of a time or duration by name. Raises EvaluationError."""
    if isinstance(base, (list, str)):
        items: Any = base.encode("utf-8", "surrogatepass") if isinstance(base, str) else base
        index = values.to_int(key)
        position = index + len(items) if index < 0 else index
        if not 0 <= position < len(items):
            raise EvaluationError(f"index {index} is out of range, there are {len(items)} elements")
        return items[position]
    if isinstance(base, Mapping):
        if isinstance(base, Groups):
            return base.get(_hashable(key), base.absent)
        if key is None:
            return base.get("")
        return base.get(text_of(key))
    if getattr(base, "go_type", "") and isinstance(key, str) and key[:1].isupper():
        member = getattr(base, key, None)
        if callable(member):
            return member
    raise EvaluationError(f"a {kind(base)} has no member {values.show(key)[:60]!r}")


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        raise EvaluationError(f"a {kind(value)} cannot be a key") from None
    return value


def _len(value: Any) -> int:
    if isinstance(value, (str, list, Mapping, bytes)):
        return len(value)
    raise EvaluationError(f"a {kind(value)} has no length")


def _old_len(value: Any) -> int:
    return len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else _len(value)


def _abs(value: Any) -> Any:
    return values.negate(value) if values.less(value, 0) else value


def _rounded(function: Callable[[float], float]) -> Callable[[Any], float]:
    def rounded(value: Any) -> float:
        number = values.to_float(value)
        return float(function(number)) if math.isfinite(number) else number

    return rounded


def _away_from_zero(number: float) -> float:
    whole = math.trunc(number)
    return whole + math.copysign(1.0, number) if abs(number - whole) >= 0.5 else float(whole)


def _int(value: Any) -> int:
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") else value
        if digits.isascii() and digits.isdigit() and len(digits) < 40 and values.wrap(int(value)) == int(value):
            return int(value)
        raise EvaluationError(f"{value[:60]!r} is no integer")
    return values.to_int(getattr(value, "nanoseconds", value))


def _float(value: Any) -> float:
    return strconv.parse_float(value) if isinstance(value, str) else values.to_float(value)


def _numbers(arguments: Iterable[Any], name: str) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list):
            yield from _numbers(argument, name)
        elif isinstance(argument, bool) or not isinstance(argument, (int, float)):
            raise EvaluationError(f"{name} works on numbers, not on a {kind(argument)}")
        else:
            yield argument


def _extreme(name: str, better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def extreme(*arguments: Any) -> Any:
        if len(arguments) == 1 and (isinstance(arguments[0], bool) or not isinstance(arguments[0], (int, float, list))):
            return arguments[0]
        best = None
        for number in _numbers(arguments, name):
            if best is None or better(number, best):
                best = number
        return best

    return extreme


def _mean(*arguments: Any) -> float:
    numbers = [float(number) for number in _numbers(arguments, "mean")]
    return sum(numbers) / len(numbers) if numbers else 0.0


def _median(*arguments: Any) -> float:
    numbers = sorted(float(number) for number in _numbers(arguments, "median"))
    if not numbers:
        return 0.0
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _old_sum(items: Any) -> Any:
    total: Any = 0
    for item in items_of(items):
        total = values.add(total, next(_numbers([item], "sum")))
    return total


def _to_json(value: Any) -> str:
    return values.to_json(value, "  ")


def _from_json(text: Any) -> Any:
    if not gjson.valid(text_of(text)):
        raise EvaluationError(f"{text[:60]!r} is not JSON")
    return json.loads(text, parse_int=_json_number, parse_float=_json_number)


def _json_number(text: str) -> float:
    return strconv.parse_float(text)


def _now(zone: Any = None) -> Any:
    from argosy.lang.times import Time

    now = Time.now()
    return now.in_zone(zone.name) if isinstance(zone, Zone) else now


def _duration(text: Any) -> Any:
    from argosy.lang.times import Duration

    return Duration(duration.parse(text_of(text)))


def _date(*arguments: Any) -> Any:
    from argosy.lang.times import Time

    zone = "UTC"
    if arguments and isinstance(arguments[0], Zone):
        zone, arguments = arguments[0].name, arguments[1:]
    text, *rest = map(text_of, arguments)
    if rest:
        return Time.parse(rest[0], text, rest[1] if len(rest) > 1 else zone)
    for layout in _DATE_LAYOUTS:
        try:
            return Time.parse(layout, text, zone)
        except EvaluationError:
            continue
    raise EvaluationError(f"{text[:60]!r} is no date; write 2006-01-02, RFC 3339, or give its layout")


def _timezone(name: Any) -> Zone:
    from argosy.lang.cron import load_zone

    load_zone("" if text_of(name) == "Local" else name)
    return Zone(name)


def _end(index: int) -> Callable[[Any], Any]:
    def end(items: Any) -> Any:
        try:
            return fetch(items, index)
        except EvaluationError:
            return None

    return end


def _get(base: Any, key: Any) -> Any:
    if base is None:
        return None
    if isinstance(base, (list, str)):
        values.to_int(key)
        try:
            return fetch(base, key)
        except EvaluationError:
            return None
    return fetch(base, key) if isinstance(base, Mapping) else None


def _old_get(base: Any, key: Any) -> Any:
    try:
        return fetch(base, key)
    except EvaluationError:
        return None


def _take(items: Any, count: Any) -> list[Any]:
    if _strict_int(count) < 0:
        raise EvaluationError("take cannot take less than nothing")
    return items_of(items)[:count]


def _keys(mapping: Any) -> list[Any]:
    return list(_map(mapping))


def _values(mapping: Any) -> list[Any]:
    return list(_map(mapping).values())


def _to_pairs(mapping: Any) -> list[Any]:
    return [[key, value] for key, value in _map(mapping).items()]


def _from_pairs(pairs: Any) -> Groups:
    result = Groups()
    for pair in items_of(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise EvaluationError("fromPairs needs lists of a key and a value")
        result[_hashable(pair[0])] = pair[1]
    return result


def _reverse(items: Any) -> list[Any]:
    return list(reversed(items_of(items)))


def _uniq(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in items_of(items):
        if not any(values.equal(item, other) for other in found):
            found.append(item)
    return found


def _concat(*lists: Any) -> list[Any]:
    return [item for items in lists for item in items_of(items)]


def _flatten(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in items_of(items):
        found.extend(_flatten(item) if isinstance(item, list) else [item])
    return found


def ordered(items: list[Any], keys: list[Any], order: Any) -> list[Any]:
    """Return items sorted by keys, `asc` or `desc`. Raises EvaluationError when keys have no order."""
    if text_of(order) not in ("asc", "desc"):
        raise EvaluationError(f'the order is "asc" or "desc", not {order[:20]!r}')

    def compare(left: tuple[Any, Any], right: tuple[Any, Any]) -> int:
        first, second = (left, right) if order == "asc" else (right, left)
        return -1 if values.less(first[0], second[0]) else int(values.less(second[0], first[0]))

    pairs = sorted(zip(keys, items, strict=True), key=functools.cmp_to_key(compare))
    return [item for _, item in pairs]


def _sort(items: Any, order: Any = "asc") -> list[Any]:
    found = items if isinstance(items, list) else []
    return ordered(found, found, order)


def _old_sort(items: Any, order: Any = "asc") -> list[Any]:
    return _sorted_by(items_of(items), list(items_of(items)), order)


def _old_sort_by(items: Any, field: Any, order: Any = "asc") -> list[Any]:
    text_of(field)
    keys = [item.get(field) if isinstance(item, Mapping) else item for item in items_of(items)]
    return _sorted_by(items, keys, order)


def _sorted_by(items: list[Any], keys: list[Any], order: Any) -> list[Any]:
    """Sort as version 1.15: all keys of one type."""
    if len({kind(key) for key in keys}) > 1 or (len(keys) > 1 and keys[0] is None):
        raise EvaluationError("values of different types have no order")
    return ordered(items, keys, order)


def _old_extreme(better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def extreme(*arguments: Any) -> Any:
        best = None
        for argument in arguments:
            if best is None or better(argument, best):
                best = argument
        return best

    return extreme


def _flat_list(items: Any) -> list[Any]:
    if any(isinstance(item, list) for item in items_of(items)):
        raise EvaluationError("a list is no number")
    return items_of(items)


def _bits(operation: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    def bits(left: Any, right: Any) -> int:
        return values.wrap(operation(_strict_int(left), _strict_int(right)))

    return bits


def _shift(operation: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    def shift(value: Any, distance: Any) -> int:
        if _strict_int(distance) < 0:
            raise EvaluationError("bits cannot be shifted by less than nothing")
        return values.wrap(operation(_strict_int(value), min(distance, 64)))

    return shift


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **texts.FUNCTIONS,
    "abs": _abs,
    "bitand": _bits(lambda left, right: left & right),
    "bitnand": _bits(lambda left, right: left & ~right),
    "bitnot": lambda value: ~_strict_int(value),
    "bitor": _bits(lambda left, right: left | right),
    "bitshl": _shift(lambda value, distance: value << distance),
    "bitshr": _shift(lambda value, distance: value >> distance),
    "bitushr": _shift(lambda value, distance: (value % (1 << 64)) >> distance),
    "bitxor": _bits(lambda left, right: left ^ right),
    "ceil": _rounded(math.ceil),
    "concat": _concat,
    "date": _date,
    "duration": _duration,
    "first": _end(0),
    "flatten": _flatten,
    "float": _float,
    "floor": _rounded(math.floor),
    "fromJSON": _from_json,
    "fromPairs": _from_pairs,
    "get": _get,
    "int": _int,
    "keys": _keys,
    "last": _end(-1),
    "len": _len,
    "max": _extreme("max", lambda number, best: values.less(best, number)),
    "mean": _mean,
    "median": _median,
    "min": _extreme("min", values.less),
    "now": _now,
    "reverse": _reverse,
    "round": _rounded(_away_from_zero),
    "sort": _sort,
    "string": values.show,
    "take": _take,
    "timezone": _timezone,
    "toJSON": _to_json,
    "toPairs": _to_pairs,
    "type": kind,
    "uniq": _uniq,
    "values": _values,
}

OLD: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "get": _old_get,
    "len": _old_len,
    "max": _old_extreme(lambda value, best: values.less(best, value)),
    "mean": lambda items: _mean(_flat_list(items)),
    "median": lambda items: _median(_flat_list(items)),
    "min": _old_extreme(values.less),
    "sort": _old_sort,
    "sortBy": _old_sort_by,
    "sum": _old_sum,
}
