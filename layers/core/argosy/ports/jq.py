"""jq port: programs in jq, on JSON texts.

Whoever runs them must hold to this: a program sees no environment, no files and no modules, and ends within limits of time,
memory and output; what it gives for a document depends on nothing else, except for `now`.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Jq"]


class Jq(Protocol):
    """Runs jq programs as gojq does."""

    def check(self, program: str) -> None:
        """Raise EvaluationError when `program` is no jq."""
        ...

    def first(self, program: str, document: str) -> str:
        """The first output for a JSON text, as JSON text with sorted keys.

        Raises EvaluationError when there is none, for a program that fails, exceeds its limits or gives a number that JSON
        has not.
        """
        ...
