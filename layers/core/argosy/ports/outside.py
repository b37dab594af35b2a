"""Outside port: what a request's answer may depend on beyond this installation."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Outside"]


class Outside(Protocol):
    """Asked while somebody waits for an answer; whoever may not wait is told Unavailable until it is known."""

    def visit(self, url: str) -> bool:
        """Whether a GET of an https URL is answered with 2xx. Raises Denied (the egress rule) or Unavailable."""
        ...

    def vouches(self, url: str, text: bytes, signature: bytes, digest: str) -> bool:
        """Whether the certificate at an https URL vouches for `text` by an RSA signature; `digest` is sha1 or sha256.

        Raises Denied (the egress rule) or Unavailable.
        """
        ...
