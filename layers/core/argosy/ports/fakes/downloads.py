"""Files at addresses, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.errors import NotFound

__all__ = ["FakeDownloads"]


class FakeDownloads:
    """Holds files by address; `asked` are the addresses that were asked for."""

    def __init__(self, held: Mapping[str, bytes]) -> None:
        self._held = held
        self.asked: list[str] = []

    def file(self, url: str) -> bytes:
        """See `Downloads.file`."""
        self.asked.append(url)
        if url not in self._held:
            raise NotFound(f"{url}: answered 404")
        return self._held[url]
