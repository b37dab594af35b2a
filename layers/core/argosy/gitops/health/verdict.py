"""What a health check answers, and how checks read the objects they look at.

In: live Kubernetes objects as decoded JSON, in whatever state their controllers left them. Out: `Health`, one of Argo CD's
six states with a sentence. Everything that judges health uses these words (`gitops-engine/pkg/health/health.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

__all__ = [
    "DEGRADED",
    "HEALTHY",
    "MISSING",
    "PROGRESSING",
    "RANKS",
    "SUSPENDED",
    "UNKNOWN",
    "Check",
    "Health",
    "Object",
    "at",
    "conditions",
    "degraded",
    "find",
    "healthy",
    "items",
    "progressing",
    "ready",
    "said",
    "stale",
    "suspended",
    "unknown",
]

HEALTHY: Final = "Healthy"
SUSPENDED: Final = "Suspended"
PROGRESSING: Final = "Progressing"
MISSING: Final = "Missing"
DEGRADED: Final = "Degraded"
UNKNOWN: Final = "Unknown"
RANKS: Final = (HEALTHY, SUSPENDED, PROGRESSING, MISSING, DEGRADED, UNKNOWN)  # from best to worst

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Health:
    """A state, and why."""

    status: str
    message: str = ""


type Check = Callable[[Object], Health | None]


def _of(status: str, message: object = "") -> Health:
    return Health(status, message if isinstance(message, str) else "")


healthy = partial(_of, HEALTHY)
suspended = partial(_of, SUSPENDED)
progressing = partial(_of, PROGRESSING)
degraded = partial(_of, DEGRADED)
unknown = partial(_of, UNKNOWN)


def at(value: Any, *path: str) -> Any:
    """The value below `value` at the path, None where it ends before."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def items(value: Any, *path: str) -> list[Object]:
    """The objects of the list at the path; none when it is no list."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def conditions(obj: Object) -> list[Object]:
    """All of `status.conditions`."""
    return items(obj, "status", "conditions")


def find(among: Object | Iterable[Object], kind: str, status: str | None = None) -> Object | None:
    """The first condition of that type (and status), of an object or of a list of conditions."""
    listed = conditions(among) if isinstance(among, Mapping) else among
    for one in listed:
        if one.get("type") == kind and (status is None or one.get("status") == status):
            return one
    return None


def said(condition: Object | None, field: str = "message") -> str:
    """The text that a condition carries."""
    found = at(condition, field)
    return found if isinstance(found, str) else ""


def stale(obj: Object) -> bool:
    """Whether the controller says that it saw an older generation than the one there is."""
    observed = at(obj, "status", "observedGeneration")
    return observed is not None and observed != at(obj, "metadata", "generation")


def ready(waiting: str, kind: str = "Ready") -> Check:
    """The commonest check: one condition tells whether the object is fine or not; until it is there, wait."""

    def check(obj: Object) -> Health:
        for one in conditions(obj):
            if one.get("type") == kind and one.get("status") == "True":
                return healthy(said(one))
            if one.get("type") == kind and one.get("status") == "False":
                return degraded(said(one))
        return progressing(waiting)

    return check
