r"""Scanning of raw JSON text: where a value ends, what a string says.

In: a text and an offset; out: offsets into it. The rules are those of tidwall/gjson 1.19, which never fails: text that is
no JSON is skipped up to the next thing that looks like a value. Everything here works without recursion, so that a
document of any depth can be walked over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json.decoder import scanstring  # type: ignore[attr-defined]  # the C function behind JSONDecoder, missing in typeshed
from json.encoder import encode_basestring
from json.scanner import make_scanner
from typing import Any, Final

from argosy.errors import EvaluationError

__all__ = [
    "KEY_OR_END",
    "STRING",
    "VALUE",
    "check_nesting",
    "check_size",
    "decode_string",
    "encode_string",
    "scan_string",
    "scan_value",
    "squash_end",
    "trim",
    "value_end",
]


class _ScannerSettings:
    """What the C scanner of the json module wants to be told: plain decoding, no hooks."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: Final[dict[str, str]] = {}


scan_value: Callable[[str, int], tuple[Any, int]] = make_scanner(_ScannerSettings())  # type: ignore[arg-type]  # it only reads these attributes
scan_string: Callable[[str, int, bool], tuple[str, int]] = scanstring

STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
VALUE = re.compile(r'["{\[ntfiIN+\-0-9]')
KEY_OR_END = re.compile(r'["}]')
_LITERAL = re.compile(r"[a-z]*+")
_NUMBER = re.compile(r"[^\x00-\x20,\]}]*+")
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{\[(]|[}\])]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPECIAL = re.compile("[<>&\u2028\u2029\ud800-\udfff]")

_DECODED = {"\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"'}
_BLANKS = "".join(map(chr, range(0x21)))
_REPLACEMENT = "\ufffd"
_MAX_NESTING = 200
_MAX_MADE = 16_000_000


def trim(text: str) -> str:
    """Cut off all characters up to and including the space at both ends."""
    return text.strip(_BLANKS)


def squash_end(text: str, start: int) -> int:
    """Return where the array, object or parenthesis that opens at `start` ends; the end of the text if it is open."""
    if text[start] != "(":
        try:
            return scan_value(text, start)[1]
        except (StopIteration, ValueError, RecursionError):
            pass  # no JSON, or deeper than the C scanner goes: count brackets
    depth = 0
    for match in _NESTING.finditer(text, start):
        mark = text[match.start()]
        if mark in "{[(":
            depth += 1
        elif mark != '"':
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)


def check_nesting(text: str) -> None:
    """Raise RecursionError when a text nests deeper than anything sensible.

    For work that visits every level and reads what lies below it each time: on a hostile document it would not end.
    """
    depth = 0
    for match in _NESTING.finditer(text):
        mark = text[match.start()]
        if mark in "{[(":
            depth += 1
            if depth > _MAX_NESTING:
                raise RecursionError
        elif mark != '"':
            depth -= 1


def check_size(made: str) -> None:
    """Refuse a text that modifiers or multipaths made too long; a chain of them can double it again and again."""
    if len(made) > _MAX_MADE:
        raise EvaluationError(f"the path makes a text of {len(made)} characters, the limit is {_MAX_MADE}")


def value_end(text: str, start: int) -> int:
    """Return where the value that begins at `start` (a match of VALUE) ends, -1 if it is a string without an end."""
    first = text[start]
    if first == '"':
        match = STRING.match(text, start)
        return match.end() if match else -1
    if first in "{[":
        return squash_end(text, start)
    pattern = _LITERAL if is_literal(text, start) else _NUMBER
    found = pattern.match(text, start + 1)
    return found.end() if found else start + 1


def is_literal(text: str, start: int) -> bool:
    """Tell true, false and null from numbers; `nan` counts as a number."""
    first = text[start]
    return first in "tf" or (first == "n" and text[start + 1 : start + 2] in ("u", ""))


def decode_string(raw: str) -> str:
    """Return what a raw JSON string says, as gjson reads it: a lone surrogate becomes U+FFFD, bad escapes end the text."""
    inner = raw[1:-1] if len(raw) > 1 and raw[-1] == '"' else raw[1:]
    if "\\" not in inner:
        return inner
    try:
        text, end = scan_string(raw, 1, True)
    except ValueError:
        return _decode_leniently(inner)
    if end != len(raw) or _SURROGATE.search(text):
        return _decode_leniently(inner)
    return text


def _decode_leniently(inner: str) -> str:
    out: list[str] = []
    i, size = 0, len(inner)
    while i < size:
        char = inner[i]
        if char < " ":
            break
        if char != "\\":
            out.append(char)
            i += 1
            continue
        escape = inner[i + 1 : i + 2]
        if escape == "u":
            if i + 6 > size:
                break
            char, i = _decode_code(inner, i)
            out.append(char)
        elif escape in _DECODED:
            out.append(_DECODED[escape])
            i += 2
        else:
            break
    return "".join(out)


def _decode_code(inner: str, i: int) -> tuple[str, int]:
    r"""Decode the \uXXXX at `i` and, after a surrogate, the one behind it, right or wrong."""
    code, i = _hex(inner[i + 2 : i + 6]), i + 6
    if not 0xD800 <= code <= 0xDFFF:
        return chr(code), i
    if inner[i : i + 2] != "\\u" or i + 6 > len(inner):
        return _REPLACEMENT, i
    low = _hex(inner[i + 2 : i + 6])
    if code < 0xDC00 and 0xDC00 <= low <= 0xDFFF:
        return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), i + 6
    return _REPLACEMENT, i + 6


def _hex(digits: str) -> int:
    try:
        return int(digits, 16) if digits.isalnum() else 0
    except ValueError:
        return 0


def encode_string(text: str) -> str:
    r"""Write a text as a JSON string the way gjson does: < > & and the line separators as \u escapes, the rest as it is."""
    encoded = encode_basestring(text)
    return _SPECIAL.sub(_encoded, encoded) if _SPECIAL.search(encoded) else encoded


def _encoded(match: re.Match[str]) -> str:
    char = match.group()
    if "\ud800" <= char <= "\udfff":
        return "\\ufffd"
    return f"\\u{ord(char):04x}"
