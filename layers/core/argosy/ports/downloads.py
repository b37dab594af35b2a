"""Downloads port: a single file at an address, for a render that names it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Downloads"]


class Downloads(Protocol):
    """Asks hosts within the egress rule; nothing is kept."""

    def file(self, url: str) -> bytes:
        """What an http address answers, after a few redirects.

        Raises Denied (the address, or the host says so), NotFound, EvaluationError (too large), Permanent or Unavailable.
        """
        ...
