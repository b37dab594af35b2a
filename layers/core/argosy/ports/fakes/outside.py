"""Outside port in memory."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.errors import ArgosyError

__all__ = ["FakeOutside"]


class FakeOutside:
    """Visits go well unless `problems` has one for the URL; `signed` are the (URL, signature, digest) that are right."""

    def __init__(
        self,
        signed: Mapping[tuple[str, bytes, str], bytes] | None = None,
        problems: Mapping[str, ArgosyError] | None = None,
    ) -> None:
        self.visited: list[str] = []
        self.signed = dict(signed or {})
        self.problems = dict(problems or {})

    def visit(self, url: str) -> bool:
        """See `Outside.visit`."""
        self._fail(url)
        self.visited.append(url)
        return True

    def vouches(self, url: str, text: bytes, signature: bytes, digest: str) -> bool:
        """See `Outside.vouches`."""
        self._fail(url)
        return self.signed.get((url, signature, digest)) == text

    def _fail(self, url: str) -> None:
        if url in self.problems:
            raise self.problems[url]
