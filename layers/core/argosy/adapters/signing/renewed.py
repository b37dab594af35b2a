"""A signer that looks at its keys again now and then, for processes that outlive a rotation.

A Lambda function may stay warm for hours. What it signs with, and what it tells of public keys, is five minutes old at most.
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
        return self._fresh().public_keys()

    def _fresh(self) -> KeySigner:
        with self._mutex:
            if self._signer is None or self._clock() - self._made >= FRESH_SECONDS:
                self._signer, self._made = KeySigner(self._load), self._clock()
            return self._signer
