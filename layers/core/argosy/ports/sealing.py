"""Sealing port: an agent seals values of Secrets for its hub, and only who holds the hub's private key opens them.

HPKE (RFC 9180) in its base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305. `context` names what the values are of; what was
sealed under one opens under no other.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Opener", "Sealer"]


class Sealer(Protocol):
    """Needs nothing but the hub's public key."""

    def seal(self, public: str, data: bytes, context: str) -> str:
        """The sealed text, never twice the same. Raises InvalidObject for what is no public key."""
        ...


class Opener(Protocol):
    """Holds the private keys: the newest, and until a rotation is finished the one before."""

    def open(self, sealed: str, context: str) -> bytes:
        """The data. Raises Denied for what was changed or sealed under another context.

        Raises Unavailable for a key that is not held any more, NotFound when no key can be had.
        """
        ...
