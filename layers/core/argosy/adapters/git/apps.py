"""Tokens of GitHub Apps, for repositories that are signed in at as an App.

In: an App and the address of a repository. Out: a token of the App's installation, kept in memory for a part of the hour
that it is good for. Follows `GitHubAppCreds` of `util/git/creds.go` in Argo CD 3.6: without an installation that of the
repository's owner is asked for.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from argosy.errors import InvalidObject
from argosy.ports.repository import GithubApp

__all__ = ["AppTokens"]

_FRESH_SECONDS: Final = 2400.0
_MOST: Final = 1000


class AppTokens:
    """Tokens by App and installation; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._mutex = clock, threading.Lock()
        self._known: dict[str, tuple[float, str]] = {}

    def token(self, app: GithubApp, url: str) -> str:
        """A token. Raises Denied, Unavailable, and InvalidObject for an address that names no owner."""
        from argosy.adapters.hooks.github import app_installation, app_token

        owner, repository = ("", "") if app.installation else _named(url)
        facts = (app.api, app.id, app.installation, owner, repository, app.key)
        name = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        with self._mutex:
            made, token = self._known.get(name, (-_FRESH_SECONDS, ""))
            if self._clock() - made < _FRESH_SECONDS:
                return token
        installation = app.installation or app_installation(app.api, app.id, owner, repository, app.key)
        token = app_token(app.api, app.id, installation, app.key)
        with self._mutex:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[name] = self._clock(), token
        return token


def _named(url: str) -> tuple[str, str]:
    parts = urlsplit(url).path.strip("/").removesuffix(".git").split("/")
    if len(parts) != 2 or not all(parts):
        raise InvalidObject("an App without an installation is for addresses like https://HOST/OWNER/NAME", field="url")
    return parts[0], parts[1]
