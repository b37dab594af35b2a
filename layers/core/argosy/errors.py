"""The one error tree of Argosy.

    ArgosyError
    ├── Permanent                 trying again cannot help: record it, tell the user, acknowledge
    │   ├── InvalidObject         a manifest or a field of one is wrong (object, field, reason, line)
    │   ├── EvaluationError       user code (filter, template, expression, path) failed on this input
    │   ├── NotFound              the named thing is not there
    │   ├── AlreadyExists         the named thing is there already
    │   ├── Denied                authentication or authorisation said no
    │   │   └── Unauthenticated   nobody has said who asks, or not so that it can be believed
    │   └── Unsupported           valid for Argo, not served by this installation
    └── Retryable                 the same call may go through later (delay in seconds)
        ├── Conflict              somebody else wrote first: read again, decide again
        │   └── Expired           what was asked to be gone on from is no longer kept: begin anew
        └── Unavailable           a peer is down, slow or refuses for now
            └── Pending           it is on its way elsewhere: asking again with the same request finds its outcome

Every handler understands the two axes: a `Permanent` is acknowledged and shown, a `Retryable` goes back to its queue.
Adapters wrap what their client library raises and chain it, so that no caller ever sees a library's exception.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "AlreadyExists",
    "ArgosyError",
    "Conflict",
    "Denied",
    "EvaluationError",
    "Expired",
    "InvalidObject",
    "NotFound",
    "Pending",
    "Permanent",
    "Placed",
    "Retryable",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
]


class ArgosyError(Exception):
    """Root of everything that Argosy raises on purpose; `problems` are the single ones when an error stands for several."""

    problems: Sequence[ArgosyError] = ()


class Permanent(ArgosyError):
    """Trying the same again gives the same answer."""


class Placed(Permanent):
    """Something is wrong at a place of a manifest: says which object, which field, why, and where in the file.

    `obj` is `kind/namespace/name` as far as known, `field` a path such as `spec.triggers[0].template.http.url`,
    `line` counts from 1 in the file it came from.
    """

    def __init__(
        self,
        reason: str,
        *,
        obj: str = "",
        field: str = "",
        line: int | None = None,
        file: str = "",
        problems: Sequence[ArgosyError] = (),
    ) -> None:
        self.reason, self.obj, self.field, self.line, self.file = reason, obj, field, line, file
        self.problems = problems
        super().__init__(reason)

    def __str__(self) -> str:
        where = (
            f"{self.file}:{self.line}"
            if self.file and self.line
            else self.file or (f"line {self.line}" if self.line else "")
        )
        return ": ".join(part for part in (where, self.obj, self.field, self.reason) if part)


class InvalidObject(Placed):
    """A manifest or a field of one is wrong."""


class EvaluationError(Permanent):
    """A filter, template, expression or path of the user failed on the data it was given."""


class NotFound(Permanent):
    """The thing that was named is not there."""


class AlreadyExists(Permanent):
    """The thing that was to be made is there already."""


class Denied(Permanent):
    """The caller, or the identity that Argosy acts under, may not do this."""


class Unauthenticated(Denied):
    """The request says nothing, or nothing that can be believed, about who sent it."""


class Unsupported(Placed):
    """Argo knows this, this installation does not serve it; the text says what to do instead."""


class Retryable(ArgosyError):
    """The same call may go through later; `delay` is the least number of seconds to wait, 0 if unknown."""

    def __init__(self, message: str, *, delay: float = 0.0) -> None:
        self.delay = delay
        super().__init__(message)


class Conflict(Retryable):
    """A conditional write found another version: read again and decide again."""


class Expired(Conflict):
    """The point to go on from (a resourceVersion, a page's token) is no longer kept: list again."""


class Unavailable(Retryable):
    """A peer (API server, target, queue) is unreachable, overloaded or answers with a server error."""


class Pending(Unavailable):
    """The work is being done elsewhere; whoever asks again with the same request is given its outcome, when it has come."""
