"""How many pods more, and how many fewer, than asked for a rollout may have while it moves.

Follows `utils/replicaset/canary.go` (MaxSurge, MaxUnavailable) and `resolveFenceposts` of Argo Rollouts: both are 25 % by
default, surge rounds up, unavailable down, and not both can be zero. A text is a percentage with or without its sign.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import Rollout

__all__ = ["max_surge", "max_unavailable", "percent"]

_DEFAULT: Final = "25%"


def percent(value: int | str) -> int | None:
    """The number of a percentage, None for an absolute number. Raises EvaluationError for a text that is neither."""
    if isinstance(value, int):
        return None
    try:
        return int(value.replace("%", ""))
    except ValueError as x:
        raise EvaluationError(f"{value!r} is neither a number nor a percentage") from x


def max_surge(rollout: Rollout) -> int:
    """Pods beyond the replicas; 0 for a rollout that is no canary. Raises EvaluationError."""
    return _resolved(rollout)[0] if rollout.canary is not None else 0


def max_unavailable(rollout: Rollout) -> int:
    """Pods that may be unavailable. Raises EvaluationError."""
    replicas = rollout.spec.desired
    if rollout.canary is None or not replicas:
        value = rollout.blue_green.max_unavailable if rollout.blue_green is not None else None
        return _share(_DEFAULT if value is None else value, replicas, up=False) if replicas else 0
    return min(_resolved(rollout)[1], replicas)


def _resolved(rollout: Rollout) -> tuple[int, int]:
    canary, replicas = rollout.canary, rollout.spec.desired
    surge = canary.max_surge if canary is not None else None
    unavailable = canary.max_unavailable if canary is not None else None
    return _fenceposts(surge, unavailable, replicas)


@lru_cache(maxsize=512)
def _fenceposts(surge: int | str | None, unavailable: int | str | None, replicas: int) -> tuple[int, int]:
    """Kept: a turn asks a dozen times."""
    more = _share(_DEFAULT if surge is None else surge, replicas, up=True)
    fewer = _share(_DEFAULT if unavailable is None else unavailable, replicas, up=False)
    # Nothing could ever move; as resolveFenceposts has it, one pod may be missing then.
    return (more, fewer) if more or fewer else (0, 1)


def _share(value: int | str, replicas: int, *, up: bool) -> int:
    share = percent(value)
    if share is None:
        return int(value)
    return -(-share * replicas // 100) if up else share * replicas // 100
