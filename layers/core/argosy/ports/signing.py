"""Signing port: the hub signs what an agent is to do, the agent checks it. Ed25519 (RFC 8032).

The agent has public keys only, two of them while keys are changed, so that whoever takes an agent's place, or its queue,
can order nothing.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Signer", "Verifier"]


class Signer(Protocol):
    """Holds the private key."""

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """The key's name and its signature of `data`. Raises NotFound, Unavailable when the key cannot be had."""
        ...

    def public_keys(self) -> list[str]:
        """The keys that agents are to trust, as `Verifier`s take them: this one, and the next or the last one."""
        ...

    def sealing_key(self) -> str:
        """The public key that agents are to seal values for, "" where there is none: it is signed on its way to them."""
        ...


class Verifier(Protocol):
    """Knows the public keys."""

    def holds(self, key: str, data: bytes, signature: bytes) -> bool:
        """Whether the key of that name is trusted and has signed exactly `data`."""
        ...
