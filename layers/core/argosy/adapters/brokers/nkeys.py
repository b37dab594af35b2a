"""NATS's keys: what a seed and a credentials file log in with, by Ed25519 of cryptography.

Follows the encoding of `github.com/nats-io/nkeys` (strkey.go): prefix, key, CRC-16 (XMODEM, little endian), as base32
without padding; a seed has two prefix bytes, the second of which says whose it is. Its own Python package has no wheels.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from argosy.errors import InvalidObject

__all__ = ["UserKey", "read_credentials"]

_SEED: Final = 18 << 3
_USER: Final = 20 << 3
_JWT: Final = re.compile(r"-+BEGIN NATS USER JWT-+\s+(\S+)\s+-+END NATS USER JWT-+")
_KEY: Final = re.compile(r"-+BEGIN USER NKEY SEED-+\s+(\S+)\s+-+END USER NKEY SEED-+")


class UserKey:
    """The key pair of a user's seed (`SU…`). Raises InvalidObject for anything else, without what it is."""

    def __init__(self, seed: str) -> None:
        try:
            raw = base64.b32decode(seed.strip() + "=" * (-len(seed.strip()) % 8))
        except (binascii.Error, ValueError):
            raise InvalidObject("no seed of a key: it is base32 that begins with SU", field="auth") from None
        body, check = raw[:-2], raw[-2:]
        whose = (body[0] & 7) << 5 | body[1] >> 3 if len(body) == 34 else 0
        if len(body) != 34 or body[0] & 248 != _SEED or whose != _USER or _checksum(body) != check:
            raise InvalidObject("no seed of a user's key, or not all of it: it begins with SU", field="auth")
        self._key = Ed25519PrivateKey.from_private_bytes(body[2:])

    @property
    def public(self) -> str:
        """The public key, `U…`."""
        body = bytes([_USER]) + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b32encode(body + _checksum(body)).decode().rstrip("=")

    def sign(self, nonce: str) -> bytes:
        """The signature of what the server sent, in base64."""
        return base64.b64encode(self._key.sign(nonce.encode()))


def read_credentials(text: str) -> tuple[bytes, UserKey]:
    """The JWT and the key of a credentials file. Raises InvalidObject for anything else."""
    jwt, key = _JWT.search(text), _KEY.search(text)
    if jwt is None or key is None:
        raise InvalidObject("no credentials file: it has a NATS USER JWT and a USER NKEY SEED", field="auth.credential")
    return jwt[1].encode(), UserKey(key[1])


def _checksum(body: bytes) -> bytes:
    return binascii.crc_hqx(body, 0).to_bytes(2, "little")
