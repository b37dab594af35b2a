"""Git LFS for tests: pointers, and the batch API of a repository's own server (docs/api in github.com/git-lfs/git-lfs)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.plainserver import Asked

__all__ = ["LfsServer", "pointer"]


def pointer(content: bytes) -> str:
    """What stands in the repository for a content."""
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"


@dataclass
class LfsServer:
    """Holds contents by their SHA-256; `base` is the address below which they are found, `more` is said of each besides."""

    base: str
    held: dict[str, bytes] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def put(self, content: bytes) -> None:
        """Hold a content."""
        self.held[hashlib.sha256(content).hexdigest()] = content

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """See `GitServer.lfs`."""
        name = asked.path.rpartition("/")[2]
        if asked.method == "GET":
            return (200, self.held[name]) if asked.headers.get("X-Ticket") == "t1" else (403, b"")
        body = json.loads(asked.body)
        assert asked.path.endswith("/info/lfs/objects/batch")
        assert asked.headers["Accept"] == asked.headers["Content-Type"] == "application/vnd.git-lfs+json"
        assert body["operation"] == "download"
        self.batches.append(len(body["objects"]))
        told = {"transfer": "basic", "objects": [self._told(one) for one in body["objects"]]}
        return 200, json.dumps(told).encode()

    def _told(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["oid"] not in self.held:
            return {**one, "error": {"code": 404, "message": "Object does not exist"}}
        action = {"href": f"{self.base}/info/lfs/objects/{one['oid']}", "header": {"X-Ticket": "t1"}}
        return {**one, "actions": {"download": action | self.more}}
