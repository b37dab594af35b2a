"""Ids of events: random ones, and those that an event has each time it is delivered."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime

__all__ = ["new_event_id", "same_event_id"]


def new_event_id(now: datetime) -> str:
    """An id that no other event has, 32 hex digits: 48 bits of milliseconds, 80 of chance.

    Ids sort as events came (as UUIDv7 does): what is kept of them goes to the end of the table, not to pages all over it.
    """
    return f"{int(now.timestamp() * 1000) & 0xFFFFFFFFFFFF:012x}{random.getrandbits(80):020x}"


def same_event_id(key: str, origin: str) -> str:
    """The id of an event of the entry `key` whose sender calls it `origin`: the same each time it is delivered."""
    return hashlib.sha256(f"{key}\n{origin}".encode()).hexdigest()[:32]
