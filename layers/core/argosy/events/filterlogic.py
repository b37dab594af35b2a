"""How the tests of one filter are joined: by `dataLogicalOperator` and `exprLogicalOperator`.

Follows `filterData` and `filterExpr` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9: with `and` (the default)
the first that fails, or has an error, ends it; with `or` an error counts only when nothing passes, and then the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from argosy.errors import EvaluationError

__all__ = ["joined"]


def joined[T](tests: Iterable[T], test: Callable[[T], bool], operator: str) -> bool:
    """Whether `tests` pass together. Raises the EvaluationError that counts."""
    if operator != "or":
        return all(map(test, tests))
    problem: EvaluationError | None = None
    for one in tests:
        try:
            if test(one):
                return True
        except EvaluationError as x:
            problem = x
    if problem is not None:
        raise problem
    return False
