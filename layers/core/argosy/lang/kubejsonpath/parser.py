"""Templates of Kubernetes' JSONPath as the steps that they are, after parser.go of `k8s.io/client-go/util/jsonpath`."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, NamedTuple

from argosy.errors import EvaluationError

__all__ = ["Node", "parsed"]

_TERMINATORS: Final = frozenset(" \t\r\n.,[]$@{}")
_NUMBER: Final = re.compile(r"[+-]?[\d.]*", re.ASCII)
_KEY: Final = re.compile(r"'([^']*)'")
_SLICE: Final = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.ASCII)
_COMPARISON: Final = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_ESCAPED: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


class Node(NamedTuple):
    """A part of a template: its kind and what it needs.

    list: the nodes between two braces; text; constant; field: its name; slice: bounds and step, None = not given;
    filter: the path, a comparison and the other side, or "" and None; all; deep; union: lists; word: range or end.
    """

    kind: str
    value: Any = None


@functools.lru_cache(maxsize=512)
def parsed(text: str) -> tuple[Node, ...]:
    """The texts and braces of a template. Raises EvaluationError."""
    nodes, at = [], 0
    while at < len(text):
        opening = text.find("{", at)
        before = text[at:] if opening < 0 else text[at:opening]
        if before:
            nodes.append(Node("text", before))
        if opening < 0:
            break
        inside, at = _Reader(text, opening + 1).action()
        nodes.append(inside)
    return tuple(nodes)


def _wrong(text: str, why: str) -> EvaluationError:
    return EvaluationError(f"JSONPath {text[:80]!r} is wrong: {why}")


def _action(text: str) -> Node:
    """What a text between braces is."""
    return _Reader(f"{{{text}}}", 1).action()[0]


class _Reader:
    """Reads what stands between braces."""

    def __init__(self, text: str, at: int) -> None:
        self._text, self._at = text, at
        self._nodes: list[Node] = []

    def action(self) -> tuple[Node, int]:
        """The steps up to the closing brace, and where the text goes on."""
        while not self._text.startswith("}", self._at):
            self._step()
        return Node("list", tuple(self._nodes)), self._at + 1

    def _step(self) -> None:
        text, at = self._text, self._at
        char = text[at : at + 1]
        if text.startswith("[?(", at):
            self._filter()
        elif text.startswith("..", at):
            self._deep()
        elif char in ("", "\r", "\n"):
            raise _wrong(text, "a brace is not closed")
        elif char in " @$":
            self._at += 1
        elif char == "[":
            self._array()
        elif char in "\"'":
            self._quoted(char)
        elif char == ".":
            self._at += 1
            self._field()
        elif char in "+-" or char.isdecimal():
            self._number()
        elif char == "_" or char.isalpha():
            word = self._until_terminator()
            known = {"true": True, "false": False}
            self._nodes.append(Node("constant", known[word]) if word in known else Node("word", word))
        else:
            raise _wrong(text, f"{char!r} does not belong there")

    def _until_terminator(self) -> str:
        begin = self._at
        while self._at < len(self._text) and self._text[self._at] not in _TERMINATORS:
            self._at += 2 if self._text[self._at] == "\\" else 1
        return self._text[begin : self._at]

    def _field(self) -> None:
        name = self._until_terminator()
        self._nodes.append(Node("all") if name == "*" else Node("field", name.replace("\\", "")))

    def _deep(self) -> None:
        if self._nodes and self._nodes[-1].kind == "deep":
            raise _wrong(self._text, "there is nothing between two recursions")
        self._nodes.append(Node("deep"))
        self._at += 2
        char = self._text[self._at : self._at + 1]
        if char == "_" or char.isalpha() or char.isdecimal():
            self._field()

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        text = found.group() if found is not None else ""
        try:
            value: float = int(text) if "." not in text else float(text)
        except ValueError:
            raise _wrong(self._text, f"{text[:30]!r} is no number") from None
        self._nodes.append(Node("constant", value))
        self._at += max(len(text), 1)

    def _quoted(self, quote: str) -> None:
        end = self._at + 1
        while self._text[end : end + 1] != quote or self._text[end - 1] == "\\":
            if self._text[end : end + 1] in ("", "\n"):
                raise _wrong(self._text, "a quote is not closed")
            end += 1
        inner = self._text[self._at + 1 : end]
        self._nodes.append(Node("text", _ESCAPED.sub(lambda match: _escaped(match[1], quote, inner), inner)))
        self._at = end + 1

    def _array(self) -> None:
        end = self._text.find("]", self._at)
        if end < 0 or "\n" in self._text[self._at : end]:
            raise _wrong(self._text, "a bracket is not closed")
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        parts, key = inside.split(","), _KEY.fullmatch(inside)
        if len(parts) > 1:
            self._nodes.append(Node("union", tuple(_action(f"[{part.strip(' ')}]") for part in parts)))
        elif key is not None:
            self._nodes += _action(f".{key[1]}").value
        else:
            self._nodes.append(_slice(":" if inside == "*" else inside))

    def _filter(self) -> None:
        begin = self._at + 3
        end = self._closing(begin)
        inside = self._text[begin:end]
        if self._text[end + 1 : end + 2] != "]":
            raise _wrong(self._text, "a filter ends with )]")
        self._at = end + 2
        compared = _COMPARISON.fullmatch(inside)
        if compared is None:
            self._nodes.append(Node("filter", (_action(inside), "", None)))
            return
        self._nodes.append(Node("filter", (_action(compared[1]), compared[2], _action(compared[3]))))

    def _closing(self, begin: int) -> int:
        """Where the parenthesis of a filter is closed; the one quoted text in it may hold others."""
        quote, is_closed = "", False
        for at in range(begin, len(self._text)):
            char = self._text[at]
            if char == "\n":
                break
            if char in "\"'" and not quote:
                quote = char
            elif char == quote and self._text[at - 1] != "\\":
                is_closed = True
            elif char == ")" and bool(quote) == is_closed:
                return at
        raise _wrong(self._text, "a filter is not closed")


def _escaped(text: str, quote: str, whole: str) -> str:
    if len(text) > 1:
        return chr(int(text[1:], 16))
    if text != quote and text not in _ESCAPES:
        raise _wrong(whole, f"there is no escape \\{text}")
    return _ESCAPES.get(text, text)


def _slice(inside: str) -> Node:
    found = _SLICE.fullmatch(inside)
    if found is None:
        raise _wrong(f"[{inside}]", "neither a quoted name, a number nor a range")
    try:
        begin, end, step = (
            None if part is None or part in ("", ":") else int(part.removeprefix(":")) for part in found.groups()
        )
    except ValueError:
        raise _wrong(f"[{inside}]", "no number") from None
    if found[2] is None:  # an index; behind the last from the end there is nothing to count to
        return Node("slice", (begin or 0, (begin or 0) + 1 or None, step))
    return Node("slice", (begin, end, step))
