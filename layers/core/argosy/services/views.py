"""Declarations as users see them: with their status, page by page, and waited for.

What a lister waits on is the number that every transaction of declarations writes (`objects.VERSION_KEY`): it moves with
every object that is created, changed or deleted, in the same transaction, so that whoever sees the number sees the change.
There is one number and not one for each kind and namespace. An apply then writes one row more whatever it
holds and a hundred changes stay one transaction; who waits reads one small row each time; and what it costs is that a
waiter also wakes for a change of another kind, and finds its own list as it was. A different version means that something
may have changed; the same version, that nothing has.

Status is no declaration: counters and failures are written with every firing, where another row for each would be dear.
A list that is waited for shows them as they are when the wait ends; one object has a version of its own, made of all
that is shown, so that waiting for it tells of its status too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["MAX_WAIT", "Page", "Views", "fingerprint"]

MAX_WAIT: Final = 20.0
"""Seconds that a request may wait for a change: API Gateway gives up after 29."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects with status; `next` begins the next page ("" on the last), `version` was read before the objects."""

    items: list[dict[str, Any]]
    next: str
    version: str


class Views:
    """The declarations of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def version(self) -> str:
        """The version of every list."""
        return str(self._runtime.objects.version())

    def page(self, kind: str, namespace: str | None, *, after: str = "", limit: int, base_url: str = "") -> Page:
        """Up to `limit` objects of a kind, of one namespace or (None) of all, that follow `next` of the page before.

        The version is read first: a change that comes while the objects are read has a later one. `base_url`: where webhooks
        are called from outside, where the runtime does not know it.
        """
        version = self.version()
        found = self._runtime.objects.listing(kind, namespace, after=after, limit=limit + 1)
        shown = found[:limit]
        more = _key(shown[-1]) if len(found) > limit else ""
        return Page([self._shown(body, base_url) for body in shown], more, version)

    def one(self, kind: str, namespace: str, name: str, *, base_url: str = "") -> dict[str, Any]:
        """One object; `base_url` as for `page`. Raises NotFound."""
        return self._shown(self._runtime.objects.get(kind, namespace, name), base_url)

    def _shown(self, body: dict[str, Any], base_url: str) -> dict[str, Any]:
        from argosy.services.status import with_status

        runtime = self._runtime
        return with_status(runtime.store, body, runtime.unserved, runtime.base_url() or base_url)

    def wait(self, version: Callable[[], str], since: str, seconds: float) -> None:
        """Wait until `version` gives something else than `since`, for `seconds` at most."""
        clock = self._runtime.clock
        end = clock.now().timestamp() + min(seconds, MAX_WAIT)
        while version() == since and clock.now().timestamp() < end:
            if not clock.sleep(self._runtime.watch_seconds):
                return


def fingerprint(body: dict[str, Any]) -> str:
    """The version of one object as it is shown."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _key(body: dict[str, Any]) -> str:
    return f"{body['metadata']['namespace']}/{body['metadata']['name']}"
