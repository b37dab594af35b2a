"""A signer that looks at its keys again now and then, for processes that outlive a rotation.

A Lambda function may stay warm for hours. What it signs with is five minutes old at most. Public keys are told as they are
now: whoever starts an agent with older ones has one that refuses its hub for good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from argosy.adapters.signing.ed25519 import KeySigner

__all__ = ["FRESH_SECONDS", "RenewedSigner"]

FRESH_SECONDS: Final = 300.0


class RenewedSigner:
    """See `Signer`. `load` gives the text of the keys, `clock` counts seconds."""

    def __init__(self, load: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._load, self._clock = load, clock
        self._signer: KeySigner | None = None
        self._made = 0.0
        self._mutex = threading.Lock()

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """See `Signer.sign`."""
        return self._fresh().sign(data)

    def public_keys(self) -> list[str]:
        """See `Signer.public_keys`."""
        return self._fresh(now=True).public_keys()

    def sealing_key(self) -> str:
        """See `Signer.sealing_key`."""
        return self._fresh().sealing_key()

    def _fresh(self, *, now: bool = False) -> KeySigner:
        with self._mutex:
            if now or self._signer is None or self._clock() - self._made >= FRESH_SECONDS:
                self._signer, self._made = KeySigner(self._load), self._clock()
            return self._signer
