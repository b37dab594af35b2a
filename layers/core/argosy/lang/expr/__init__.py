"""The expression language of Argo: `when`, analysis conditions, event filters, notification triggers.

In: an expression and variables (JSON-like values, functions, times); out: a value. Behaves as expr-lang/expr 1.17.8
(MIT), or as antonmedv/expr 1.15.5, which Argo Events is built with, for `V1_15`. The modules follow its parts: `lexer`,
`parser`, `checker` with `kinds` and `signatures`, `evaluator` with `values` and `functions`.

On purpose different: a program has a budget of steps, list elements and characters; maps keep the order of their
document where Go's order is random.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from argosy.errors import EvaluationError
from argosy.lang.expr import checker, evaluator
from argosy.lang.expr.dialect import V1_15, V1_17, Dialect
from argosy.lang.expr.lexer import tokens
from argosy.lang.expr.nodes import Node
from argosy.lang.expr.parser import PREDICATES, parse
from argosy.lang.expr.signatures import NAMES

__all__ = ["V1_15", "V1_17", "Dialect", "Program", "compile"]

_BUILTINS = NAMES | PREDICATES.keys()


class Program:
    """A parsed expression, ready to be run many times."""

    __slots__ = ("_called", "_checked", "_dialect", "_tree", "text")

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self._dialect = dialect
        self._tree: Node | None = None
        self._checked = False
        # Only these can be read in another way when a variable has the name of a builtin.
        words = {token.value for token in tokens(text, dialect) if token.kind == "word"} if dialect.modern else set()
        self._called = frozenset(words & _BUILTINS)
        try:
            self._tree = parse(text, dialect)
        except EvaluationError:
            if not self._called:
                raise

    def __repr__(self) -> str:
        return f"Program({self.text!r}, {self._dialect.name})"

    def check(self, env: Mapping[str, object]) -> None:
        """Refuse what can never work with variables of these types (Go's `expr.Compile` with `expr.Env`)."""
        checker.check(self.text, self._tree_for(env), self._dialect, env)

    def run(self, env: Mapping[str, object]) -> object:
        """Check the types against the variables, then evaluate (Go's `expr.Compile` with `expr.Env`, then `expr.Run`).

        Raises EvaluationError: for unknown names and types that do not fit, also in parts that would not be evaluated,
        and for what fails at run time.
        """
        tree = self._tree_for(env)
        checker.check(self.text, tree, self._dialect, env)
        return self._evaluate(tree, env)

    def evaluate(self, env: Mapping[str, object]) -> object:
        """Evaluate without looking at the types first: an unknown name is nil (Go's `expr.Eval`)."""
        if self._tree is None:
            self._tree = parse(self.text, self._dialect)  # fails again, as it did when the program was made
        if self._dialect.checks_eval and not self._checked:
            checker.check(self.text, self._tree, self._dialect, None)
            self._checked = True
        return self._evaluate(self._tree, env)

    def _tree_for(self, env: Mapping[str, object]) -> Node:
        hidden = self._called.intersection(env) if self._called else self._called
        if hidden or self._tree is None:
            return _parsed(self.text, self._dialect, frozenset(hidden))
        return self._tree

    def _evaluate(self, tree: Node, env: Mapping[str, object]) -> object:
        try:
            return evaluator.evaluate(tree, self._dialect, env)
        except EvaluationError as error:
            shown = self.text if len(self.text) <= 100 else self.text[:97] + "..."
            raise EvaluationError(f"expression {shown!r} failed: {error}") from error


@functools.lru_cache(maxsize=1024)
def compile(source: str, *, dialect: Dialect = V1_17) -> Program:
    """Parse an expression. Raises EvaluationError when its syntax is wrong."""
    return Program(source, dialect)


@functools.lru_cache(maxsize=256)
def _parsed(source: str, dialect: Dialect, hidden: frozenset[str]) -> Node:
    return parse(source, dialect, hidden)
