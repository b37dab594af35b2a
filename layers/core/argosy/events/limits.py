"""Rate limits of triggers: when the next attempt may start.

Follows `initRateLimiter` of Argo Events 1.9 (`pkg/sensors/listener.go`): the starts of a trigger's attempts are evenly
spaced, by `unit` (Second unless it is Minute or Hour) over `requestsPerUnit`. Different on purpose: nothing is saved up
while a trigger is idle, where Argo lets up to ten attempts through at once, in each of its processes anew.
"""

from __future__ import annotations

from typing import Final

from argosy.resources.sensor import RateLimit

__all__ = ["slot", "spacing"]

_UNITS: Final = {"Minute": 60.0, "Hour": 3600.0}


def spacing(limit: RateLimit | None) -> float:
    """Seconds between two starts, 0 without a limit."""
    if limit is None or limit.requests_per_unit < 1:
        return 0.0
    return _UNITS.get(limit.unit, 1.0) / limit.requests_per_unit


def slot(free: float, now: float, apart: float) -> tuple[float, float]:
    """The start of an attempt that is ready at `now`, and when the next one may start; `free` is that of the last slot."""
    start = max(free, now)
    return start, start + apart
