"""Reading single values and the members of containers out of raw JSON text.

In: a text and an offset, or a `Result`; out: `Result`s that point into the text. Used by the search, by the modifiers
and by sjson. Mirrors `Parse`, `parseAny` and `Result.ForEach` of tidwall/gjson 1.19.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from argosy.lang.gjson.result import Kind, Result
from argosy.lang.gjson.scan import STRING, VALUE, is_literal, value_end

__all__ = ["items", "parse", "read_value", "value_at"]

_SOMETHING = re.compile(r"[^\x00-\x20]")
_NUMBER = re.compile(r".[^\x00-\x20,\]}]*", re.DOTALL)
_LITERAL = re.compile(r".[a-z]*")
_STRING_OR_REST = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_LITERALS = {"t": Kind.TRUE, "f": Kind.FALSE, "n": Kind.NULL}

value_at = value_end


def kind_at(text: str, start: int) -> Kind:
    """Return the kind of the value whose first character stands at `start`."""
    first = text[start]
    if first == '"':
        return Kind.STRING
    if first in "{[":
        return Kind.JSON
    return _LITERALS[first] if is_literal(text, start) else Kind.NUMBER


def read_value(text: str, start: int) -> tuple[Result | None, int]:
    """Read the value at `start`; returns it and where it ends, None for a string without an end."""
    end = value_end(text, start)
    if end < 0:
        return None, len(text)
    return Result(kind_at(text, start), text[start:end], start), end


def parse(text: str) -> Result:
    """Return the value a text begins with. Of an array or object the whole rest of the text is taken, unchecked."""
    found = _SOMETHING.search(text)
    if found is None or VALUE.match(text, found.start()) is None:
        return Result(Kind.NULL, "")
    start = found.start()
    kind = kind_at(text, start)
    if kind is Kind.JSON:
        raw = text[start:]
    else:
        pattern = _STRING_OR_REST if kind is Kind.STRING else _NUMBER if kind is Kind.NUMBER else _LITERAL
        match = pattern.match(text, start)
        raw = match.group() if match else ""
    result = Result(kind, raw, start)
    result.index = start
    return result


def items(value: Result) -> Iterator[tuple[str, Result]]:
    """Yield (raw key, value) for each member; the key is empty for elements of arrays and for a scalar itself."""
    if value.kind is not Kind.JSON:
        if value.exists:
            yield "", value
        return
    text = value.raw
    is_object = text[:1] == "{"
    i = 1
    while i < len(text):
        key = ""
        if is_object:
            start = text.find('"', i)
            quoted = STRING.match(text, start) if start >= 0 else None
            if quoted is None:
                return
            key, i = quoted.group(), quoted.end()
        found = VALUE.search(text, i)
        if found is None:
            return
        member, i = read_value(text, found.start())
        if member is None:
            return
        yield key, member
        i += 1
