"""The Signing port on the cryptography package.

Keys are texts: a private one is the base64 of its 32 bytes, a public one too; a key's name is the first sixteen hex digits
of the public key's SHA-256. Where the private key lies is the caller's matter: a file of the data directory, or a secret of
Secrets Manager; both hold a JSON object `{"keys": ["<private>", …]}`, the first of which signs. Beside them `seal` is the
public key that agents seal values for (`sealing`), if there is one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from argosy.errors import InvalidObject

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["KeySigner", "KeyVerifier", "key_name", "new_keys"]


def new_keys(before: str = "") -> str:
    """A new private key before the one that `before` (the same kind of text) signs with, as the text to keep."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    kept = orjson.loads(before)["keys"][:1] if before else []
    made = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    return orjson.dumps({"keys": [made, *kept]}).decode()


def key_name(public: str) -> str:
    """What messages name a public key by. Raises InvalidObject for what is none."""
    return hashlib.sha256(_decoded(public)).hexdigest()[:16]


class KeySigner:
    """Signs with the first key of the text that `load` gives, which is asked once."""

    def __init__(self, load: Callable[[], str]) -> None:
        self._load = load
        self._keys: list[Ed25519PrivateKey] = []
        self._seal = ""

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """See `Signer.sign`."""
        first = self._private()[0]
        return key_name(_public(first)), first.sign(data)

    def public_keys(self) -> list[str]:
        """See `Signer.public_keys`."""
        return [_public(key) for key in self._private()]

    def sealing_key(self) -> str:
        """See `Signer.sealing_key`."""
        self._private()
        return self._seal

    def _private(self) -> list[Ed25519PrivateKey]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not self._keys:
            try:
                body = orjson.loads(self._load())
                self._keys = [Ed25519PrivateKey.from_private_bytes(_decoded(text)) for text in body["keys"]]
                self._seal = str(body.get("seal", ""))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                # Without the cause: its text may quote the key.
                raise InvalidObject("holds no signing keys", obj="agent keys") from None
            if not self._keys:
                raise InvalidObject("holds no signing keys", obj="agent keys")
        return self._keys


class KeyVerifier:
    """Trusts `public` keys. Raises InvalidObject for a text that is none."""

    def __init__(self, public: Iterable[str]) -> None:
        self._raw = {key_name(text): _decoded(text) for text in public}
        self._keys: dict[str, Ed25519PublicKey] = {}

    def holds(self, key: str, data: bytes, signature: bytes) -> bool:
        """See `Verifier.holds`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if key not in self._raw:
            return False
        if key not in self._keys:
            self._keys[key] = Ed25519PublicKey.from_public_bytes(self._raw[key])
        try:
            self._keys[key].verify(signature, data)
        except InvalidSignature:
            return False
        return True


def _public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise InvalidObject("is no Ed25519 key: the base64 of 32 bytes", obj="key")
    return raw
