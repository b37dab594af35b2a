"""What was made before: a small blob beside a large one says what it is, so that nothing is fetched or rendered twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from argosy.errors import Denied, NotFound
from argosy.ports.blobs import Blobs

__all__ = ["keep", "known"]


def known[T](blobs: Blobs, place: str, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    """What `keep` has kept at `place`, None when that is nothing, or nothing that `read` can read."""
    try:
        return read(json.loads(blobs.get(f"{place}/summary.json")))
    except (NotFound, Denied):  # to a role that may not list the bucket, S3 says "denied" of what is not there
        return None
    except (ValueError, TypeError, KeyError):  # what another release wrote is made again
        return None


def keep(blobs: Blobs, place: str, summary: Mapping[str, Any]) -> None:
    """Keep a summary; to be called when everything that it names is there. Raises Unavailable."""
    blobs.put(f"{place}/summary.json", json.dumps(summary).encode())
