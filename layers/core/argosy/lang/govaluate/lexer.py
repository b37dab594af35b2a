"""Tokens of govaluate expressions, and which may follow which (govaluate's parsing.go, lexerState.go).

In: the text of an expression. Out: its tokens. Called by `argosy.lang.govaluate`. The order of tokens is checked here, so
that the parser finds every operand where it looks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import regex, strconv
from argosy.lang.times import Time

__all__ = ["Kind", "Token", "tokens"]

_LONGEST: Final = 64 * 1024
_PREFIXES: Final = frozenset("-!~")
_QUOTES: Final = "'\""
_DATES: Final = (
    "Mon Jan _2 15:04:05 2006",
    "Mon Jan _2 15:04:05 MST 2006",
    "Mon Jan 02 15:04:05 -0700 2006",
    "3:04PM",
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02T15:04:05.999999999Z07:00",
    "2006-01-02",
    "2006-01-02 15:04",
    "2006-01-02 15:04:05",
    "2006-01-02 15:04:05-07:00",
    "2006-01-02T15Z0700",
    "2006-01-02T15:04Z0700",
    "2006-01-02T15:04:05Z0700",
    "2006-01-02T15:04:05.999999999Z0700",
)


class Kind(Enum):
    """What a token is."""

    START = auto()
    PREFIX = auto()
    NUMERIC = auto()
    BOOLEAN = auto()
    STRING = auto()
    PATTERN = auto()
    TIME = auto()
    VARIABLE = auto()
    ACCESSOR = auto()
    SEPARATOR = auto()
    COMPARATOR = auto()
    LOGICAL = auto()
    MODIFIER = auto()
    TERNARY = auto()
    OPEN = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its text (of a name, without quoting) and, of a constant, its value."""

    kind: Kind
    text: str
    value: Any = None


_CONSTANTS: Final = frozenset({Kind.NUMERIC, Kind.BOOLEAN, Kind.STRING, Kind.TIME})
_OPERANDS: Final = _CONSTANTS | {Kind.VARIABLE, Kind.ACCESSOR, Kind.OPEN}
_AFTER_VALUE: Final = frozenset(
    {Kind.MODIFIER, Kind.COMPARATOR, Kind.LOGICAL, Kind.CLOSE, Kind.TERNARY, Kind.SEPARATOR}
)
_FOLLOWERS: Final = {
    Kind.START: _OPERANDS | {Kind.PREFIX, Kind.PATTERN},
    Kind.OPEN: _OPERANDS | {Kind.PREFIX, Kind.PATTERN, Kind.CLOSE},
    Kind.CLOSE: _AFTER_VALUE | _CONSTANTS | {Kind.VARIABLE, Kind.PATTERN, Kind.OPEN},
    Kind.NUMERIC: _AFTER_VALUE,
    Kind.BOOLEAN: _AFTER_VALUE,
    Kind.STRING: _AFTER_VALUE,
    Kind.TIME: _AFTER_VALUE - {Kind.TERNARY},
    Kind.PATTERN: _AFTER_VALUE - {Kind.TERNARY},
    Kind.VARIABLE: _AFTER_VALUE,
    Kind.ACCESSOR: _AFTER_VALUE | {Kind.OPEN},
    Kind.MODIFIER: (_OPERANDS - {Kind.TIME}) | {Kind.PREFIX, Kind.CLOSE},
    Kind.COMPARATOR: _OPERANDS | {Kind.PREFIX, Kind.PATTERN, Kind.CLOSE},
    Kind.LOGICAL: _OPERANDS | {Kind.PREFIX, Kind.CLOSE},
    Kind.TERNARY: _OPERANDS | {Kind.PREFIX, Kind.SEPARATOR},
    Kind.PREFIX: frozenset({Kind.NUMERIC, Kind.BOOLEAN, Kind.VARIABLE, Kind.ACCESSOR, Kind.OPEN, Kind.CLOSE}),
    Kind.SEPARATOR: _OPERANDS | {Kind.PREFIX},
}
_LAST: Final = _CONSTANTS | {Kind.VARIABLE, Kind.ACCESSOR, Kind.PATTERN, Kind.CLOSE}
_SYMBOLS: Final = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "**", "&", "|", "^", ">>", "<<"), Kind.MODIFIER),
    **dict.fromkeys(("&&", "||"), Kind.LOGICAL),
    **dict.fromkeys(("==", "!=", ">", ">=", "<", "<=", "=~", "!~"), Kind.COMPARATOR),
    **dict.fromkeys(("?", ":", "??"), Kind.TERNARY),
}


def tokens(text: str) -> Sequence[Token]:
    """The tokens of an expression, in an order that makes sense. Raises EvaluationError."""
    if len(text) > _LONGEST:
        raise EvaluationError(f"it has {len(text):,} characters; at most {_LONGEST:,} are taken")
    lexer = _Lexer(text)
    found: list[Token] = []
    while (token := lexer.next(found[-1].kind if found else Kind.START)) is not None:
        found.append(token)
    found = [_pattern(token, found[index - 1] if index else None) for index, token in enumerate(found)]
    if sum(token.kind is Kind.OPEN for token in found) != sum(token.kind is Kind.CLOSE for token in found):
        raise EvaluationError("unbalanced parentheses")
    _check_order(found)
    return found


def _pattern(token: Token, before: Token | None) -> Token:
    """A text after `=~` is a pattern, which must be one."""
    if token.kind is Kind.STRING and before is not None and before.text in ("=~", "!~"):
        return Token(Kind.PATTERN, token.text, regex.compile(token.value))
    return token


def _check_order(found: Sequence[Token]) -> None:
    last = Kind.START
    for token in found:
        if token.kind not in _FOLLOWERS[last]:
            raise EvaluationError(f"{token.text[:80]!r} cannot follow there: a {last.name.lower()} goes before it")
        last = token.kind
    if last not in _LAST:
        raise EvaluationError("it ends where something must follow")


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def next(self, last: Kind) -> Token | None:
        """The next token after one of kind `last`, None at the end."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        if self._at == len(self._text):
            return None
        char = self._text[self._at]
        if char.isdecimal() or char == ".":
            return self._number()
        if char in ",()":
            self._at += 1
            return Token({",": Kind.SEPARATOR, "(": Kind.OPEN, ")": Kind.CLOSE}[char], char)
        if char == "[":
            return Token(Kind.VARIABLE, self._quoted("]", "parameter name"))
        if char in _QUOTES:
            return _text(self._quoted(_QUOTES, "text"))
        if char.isalpha():
            return _word(self._run(lambda one: one.isalpha() or one.isdecimal() or one in "_."))
        return self._symbol(last)

    def _number(self) -> Token:
        if self._text.startswith("0x", self._at):
            self._at += 2
            digits = self._run(lambda one: one in "0123456789abcdefABCDEF")
            if not digits or int(digits, 16) >= 2**64:
                raise EvaluationError(f"0x{digits} is no number")
            return Token(Kind.NUMERIC, digits, float(int(digits, 16)))
        text = self._run(lambda one: one.isdecimal() or one == ".")
        try:
            return Token(Kind.NUMERIC, text, strconv.parse_float(text))
        except EvaluationError as x:
            raise EvaluationError(f"{text[:80]} is no number") from x

    def _symbol(self, last: Kind) -> Token:
        text = self._run(lambda one: not (one.isdecimal() or one.isalpha() or one in "()[]'\""))
        if text in _PREFIXES and Kind.PREFIX in _FOLLOWERS[last]:
            return Token(Kind.PREFIX, text)
        kind = _SYMBOLS.get(text)
        if kind is None:
            raise EvaluationError(f"{text[:80] or self._text[self._at]!r} is no operator")
        return Token(kind, text)

    def _run(self, belongs: Callable[[str], bool]) -> str:
        """Characters that belong together, up to a blank; one after a backslash always does."""
        found: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "\\" and self._at + 1 < len(self._text):
                found.append(self._text[self._at + 1])
                self._at += 2
                continue
            if char.isspace() or not belongs(char):
                break
            found.append(char)
            self._at += 1
        return "".join(found)

    def _quoted(self, ends: str, what: str) -> str:
        found: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char in ends:
                return "".join(found)
            if char == "\\" and self._at < len(self._text):
                char = self._text[self._at]
                self._at += 1
            found.append(char)
        raise EvaluationError(f"a {what} has no end")


def _text(text: str) -> Token:
    for layout in _DATES:
        try:
            return Token(Kind.TIME, text, float(Time.parse(layout, text).Unix()))
        except EvaluationError:
            continue
    return Token(Kind.STRING, text, text)


def _word(text: str) -> Token:
    if text in ("true", "false"):
        return Token(Kind.BOOLEAN, text, text == "true")
    if text in ("in", "IN"):
        return Token(Kind.COMPARATOR, "in")
    if text.find(".") <= 0:
        return Token(Kind.VARIABLE, text)
    members = text.split(".")[1:]
    if not members[-1]:
        raise EvaluationError(f"{text!r} ends with a dot")
    hidden = [name for name in members if name[:1] != name[:1].upper()]
    if hidden:
        raise EvaluationError(f"{text!r}: field {hidden[0]!r} is not exported; a name with a dot is written [a.b]")
    return Token(Kind.ACCESSOR, text)
