"""What the builtin functions take and give, as far as it can be checked before they run.

Mirrors the `Types` and `Validate` entries of `builtin/builtin.go` in expr-lang/expr 1.17.8 and antonmedv/expr 1.15.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from argosy.errors import EvaluationError
from argosy.lang.expr.dialect import Dialect
from argosy.lang.expr.kinds import (
    ANY,
    ARRAY,
    BOOL,
    DURATION,
    FLOAT,
    GROUPS,
    INT,
    LOCATION,
    STRING,
    STRINGS,
    TIME,
    Type,
)

__all__ = ["NAMES", "result_of"]

type _Check = Callable[[str, Sequence[Type]], Type]
type _Variant = tuple[tuple[Type, ...], Type]


def _takes(*variants: _Variant) -> _Check:
    """Return the check of a function with these overloads."""

    def check(name: str, arguments: Sequence[Type]) -> Type:
        why = ""
        for wanted, result in variants:
            if len(arguments) != len(wanted):
                why = why or f"{name} does not take {len(arguments)} arguments"
                continue
            wrong = next((i for i, pair in enumerate(zip(arguments, wanted, strict=True)) if not _accepts(*pair)), None)
            if wrong is None:
                return result
            why = f"argument {wrong + 1} of {name} must be of type {wanted[wrong].kind}, not {arguments[wrong].kind}"
        raise EvaluationError(why)

    return check


def _accepts(given: Type, wanted: Type) -> bool:
    if given.is_unknown or wanted.is_unknown:
        return True
    return given.kind != "nil" and given.fits(wanted)


def _each(*kinds: str, count: int | None = 1) -> Callable[[str, Sequence[Type]], None]:
    """Return a check that there are `count` arguments (any number from one on for None), of these kinds or unknown."""

    def check(name: str, arguments: Sequence[Type]) -> None:
        if len(arguments) != count if count is not None else not arguments:
            raise EvaluationError(f"{name} does not take {len(arguments)} arguments")
        for i, given in enumerate(arguments):
            if not (given.is_unknown or given.kind in kinds):
                raise EvaluationError(f"argument {i + 1} of {name} must not be of type {given.kind}")

    return check


_ARRAYS = ("array", "strings", "pairs")
_MAPS = ("map", "groups")
_NUMBERS = ("int", "float")


def _fixed(check: Callable[[str, Sequence[Type]], None], result: Type) -> _Check:
    def checked(name: str, arguments: Sequence[Type]) -> Type:
        check(name, arguments)
        return result

    return checked


def _same(check: Callable[[str, Sequence[Type]], None]) -> _Check:
    def checked(name: str, arguments: Sequence[Type]) -> Type:
        check(name, arguments)
        return ANY if arguments[0].is_unknown else arguments[0]

    return checked


def _end_of_list(name: str, arguments: Sequence[Type]) -> Type:
    _each(*_ARRAYS)(name, arguments)
    return {"strings": STRING, "pairs": ARRAY}.get(arguments[0].kind, ANY)


def _take(name: str, arguments: Sequence[Type]) -> Type:
    if len(arguments) != 2:
        raise EvaluationError("take needs a list and a number")
    _each(*_ARRAYS)(name, arguments[:1])
    _each("int")(name, arguments[1:])
    return arguments[0]


def _aggregate(name: str, arguments: Sequence[Type]) -> Type:
    if not arguments:
        raise EvaluationError(f"{name} needs an argument")
    for given in arguments:
        if given.is_unknown or given.is_array:
            return ANY
        _each(*_NUMBERS)(name, [given])
    return arguments[0]


def _aggregate_numbers(name: str, arguments: Sequence[Type]) -> Type:
    if not arguments:
        raise EvaluationError(f"{name} needs an argument")
    for given in arguments:
        if given.is_unknown:
            return ANY
        _each(*_NUMBERS)(name, [given])
    return arguments[0]


def _now(name: str, arguments: Sequence[Type]) -> Type:
    if arguments and (len(arguments) > 1 or arguments[0].kind != "location"):
        raise EvaluationError(f"{name} takes no argument but a time zone")
    return TIME


def _date(name: str, arguments: Sequence[Type]) -> Type:
    texts = arguments[1:] if arguments and arguments[0].kind == "location" else arguments
    if not arguments or len(texts) > 3:
        raise EvaluationError(f"{name} takes a text, a layout and a time zone")
    return TIME


def _old_sort(name: str, arguments: Sequence[Type]) -> Type:
    least = 1 if name == "sort" else 2
    if not least <= len(arguments) <= least + 1:
        raise EvaluationError(f"{name} does not take {len(arguments)} arguments")
    _each(*_ARRAYS)(name, arguments[:1])
    for given in arguments[1:]:
        _each("string")(name, [given])
    return ARRAY


_S = STRING
_CHECKS: dict[str, _Check] = {
    "len": _fixed(_each("string", *_ARRAYS, *_MAPS, "bytes"), INT),
    "type": _takes(((ANY,), STRING)),
    "abs": _same(_each(*_NUMBERS)),
    "ceil": _fixed(_each(*_NUMBERS), FLOAT),
    "floor": _fixed(_each(*_NUMBERS), FLOAT),
    "round": _fixed(_each(*_NUMBERS), FLOAT),
    "int": _fixed(_each(*_NUMBERS, "string", "month", "weekday", "duration"), INT),
    "float": _fixed(_each(*_NUMBERS, "string", "duration"), FLOAT),
    "string": _takes(((ANY,), STRING)),
    "trim": _takes(((_S,), _S), ((_S, _S), _S)),
    "trimPrefix": _takes(((_S, _S), _S), ((_S,), _S)),
    "trimSuffix": _takes(((_S, _S), _S), ((_S,), _S)),
    "upper": _takes(((_S,), _S)),
    "lower": _takes(((_S,), _S)),
    "split": _takes(((_S, _S), STRINGS), ((_S, _S, INT), STRINGS)),
    "splitAfter": _takes(((_S, _S), STRINGS), ((_S, _S, INT), STRINGS)),
    "replace": _takes(((_S, _S, _S, INT), _S), ((_S, _S, _S), _S)),
    "repeat": _takes(((_S, INT), _S)),
    "join": _takes(((STRINGS, _S), _S), ((ARRAY, _S), _S), ((ARRAY,), _S), ((STRINGS,), _S)),
    "indexOf": _takes(((_S, _S), INT)),
    "lastIndexOf": _takes(((_S, _S), INT)),
    "hasPrefix": _takes(((_S, _S), BOOL)),
    "hasSuffix": _takes(((_S, _S), BOOL)),
    "max": _aggregate,
    "min": _aggregate,
    "mean": _aggregate,
    "median": _aggregate,
    "sum": _fixed(_each(*_ARRAYS), ANY),
    "toJSON": _takes(((ANY,), _S)),
    "fromJSON": _takes(((_S,), ANY)),
    "toBase64": _takes(((_S,), _S)),
    "fromBase64": _takes(((_S,), _S)),
    "now": _now,
    "duration": _takes(((_S,), DURATION)),
    "date": _date,
    "timezone": _takes(((_S,), LOCATION)),
    "first": _end_of_list,
    "last": _end_of_list,
    "take": _take,
    "keys": _fixed(_each(*_MAPS), ARRAY),
    "values": _fixed(_each(*_MAPS), ARRAY),
    "toPairs": _fixed(_each(*_MAPS), ARRAY),
    "fromPairs": _fixed(_each(*_ARRAYS), GROUPS),
    "reverse": _fixed(_each(*_ARRAYS), ARRAY),
    "uniq": _fixed(_each(*_ARRAYS), ARRAY),
    "concat": _fixed(_each(*_ARRAYS, count=None), ARRAY),
    "flatten": _fixed(_each(*_ARRAYS), ARRAY),
    "sort": _takes(((ARRAY, _S), ARRAY), ((STRINGS, _S), ARRAY), ((ARRAY,), ARRAY), ((STRINGS,), ARRAY)),
    **dict.fromkeys(("bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr"), _takes(((INT, INT), INT))),
    "bitnot": _takes(((INT,), INT)),
}
_OLD_CHECKS: dict[str, _Check] = {
    "max": _aggregate_numbers,
    "min": _aggregate_numbers,
    "mean": _fixed(_each(*_ARRAYS), FLOAT),
    "median": _fixed(_each(*_ARRAYS), FLOAT),
    "now": _takes(((), TIME)),
    "sort": _old_sort,
    "sortBy": _old_sort,
    "date": _takes(((_S,), TIME), ((_S, _S), TIME), ((_S, _S, _S), TIME)),
}

NAMES = frozenset(_CHECKS) | {"get", "sortBy"}


def result_of(name: str, arguments: Sequence[Type], dialect: Dialect) -> Type:
    """Check the arguments of a builtin without a predicate; returns the type of its result. Raises EvaluationError."""
    check = _CHECKS[name] if dialect.modern else _OLD_CHECKS.get(name) or _CHECKS[name]
    return check(name, arguments)
