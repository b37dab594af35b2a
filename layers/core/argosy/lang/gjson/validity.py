"""Is this text JSON?

In: a text; out: yes or no, as `gjson.Valid` of tidwall/gjson 1.19 says. Called for every payload before a filter or a
parameter looks at it. orjson decides nearly always; where it is stricter than Go (lone surrogate escapes, undecodable
bytes, depth) a small checker on the token level has the word.
"""

from __future__ import annotations

import re

import orjson

__all__ = ["valid"]

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:
        (?P<scalar>"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"
          |-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?+[0-9]++)?
          |true|false|null)
        |(?P<mark>[{}\[\]:,]))""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\n\r]*")

# What may come next: a value, a value or the end of the array, a key, a key or the end of the object, a colon, a comma
# or the end of the container.
_ANY, _FIRST, _KEY, _FIRST_KEY, _COLON, _NEXT = range(6)


def valid(document: str) -> bool:
    """Tell whether a text is exactly one JSON value, blanks around it allowed."""
    try:
        orjson.loads(document)
    except orjson.JSONDecodeError:
        return _check(document)
    return True


def _check(document: str) -> bool:
    open_marks: list[str] = []
    expect, i = _ANY, 0
    while True:
        token = _TOKEN.match(document, i)
        if token is None:
            return False
        i = token.end()
        after = (
            _after_scalar(token["scalar"], expect)
            if token["mark"] is None
            else _after_mark(token["mark"], expect, open_marks)
        )
        if after < 0:
            return False
        expect = after
        if expect == _NEXT and not open_marks:
            break
    blank = _BLANK.fullmatch(document, i)
    return blank is not None


def _after_scalar(scalar: str, expect: int) -> int:
    if expect in (_KEY, _FIRST_KEY):
        return _COLON if scalar[0] == '"' else -1
    return _NEXT if expect in (_ANY, _FIRST) else -1


def _after_mark(mark: str, expect: int, open_marks: list[str]) -> int:
    if mark in "{[":
        if expect not in (_ANY, _FIRST):
            return -1
        open_marks.append(mark)
        return _FIRST_KEY if mark == "{" else _FIRST
    if mark == ":":
        return _ANY if expect == _COLON else -1
    if mark == ",":
        if expect != _NEXT:
            return -1
        return _KEY if open_marks[-1] == "{" else _ANY
    opened = "{" if mark == "}" else "["
    if open_marks[-1:] != [opened] or expect not in (_NEXT, _FIRST_KEY if opened == "{" else _FIRST):
        return -1
    open_marks.pop()
    return _NEXT
