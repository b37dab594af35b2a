"""The one rule for blob keys, shared by every adapter of the Blobs port."""

from __future__ import annotations

import re

from argosy.errors import InvalidObject

__all__ = ["check_key"]

_KEY = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")


def check_key(key: str) -> str:
    """Return `key` when it is one; raises InvalidObject otherwise (so a key can never leave its folder or bucket)."""
    if not _KEY.match(key) or len(key) > 900:
        raise InvalidObject(f"{key!r} is not a blob key: words of A-Z a-z 0-9 . _ - with / between them")
    return key
