"""Trigger conditions: dependency names joined by `&&`, `||` and parentheses.

Follows `getDependencyExpression` of Argo Events 1.9 (`pkg/sensors/listener.go`): `-` and `_` are the same letter when a
name is looked up, and of two dependencies that differ only there the later one is meant; without a text all
dependencies are joined by `&&`. What the expression language of the original would misread is refused: reserved words,
names that begin with a digit or hold a dot, and every other operator.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache

from argosy.errors import EvaluationError

__all__ = ["Condition", "compile_condition"]

_TOKEN = re.compile(r"\s*(?:(?P<op>&&|\|\||[()])|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<bad>\S))")
_RESERVED = frozenset({"not", "and", "or", "in", "nil", "true", "false"})
_MAX_DEPTH = 100

Node = str | tuple["str", tuple["Node", ...]]


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition over the dependencies of one sensor.

    `names` are the dependencies that take part, in the order in which they first appear; `joins` is True when an event
    may have to wait for others (an `&&` stands in it), so that state is needed.
    """

    names: tuple[str, ...]
    joins: bool
    _node: Node

    def holds(self, satisfied: Container[str]) -> bool:
        """Whether the condition is true when exactly the dependencies in `satisfied` have an event."""
        return _holds(self._node, satisfied)


def compile_condition(text: str, dependencies: Sequence[str]) -> Condition:
    """Compile `text` for a sensor whose dependencies have these names, in spec order.

    Raises EvaluationError for broken syntax, an unknown name, a name that cannot be used in a condition.
    """
    return _compile(text, tuple(dependencies))


@lru_cache(maxsize=1024)
def _compile(text: str, dependencies: tuple[str, ...]) -> Condition:
    known = {name.replace("-", "_"): name for name in dependencies}
    if not text.strip():
        if text:
            raise EvaluationError("the condition is blank: name dependencies or leave it out")
        text = " && ".join(dependencies)
        for name in dependencies:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
                raise EvaluationError(
                    f"dependency {name!r} cannot be used in a condition: letters, digits, - and _ only"
                )
    parser = _Parser(text, known)
    node = parser.parse()
    return Condition(tuple(parser.names), "&" in text, node)


def _holds(node: Node, satisfied: Container[str]) -> bool:
    if isinstance(node, str):
        return node in satisfied
    operator, parts = node
    test = all if operator == "&&" else any
    return test(_holds(part, satisfied) for part in parts)


class _Parser:
    def __init__(self, text: str, known: dict[str, str]) -> None:
        self._text = text
        self._known = known
        self._tokens = [
            (m.lastgroup or "", m.group(m.lastgroup or 0), m.start()) for m in _TOKEN.finditer(text.rstrip())
        ]
        self._at = 0
        self.names: dict[str, None] = {}

    def parse(self) -> Node:
        node = self._any(0)
        if self._at < len(self._tokens):
            raise self._error("an operator is missing before")
        return node

    def _any(self, depth: int) -> Node:
        return self._chain("||", depth)

    def _chain(self, operator: str, depth: int) -> Node:
        def below() -> Node:
            return self._chain("&&", depth) if operator == "||" else self._operand(depth)

        parts = [below()]
        while self._peek() == operator:
            self._at += 1
            parts.append(below())
        return parts[0] if len(parts) == 1 else (operator, tuple(parts))

    def _operand(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise EvaluationError(f"the condition is nested deeper than {_MAX_DEPTH} parentheses")
        if self._peek() == "(":
            self._at += 1
            node = self._any(depth + 1)
            if self._peek() != ")":
                raise self._error("a closing parenthesis is missing before")
            self._at += 1
            return node
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._error("a dependency name is missing before")
        word = self._tokens[self._at][1]
        name = self._known.get(word.replace("-", "_"))
        if word in _RESERVED:
            raise EvaluationError(f"condition {self._text!r}: {word} is a word of the language, rename the dependency")
        if name is None:
            raise EvaluationError(
                f"condition {self._text!r}: no dependency is called {word!r}; known: {', '.join(self._known.values())}"
            )
        self._at += 1
        self.names[name] = None
        return name

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) and self._tokens[self._at][0] == "op" else ""

    def _error(self, what: str) -> EvaluationError:
        rest = self._text[self._tokens[self._at][2] :].strip() if self._at < len(self._tokens) else "its end"
        return EvaluationError(f"condition {self._text!r}: {what} {rest!r}")
