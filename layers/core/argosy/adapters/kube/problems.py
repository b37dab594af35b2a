"""From answers of an API server to `argosy.errors`.

In: HTTP status, body and the object that was asked for. Out: the error to raise. Called by what talks to one.
The server's own message is what the user reads; kubectl shows the same one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    Expired,
    InvalidObject,
    NotFound,
    Unavailable,
    Unsupported,
)

__all__ = ["is_route_missing", "problem"]


_NO_TYPE: Final = "failed to create typed patch object"
"""What a server-side apply of a field that the kind has not is answered with; trying again helps nobody."""


def problem(status: int, body: bytes, headers: Mapping[str, str], subject: str) -> ArgosyError:
    """The error for a status outside 200…299. `subject` is kind/namespace/name as far as known."""
    answer = _status_object(body)
    message = str(answer.get("message") or body.decode(errors="replace").strip()[:300] or f"HTTP status {status}")
    if status in (401, 403):
        return Denied(f"{subject}: {message}")
    if status == 404:
        return NotFound(f"{subject}: {message}")
    if status == 409:
        if answer.get("reason") == "AlreadyExists":
            return AlreadyExists(f"{subject}: {message}")
        return Conflict(f"{subject}: {message}")
    if status == 410:  # a version, or a page of a list, that the server no longer keeps
        return Expired(f"{subject}: {message}")
    if status in (405, 415):
        return Unsupported(f"{subject}: the cluster does not allow this on the kind: {message}")
    if status == 500 and _NO_TYPE in message:
        return InvalidObject(message, obj=subject)
    if status == 429 or status >= 500 or status < 400:
        return Unavailable(f"{subject}: the API server answers {status}: {message}", delay=_delay(answer, headers))
    return InvalidObject(message, obj=subject, field=_field(answer))


def is_route_missing(status: int, body: bytes) -> bool:
    """True for the 404 of a path that the server does not serve at all, unlike that of a missing object."""
    return status == 404 and not _details(_status_object(body)).get("kind")


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and value.get("kind") == "Status" else {}


def _details(answer: dict[str, Any]) -> dict[str, Any]:
    details = answer.get("details")
    return details if isinstance(details, dict) else {}


def _field(answer: dict[str, Any]) -> str:
    causes = _details(answer).get("causes") or [{}]
    return str(causes[0].get("field", "")) if len(causes) == 1 else ""


def _delay(answer: dict[str, Any], headers: Mapping[str, str]) -> float:
    wanted = _details(answer).get("retryAfterSeconds") or headers.get("retry-after") or 0
    try:
        return max(float(wanted), 0.0)
    except ValueError:  # the header may be a date, which says no more than "later"
        return 0.0
