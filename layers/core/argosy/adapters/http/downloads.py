"""The Downloads port on urllib3, with the limits of `argosy.adapters.artifacts.web`."""

from __future__ import annotations

from argosy.adapters.artifacts.web import get, shown

__all__ = ["HttpDownloads"]


class HttpDownloads:
    """Asks without credentials: what an address names must be open to everybody."""

    def file(self, url: str) -> bytes:
        """See `Downloads.file`."""
        return get(url).checked(shown(url))
