"""New keys for agents without a moment in which one of them refuses its hub.

An agent trusts the public keys that its manifests name. So a new key is first only announced: it stands second, the old one
goes on signing, and manifests name both. When all agents have those, the old one is dropped, and the new one signs.
Pure, but for making a key. Called by `argosy agent keys rotate`.
"""

from __future__ import annotations

import orjson

from argosy.adapters.signing.ed25519 import new_keys
from argosy.errors import Conflict, InvalidObject

__all__ = ["announced", "finished"]


def announced(text: str) -> str:
    """The keys with a new one after the one that signs. Raises Conflict when one is announced already."""
    keys = _keys(text)
    if len(keys) > 1:
        raise Conflict("a new key is announced already: apply the agents' manifests, then rotate with --finish")
    (made,) = _keys(new_keys())
    return orjson.dumps({**orjson.loads(text), "keys": [*keys, made]}).decode()


def finished(text: str) -> str:
    """The keys without the old one. Raises Conflict when no new one was announced."""
    keys = _keys(text)
    if len(keys) < 2:
        raise Conflict("no new key is announced: rotate without --finish first")
    return orjson.dumps({**orjson.loads(text), "keys": keys[1:]}).decode()


def _keys(text: str) -> list[str]:
    try:
        keys: list[str] = list(orjson.loads(text)["keys"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        keys = []
    if not keys:
        # Without the cause: its text may quote the key.
        raise InvalidObject("holds no signing keys", obj="agent keys") from None
    return keys
