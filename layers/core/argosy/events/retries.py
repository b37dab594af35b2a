"""How often a firing is tried, how long it waits in between, and what follows when all attempts fail.

Follows `listener.go` and `pkg/shared/util/retry.go` of Argo Events 1.9: without `atLeastOnce` one attempt and nothing
else; with it, as many attempts as the retryStrategy has steps, then the dlqTrigger by its own rules.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.resources.sensor import Backoff

__all__ = ["attempts", "wait_after"]

_DEFAULT_STEPS = 5
_MAX_WAIT = 86_400.0


def attempts(at_least_once: bool, strategy: Backoff | None) -> int:
    """Greatest number of attempts of one firing."""
    if not at_least_once or strategy is None:
        return 1
    return strategy.steps if strategy.steps is not None and strategy.steps > 0 else _DEFAULT_STEPS


def wait_after(strategy: Backoff, attempt: int, chance: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    `chance` in [0, 1) stands for the random stretch that jitter adds. Raises EvaluationError for a bad duration.
    """
    first = _first_wait(strategy)
    factor = 1.0 if strategy.factor is None else float(strategy.factor)
    jitter = 1.0 if strategy.jitter is None else float(strategy.jitter)
    try:
        wait = first * factor ** (attempt - 1) if factor else first
    except OverflowError:
        wait = _MAX_WAIT
    if jitter > 0:
        wait += chance * jitter * wait
    return max(0.0, min(wait, _MAX_WAIT))


def _first_wait(strategy: Backoff) -> float:
    if strategy.duration is None:
        return 1.0
    nanoseconds = strategy.duration if isinstance(strategy.duration, int) else duration.parse(strategy.duration)
    if nanoseconds < 0:
        raise EvaluationError(f"retryStrategy.duration {strategy.duration!r} is negative")
    return nanoseconds / 1e9
