"""The Sealing port on the cryptography package: HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305.

Keys are texts as those that sign (`ed25519`): the base64 of 32 bytes, kept as `{"keys": ["<private>", …]}`, the newest
first. A sealed text is `<name of the public key>:<base64>`. Of the two halves the private one lies by itself, so that only
what opens values may read it; the public one lies with the keys that sign, as `seal`, because the hub signs it on its way
to the agents (docs/decisions/0011).
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.adapters.signing.ed25519 import key_name
from argosy.adapters.signing.renewed import FRESH_SECONDS
from argosy.errors import Conflict, Denied, InvalidObject, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

__all__ = ["KeyOpener", "KeySealer", "new_seal_keys", "public_half", "renewed_keys", "with_public_half", "without_old"]

_INFO: Final = "argosy/values/1\n"
_AGAIN_SECONDS: Final = 5.0
_KEYS: Final = "sealing keys"


def new_seal_keys(before: str = "") -> str:
    """A new private key before the newest of `before` (the same kind of text), as the text to keep."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    made = base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode()
    return orjson.dumps({"keys": [made, *(_texts(before)[:1] if before else [])]}).decode()


def renewed_keys(text: str) -> str:
    """The keys with a new one that agents are to seal for; the old one still opens.

    Raises Conflict when there are two already.
    """
    if len(_texts(text)) > 1:
        raise Conflict("the sealing key was renewed already: drop the old one with --finish first")
    return new_seal_keys(text)


def without_old(text: str) -> str:
    """The keys without the old one. Raises Conflict when there is only one."""
    texts = _texts(text)
    if len(texts) < 2:
        raise Conflict("there is no old sealing key: rotate without --finish first")
    return orjson.dumps({"keys": texts[:1]}).decode()


def public_half(text: str) -> str:
    """The public key that agents are to seal for: that of the newest private one."""
    return base64.b64encode(_loaded(text)[0].public_key().public_bytes_raw()).decode()


def with_public_half(signing: str, sealing: str) -> str:
    """The text of the signing keys, with the public half of these sealing keys beside them."""
    return orjson.dumps({**orjson.loads(signing), "seal": public_half(sealing)}).decode()


class KeySealer:
    """See `Sealer`."""

    def seal(self, public: str, data: bytes, context: str) -> str:
        """See `Sealer.seal`."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        name = key_name(public)
        key = X25519PublicKey.from_public_bytes(base64.b64decode(public))
        sealed = _suite().encrypt(data, key, (_INFO + context).encode())
        return f"{name}:{base64.b64encode(sealed).decode()}"


class KeyOpener:
    """Opens with the keys of the text that `load` gives, which is asked again now and then; `clock` counts seconds.

    A key that is not among them may be newer than what was loaded: then it is asked at once, every five seconds at most.
    """

    def __init__(self, load: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._load, self._clock = load, clock
        self._keys: dict[str, X25519PrivateKey] = {}
        self._loaded_at = 0.0
        self._mutex = threading.Lock()

    def open(self, sealed: str, context: str) -> bytes:
        """See `Opener.open`."""
        from cryptography.exceptions import InvalidTag

        name, _, text = sealed.partition(":")
        key = self._key(name)
        try:
            found: bytes = _suite().decrypt(base64.b64decode(text, validate=True), key, (_INFO + context).encode())
        except (InvalidTag, ValueError):
            raise Denied("sealed values do not open: they were changed, or are of something else") from None
        return found

    def _key(self, name: str) -> X25519PrivateKey:
        with self._mutex:
            age = self._clock() - self._loaded_at
            if not self._keys or age >= FRESH_SECONDS or (name not in self._keys and age >= _AGAIN_SECONDS):
                self._keys = {_name(key): key for key in _loaded(self._load())}
                self._loaded_at = self._clock()
            if name not in self._keys:
                raise Unavailable(f"sealed for key {name[:16]!r}, which is not held any more: its agent seals anew")
            return self._keys[name]


def _suite() -> Any:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _name(key: X25519PrivateKey) -> str:
    return key_name(base64.b64encode(key.public_key().public_bytes_raw()).decode())


def _texts(text: str) -> list[str]:
    try:
        keys = list(map(str, orjson.loads(text)["keys"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        keys = []
    if not keys:
        # Without the cause: its text may quote the key.
        raise InvalidObject(f"holds no {_KEYS}", obj="agent seal") from None
    return keys


def _loaded(text: str) -> list[X25519PrivateKey]:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        return [X25519PrivateKey.from_private_bytes(base64.b64decode(one, validate=True)) for one in _texts(text)]
    except ValueError:
        raise InvalidObject(f"holds no {_KEYS}", obj="agent seal") from None
