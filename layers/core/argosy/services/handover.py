"""Credentials of a cluster's repositories, on their way from the function that knows them to the one that fetches.

In: `Credentials` and the address that they are for. Out: a text that opens for this address alone, sealed for the
installation's own key as agents seal values (docs/decisions/0011, 0014): nothing that records a call can show a password.
"""

from __future__ import annotations

from dataclasses import asdict

import orjson

from argosy.errors import EvaluationError
from argosy.ports.repository import Credentials, GithubApp
from argosy.ports.sealing import Opener, Sealer
from argosy.ports.signing import Signer

__all__ = ["Handover", "opened"]


class Handover:
    """Seals for the key that `signer` names."""

    def __init__(self, sealer: Sealer, signer: Signer) -> None:
        self._sealer, self._signer = sealer, signer

    def sealed(self, url: str, credentials: Credentials) -> str:
        """The text. Raises EvaluationError where there is no key yet: no cluster has an agent."""
        public = self._signer.sealing_key()
        if not public:
            raise EvaluationError("there is no key to seal credentials for: argosy cluster add --agent makes it")
        return self._sealer.seal(public, orjson.dumps(asdict(credentials)), _context(url))


def opened(opener: Opener, url: str, sealed: str) -> Credentials:
    """What was sealed. Raises Denied for what was changed, or is for another address."""
    data = orjson.loads(opener.open(sealed, _context(url)))
    return Credentials(**{**data, "app": GithubApp(**data["app"]) if data["app"] else None})


def _context(url: str) -> str:
    return f"fetch {url}"
