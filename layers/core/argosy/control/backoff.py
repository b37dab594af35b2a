"""How long an object waits after a turn that failed.

Exponential like client-go's rate limiter in Argo's controllers, with jitter; nothing is drawn by lot, so that a turn that
is repeated waits as long.
"""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["backoff"]

_CAP: Final = 600.0


def backoff(key: str, attempt: int, base: float, cap: float = _CAP) -> float:
    """Seconds to wait after the `attempt`th failure in a row (from 1): half to the whole of base x 2^(attempt-1), capped."""
    ceiling = min(cap, base * 2.0 ** min(attempt - 1, 30))
    share: float = int.from_bytes(hashlib.sha256(f"{key}\n{attempt}".encode()).digest()[:4]) / 2**32
    return ceiling * (0.5 + share / 2)
