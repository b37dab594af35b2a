"""How long to wait before a call is made again, where botocore's own retries do not reach.

botocore repeats a call that failed as a whole. What it leaves to its caller: single entries of an SQS batch, and DynamoDB's
transactions that met another one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["ATTEMPTS", "pauses"]

ATTEMPTS = 5
_FIRST = 0.05
_MOST = 1.0


def pauses(attempts: int = ATTEMPTS, chance: Callable[[], float] = random.random) -> Iterator[float]:
    """Seconds to wait between `attempts` attempts: a random part of 0.05, 0.1, 0.2, … at most 1."""
    for number in range(attempts - 1):
        yield chance() * min(_MOST, _FIRST * 2**number)
