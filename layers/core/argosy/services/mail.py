"""Message bodies: JSON, and a claim check in place of what is too large for a queue.

A body above 200 KB goes to the blob store under its own hash and the message carries `{"blob": key}`; readers never see
the difference. Blobs outlive the longest a message can live in a queue and are then swept. A body carries its format's
version as `v` (`argosy.formats`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from argosy import formats
from argosy.errors import EvaluationError
from argosy.ports.blobs import Blobs

__all__ = ["MAX_INLINE", "pack", "unpack"]

MAX_INLINE = 200_000


def pack(body: Mapping[str, Any], blobs: Blobs) -> str:
    """`body` as a message body.

    Raises EvaluationError for what JSON cannot hold (nested too deep), Unavailable when a large body cannot be stored.
    """
    try:
        data = orjson.dumps({**body, "v": formats.MESSAGES})
    except orjson.JSONEncodeError as x:
        raise EvaluationError(f"cannot be sent as a message: {x}") from x
    if len(data) <= MAX_INLINE:
        return data.decode()
    key = f"messages/{hashlib.sha256(data).hexdigest()}"
    blobs.put(key, data)
    return orjson.dumps({"blob": key}).decode()


def unpack(text: str, blobs: Blobs) -> Any:
    """The inverse of `pack`.

    Raises EvaluationError for what is no message, NotFound when its blob is gone, Unavailable for a newer release's.
    """
    try:
        body = orjson.loads(text)
        if isinstance(body, dict) and body.keys() == {"blob"}:
            body = orjson.loads(blobs.get(body["blob"]))
    except orjson.JSONDecodeError as x:
        raise EvaluationError(f"not a message of ours: {x}") from x
    if isinstance(body, dict):
        formats.check(body.pop("v", 0), formats.MESSAGES, "the message")
    return body
