"""The functions a template can call.

gotpl's sprig table, minus what reaches out of the template (environment, name resolution), with our own functions where
gotpl differs from Go or where its run time has no limit: dates, regular expressions (on RE2), comparisons, printing.
Every function is metered: arguments and results count as work, and those that multiply their input are asked first how
long the result will be. Mirrors sprig 3.3.0's TxtFuncMap.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gotpl.funcs import sprig
from gotpl.runtime.sync_vm import _builtin_functions
from gotpl.runtime.values import INVALID, UNTYPED_NIL

from argosy.errors import EvaluationError
from argosy.lang import regex
from argosy.lang.gotemplate import builtins, dates
from argosy.lang.gotemplate.builtins import Int64, Strings
from argosy.lang.gotemplate.meter import MAX_ITEMS, MAX_OUTPUT, spend, weigh

__all__ = ["builtin_functions", "sprig_functions"]

_REMOVED = frozenset(("env", "expandenv", "getHostByName"))
_COSTLY = {"derivePassword": 10_000_000, "bcrypt": 25_000_000, "htpasswd": 25_000_000, "genPrivateKey": 25_000_000}
_COSTLY |= dict.fromkeys(("genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey"), 25_000_000)
_COSTLY |= dict.fromkeys(("genSignedCert", "genSignedCertWithKey", "decryptAES", "encryptAES"), 25_000_000)

_INT64_RESULTS = ("add", "add1", "biggest", "div", "int64", "max", "min", "mod", "mul", "sub", "toDecimal")
_STRING_LISTS = ("sortAlpha", "splitList", "toStrings", "keys")
_FLOAT_RESULTS = ("add1f", "addf", "divf", "maxf", "minf", "mulf", "subf")

# Which arguments must be maps; nil counts as an empty one.
_MAP_ARGUMENTS: dict[str, slice] = {
    **dict.fromkeys(("get", "hasKey", "omit", "pick", "set", "unset", "values"), slice(0, 1)),
    **dict.fromkeys(("keys", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"), slice(0, None)),
    "pluck": slice(1, None),
}
_NIL_MAP_FAILS = frozenset(("merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "set"))


def _length(value: object) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


def _number(value: object) -> int:
    if isinstance(value, (int, float)) and value == value:  # noqa: PLR0124 - NaN is the one value unlike itself
        return int(max(-1e18, min(1e18, value)))
    return 0


def _joined(separator: object, values: object) -> int:
    if not isinstance(values, (list, tuple)):
        return 0
    return _length(separator) * len(values) + sum(_length(value) for value in values)


def _replaced(old: object, new: object, text: object) -> int:
    if not (isinstance(old, str) and isinstance(new, str) and isinstance(text, str)):
        return 0
    return len(text) + text.count(old) * len(new)


def _indented(width: object, text: object) -> int:
    return max(0, _number(width)) * ((text.count("\n") if isinstance(text, str) else 0) + 1)


def _spread(*arguments: object) -> int:
    """Return how many numbers `untilStep start stop step` gives; `seq first last` and `seq first step last` too."""
    numbers = [_number(argument) for argument in arguments]
    first, last = (numbers[0], numbers[1]) if len(numbers) > 1 else (0, sum(numbers))
    step = numbers[2] if len(numbers) > 2 else 1
    return abs(last - first) // (abs(step) or 1)


def _sequence(*arguments: object) -> int:
    return _spread(arguments[0], arguments[2], arguments[1]) if len(arguments) == 3 else _spread(*arguments)


_ESTIMATES: dict[str, tuple[Callable[..., int], int]] = {
    "cat": (lambda *values: sum(_length(value) + 1 for value in values), MAX_OUTPUT),
    "indent": (_indented, MAX_OUTPUT),
    "join": (_joined, MAX_OUTPUT),
    "nindent": (_indented, MAX_OUTPUT),
    "randAlpha": (_number, MAX_OUTPUT),
    "randAlphaNum": (_number, MAX_OUTPUT),
    "randAscii": (_number, MAX_OUTPUT),
    "randBytes": (_number, MAX_OUTPUT),
    "randNumeric": (_number, MAX_OUTPUT),
    "repeat": (lambda count, text: max(0, _number(count)) * _length(text), MAX_OUTPUT),
    "replace": (_replaced, MAX_OUTPUT),
    "round": (lambda _, places=0, *__: abs(_number(places)), 400),
    "seq": (_sequence, MAX_ITEMS),
    "until": (lambda count: abs(_number(count)), MAX_ITEMS),
    "untilStep": (_spread, MAX_ITEMS),
    "wrapWith": (lambda _, separator, text: (_length(separator) + 1) * _length(text), MAX_OUTPUT),
}


def _pairs(values: object, *_: object) -> int:
    """Return the work of a function that compares all elements of a list with each other."""
    return _length(values) ** 2


_WORK: dict[str, Callable[..., int]] = {"mustUniq": _pairs, "uniq": _pairs}


def _metered(name: str, function: Callable[..., Any], result: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
    """Wrap a function: absent arguments become nil as in Go, sizes and costs are checked, the result takes its Go type."""
    estimate = _ESTIMATES.get(name)
    cost = _COSTLY.get(name, 1)
    maps = _MAP_ARGUMENTS.get(name)
    work = _WORK.get(name)

    @functools.wraps(function)
    def call(*arguments: object) -> object:
        given = [None if value is INVALID or value is UNTYPED_NIL else value for value in arguments]
        if maps is not None:
            given[maps] = [_map(name, value) for value in given[maps]]
        if estimate is not None and estimate[0](*given) > estimate[1]:
            raise EvaluationError(f"the result of {name} would be too large, the limit is {estimate[1]}")
        spend(cost + sum(map(weigh, given)) + (work(*given) if work is not None else 0))
        answer = function(*given)
        spend(weigh(answer))
        return result(answer) if result is not None else answer

    return call


def _map(name: str, value: object) -> object:
    if value is None and name not in _NIL_MAP_FAILS:
        return {}
    if not isinstance(value, Mapping):
        raise EvaluationError(f"{name} needs a map")
    return value


def _int64(value: object) -> object:
    return Int64(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _strings(value: object) -> object:
    return Strings(value) if isinstance(value, list) else value


def _positive_zero(value: object) -> object:
    return value + 0.0 if isinstance(value, float) else value


def _regex_match(pattern: str, text: str) -> bool:
    try:
        return regex.compile(pattern).search(text)
    except EvaluationError:
        return False


def _must_regex_match(pattern: str, text: str) -> bool:
    return regex.compile(pattern).search(text)


def _regex_find(pattern: str, text: str) -> str:
    found = regex.compile(pattern).find(text)
    return (found[0] or "") if found else ""


def _regex_find_all(pattern: str, text: str, limit: int) -> Strings:
    return Strings(regex.compile(pattern).find_all(text, limit))


def _regex_replace_all(pattern: str, text: str, template: str) -> str:
    compiled = regex.compile(pattern)
    if len(template) > 64:
        _check_replacement(compiled, text, template)
    return compiled.replace(text, template)


def _regex_replace_all_literal(pattern: str, text: str, replacement: str) -> str:
    compiled = regex.compile(pattern)
    _check_replacement(compiled, text, replacement)
    return compiled.replace_literal(text, replacement)


def _check_replacement(compiled: regex.Pattern, text: str, replacement: str) -> None:
    if len(compiled.find_all(text)) * len(replacement) > MAX_OUTPUT:
        raise EvaluationError(f"the result of the replacement would be too large, the limit is {MAX_OUTPUT}")


def _regex_split(pattern: str, text: str, limit: int) -> Strings:
    return Strings(regex.compile(pattern).split(text, limit))


_REGEX: dict[str, Callable[..., Any]] = {
    "regexFind": _regex_find,
    "regexFindAll": _regex_find_all,
    "regexMatch": _regex_match,
    "regexReplaceAll": _regex_replace_all,
    "regexReplaceAllLiteral": _regex_replace_all_literal,
    "regexSplit": _regex_split,
}
_MUST_REGEX = {f"must{name[0].upper()}{name[1:]}": function for name, function in _REGEX.items()}
_MUST_REGEX["mustRegexMatch"] = _must_regex_match


def _results() -> dict[str, Callable[[Any], Any]]:
    return {
        **dict.fromkeys(_INT64_RESULTS, _int64),
        **dict.fromkeys(_STRING_LISTS, _strings),
        **dict.fromkeys(_FLOAT_RESULTS, _positive_zero),
    }


@functools.cache
def builtin_functions() -> dict[str, Callable[..., Any]]:
    """Return text/template's own functions, without any library of functions."""
    table: dict[str, Callable[..., Any]] = dict(_builtin_functions("go"))
    table.update({name: function for name, function in builtins.FUNCTIONS.items() if name not in builtins.SPRIG_ONLY})
    return {name: _metered(name, function) for name, function in table.items()}


@functools.cache
def sprig_functions() -> dict[str, Callable[..., Any]]:
    """Return text/template's functions and sprig's."""
    table: dict[str, Callable[..., Any]] = dict(sprig.text_func_map())
    table.update(builtins.FUNCTIONS)
    table.update(dates.FUNCTIONS)
    table.update(_REGEX)
    table.update(_MUST_REGEX)
    results = _results()
    own = {
        name: _metered(name, function, results.get(name)) for name, function in table.items() if name not in _REMOVED
    }
    return {**builtin_functions(), **own}
