"""How the gateway process ends the worker process: by a word on its standard input, and some patience."""

from __future__ import annotations

from typing import Final

__all__ = ["DRAIN", "DRAIN_SECONDS"]

DRAIN: Final = b"drain"
DRAIN_SECONDS: Final = 20.0
