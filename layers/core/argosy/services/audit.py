"""The audit: who asked for what, and when; kept for a year (pk `audit/<day>`, sk the time)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from argosy.ports.clock import stamp
from argosy.ports.store import Put, Row

__all__ = ["audited"]

_KEEP_SECONDS: Final = 366 * 86_400.0


def audited(actor: str, changed: Sequence[str], now: datetime) -> Put:
    """The row that says so, for the transaction of the change itself, or to be written before what has none."""
    key, expiry = f"{stamp(now)}/{uuid.uuid4()}", now.timestamp() + _KEEP_SECONDS
    return Put(Row(f"audit/{now:%Y-%m-%d}", key, {"actor": actor, "changed": list(changed)}, expires_at=expiry))
