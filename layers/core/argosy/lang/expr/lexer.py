"""Splitting an expression in tokens.

In: source text; out: tokens with their places. Mirrors `parser/lexer` of expr-lang/expr 1.17.8.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from argosy.errors import EvaluationError
from argosy.lang.expr.dialect import Dialect

__all__ = ["Token", "failed", "tokens"]

_WORD_OPERATORS = frozenset(("not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let"))
_SKIPPED = re.compile(r"\s+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"(?!\d)[\w$]+")
_WORD_TAIL = re.compile(r"[\w$]*")
_WORD_CHARACTER = re.compile(r"[\w$]")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|(?=\.?[0-9])[0-9_]*(?:\.(?!\.)[0-9_]*)?(?:[eE][+-]?[0-9_]*)?"
)
_OPERATOR = re.compile(r"\?[.?]?|::?|\|\|?|[,;%+\-^/]|[&!=*<>][&=*]?|\.\.?|\#\#?")
_BRACKETS = "()[]{}"
_RAW = re.compile(r"`((?:[^`]|``)*)`")

_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|([0-3][0-7]{2})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})"
                     r"|U([0-9a-fA-F]{8}))")  # fmt: skip
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


class Token(NamedTuple):
    """`kind` is one of word, number, text, bytes, operator, bracket, end; `at` is the offset in the source."""

    kind: str
    value: str
    at: int

    def is_operator(self, *values: str) -> bool:
        """Tell whether this is one of these operators."""
        return self.kind == "operator" and self.value in values

    def is_bracket(self, value: str) -> bool:
        """Tell whether this is that bracket."""
        return self.kind == "bracket" and self.value == value


def failed(source: str, at: int, why: str) -> EvaluationError:
    """Return the error for a place in an expression, with a short look at it."""
    begin = max(0, at - 20)
    return EvaluationError(f"expression is wrong at character {at + 1} (near {source[begin : at + 20]!r}): {why}")


def tokens(source: str, dialect: Dialect) -> list[Token]:
    """Split a source; the last token is always of kind `end`. Raises EvaluationError."""
    found: list[Token] = []
    i = 0
    while i < len(source):
        skipped = _SKIPPED.match(source, i)
        if skipped:
            i = skipped.end()
            continue
        token, i = _token(source, i, dialect)
        found.append(token)
        if token.value == "#" and token.kind == "operator":
            # The name of a pointer, as in #acc, follows at once and may be any word.
            tail = _WORD_TAIL.match(source, i)
            if tail and tail.group():
                found.append(Token("word", tail.group(), i))
                i = tail.end()
    found.append(Token("end", "", len(source)))
    return found


def _token(source: str, i: int, dialect: Dialect) -> tuple[Token, int]:
    char = source[i]
    if char in "\"'":
        return _text(source, i, i)
    if dialect.modern and char in "bB`":
        found = _modern_text(source, i)
        if found is not None:
            return found
    if char in "0123456789" or (char == "." and source[i + 1 : i + 2] in tuple("0123456789")):
        return _number(source, i)
    if char in _BRACKETS:
        return Token("bracket", char, i), i + 1
    if source.startswith("/*", i):
        raise failed(source, i, "the comment is not closed")
    operator = _OPERATOR.match(source, i)
    if operator:
        return Token("operator", operator.group(), i), operator.end()
    return _word(source, i, dialect)


def _word(source: str, i: int, dialect: Dialect) -> tuple[Token, int]:
    word = _WORD.match(source, i)
    if word is None:
        raise failed(source, i, f"the character {source[i]!r} has no meaning here")
    name = word.group()
    is_operator = name in _WORD_OPERATORS or (dialect.modern and name in ("if", "else"))
    return Token("operator" if is_operator else "word", name, i), word.end()


def _number(source: str, i: int) -> tuple[Token, int]:
    number = _NUMBER.match(source, i)
    end = number.end() if number else i + 1
    if _WORD_CHARACTER.match(source, end):
        raise failed(source, i, f"{source[i : end + 1]!r} is no number")
    return Token("number", source[i:end], i), end


def _modern_text(source: str, i: int) -> tuple[Token, int] | None:
    """Read bytes such as b"x" or a text in backticks; None when there is neither."""
    if source[i] == "`":
        raw = _RAW.match(source, i)
        if raw is None:
            raise failed(source, i, "the text is not closed")
        return Token("text", raw.group(1).replace("``", "`"), i), raw.end()
    if source[i + 1 : i + 2] not in ('"', "'"):
        return None
    text, end = _text(source, i + 1, i)
    return text._replace(kind="bytes"), end


def _text(source: str, start: int, at: int) -> tuple[Token, int]:
    quote = source[start]
    out: list[str] = []
    i = start + 1
    while True:
        char = source[i : i + 1]
        if char in ("", "\n"):
            raise failed(source, at, "the text is not closed")
        if char == quote:
            return Token("text", "".join(out).replace("\r\n", "\n").replace("\r", "\n"), at), i + 1
        if char != "\\":
            out.append(char)
            i += 1
            continue
        escape = _ESCAPE.match(source, i)
        if escape is None or escape.group(1) in ({'"', "'"} - {quote}):
            raise failed(source, i, f"{source[i : i + 2]!r} is no escape; write a backslash as two")
        out.append(_unescaped(source, i, escape))
        i = escape.end()


def _unescaped(source: str, at: int, escape: re.Match[str]) -> str:
    simple, octal, *others = escape.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    code = int(octal, 8) if octal else int(next(digits for digits in others if digits), 16)
    if code > 0x10FFFF:
        raise failed(source, at, f"{escape.group()!r} is no character")
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)
