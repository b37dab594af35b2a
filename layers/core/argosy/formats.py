"""Versions of what one release writes and another reads: rows, messages.

While a stack is updated, old and new functions work side by side, so each release reads what it writes and what the release
before it wrote (0 is what was written before there were versions). What a newer release wrote is not touched: it stays where
it is, and the new code takes it.
"""

from __future__ import annotations

from typing import Final

from argosy.errors import EvaluationError, Unavailable

__all__ = ["MESSAGES", "ROWS", "check"]

ROWS: Final = 1
"""Rows of the store, and the files of the embedded runtime."""

MESSAGES: Final = 1
"""Messages of the queues."""


def check(found: object, known: int, what: str) -> None:
    """Whether this release can read version `found` where it writes `known`; `what` names the thing.

    Raises Unavailable for a newer one (comes again, to newer code), EvaluationError for one that is too old or no version.
    """
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise EvaluationError(f"{what} has no version that is a number: {found!r:.40}")
    if found > known:
        raise Unavailable(
            f"{what} was written by a newer release (format {found}, this one reads {known}): finish the update"
        )
    if found < known - 1:
        raise EvaluationError(
            f"{what} was written by a release that is too old (format {found}, this one reads {known - 1} and {known}): "
            "update release by release"
        )
