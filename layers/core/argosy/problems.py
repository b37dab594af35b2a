"""Errors as data: what the API answers and rows keep, and back.

In: an `ArgosyError`. Out: a mapping of plain values, one shape for every error (`type` is the class's name, `message` the
whole text, `object` and `field` where something is wrong, `wayOut` what to do, `problems` the single ones of several). The
API writes it, the command line reads it and raises the same error that it would have met without the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Permanent,
    Placed,
    Retryable,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

__all__ = ["error_of", "problem_of"]

_WAYS: Final[Mapping[type[ArgosyError], str]] = {
    InvalidObject: "mend what is named and send it again; nothing was changed",
    EvaluationError: "mend the expression or the data that it is given",
    NotFound: "look at what there is, and mind the namespace",
    AlreadyExists: "choose another name, or change what is there",
    Unauthenticated: "sign the request (a stack), or send the token of the data directory (argosy up)",
    Denied: "ask whoever grants rights on this installation",
    Unsupported: "leave it out, or use an installation that serves it",
    Conflict: "read it again and repeat the change",
    Unavailable: "repeat the request in a moment",
    Retryable: "repeat the request in a moment",
    Permanent: "repeating does not help; the text says what is wrong",
}
_KINDS: Final = {kind.__name__: kind for kind in _WAYS}


def problem_of(error: ArgosyError) -> dict[str, Any]:
    """An error as data."""
    kind = next((kind for kind in type(error).__mro__ if kind in _WAYS), Permanent)
    placed = {"object": error.obj, "field": error.field} if isinstance(error, Placed) else {"object": "", "field": ""}
    return {
        "type": kind.__name__,
        "message": str(error),
        **placed,
        "wayOut": _WAYS[kind],
        "problems": [problem_of(each) for each in error.problems],
    }


def error_of(problem: Mapping[str, Any]) -> ArgosyError:
    """The error that a problem tells of; of a type that this version does not know, a Permanent."""
    kind = _KINDS.get(str(problem.get("type")), Permanent)
    message, obj, field = (str(problem.get(name) or "") for name in ("message", "object", "field"))
    message = message or "no reason given"
    if not issubclass(kind, Placed):
        return kind(message)
    reason = message.removeprefix("".join(f"{part}: " for part in (obj, field) if part))
    single = [error_of(each) for each in problem.get("problems") or ()]
    return kind(reason, obj=obj, field=field, problems=single)
