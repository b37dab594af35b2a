"""What of an object leaves the cluster, and by what it is told to have changed.

Pure. `managedFields` is half of most objects: it leaves only where a change becomes an event, whose payload has it in Argo,
too. Values of Secrets leave as keyed hashes,
so that drift is visible and nothing else; the annotation in which kubectl keeps what was applied holds the same values in
plain text, and is dropped from Secrets. Called by the agent, and by the hub for clusters that it reaches itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

import orjson

__all__ = ["digest", "pruned", "version_of"]

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_HASHED: Final = "hmac-sha256:"


def pruned(obj: Mapping[str, Any], secret_key: str, *, whole: bool = False) -> dict[str, Any]:
    """The object as it is reported; `whole`: with its managedFields."""
    dropped = "" if whole else "managedFields"
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name != dropped}
    body = {**obj, "metadata": metadata}
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1":
        return body
    body.pop("stringData", None)
    if body.get("data"):
        body["data"] = {name: _hashed(value, secret_key) for name, value in body["data"].items()}
    metadata.pop("managedFields", None)  # it names every key
    if annotations := metadata.get("annotations"):
        metadata["annotations"] = {name: value for name, value in annotations.items() if name != _LAST_APPLIED}
    return body


def digest(obj: Mapping[str, Any]) -> bytes:
    """Sixteen bytes that change when anything but resourceVersion and managedFields does."""
    metadata = {
        name: value
        for name, value in (obj.get("metadata") or {}).items()
        if name not in ("resourceVersion", "managedFields")
    }
    text = orjson.dumps({**obj, "metadata": metadata}, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).digest()


def version_of(obj: Mapping[str, Any]) -> int:
    """The resourceVersion as a number; newer ones are greater (KEP-5504)."""
    return int((obj.get("metadata") or {}).get("resourceVersion") or 0)


def _hashed(value: object, secret_key: str) -> str:
    """Base64 as the field wants it, of text that says what it is."""
    mac = hmac.new(secret_key.encode(), str(value).encode(), hashlib.sha256).hexdigest()
    return base64.b64encode((_HASHED + mac).encode()).decode()
