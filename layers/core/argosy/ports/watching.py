"""Watching port: every object of a kind, and then every change of one, for who stands next to the cluster.

Called by the agent alone, on one event loop for all kinds: sixty watches are sixty coroutines, not sixty threads. Lists come
page by page, so that no more than a page is held at a time. As client-go's Reflector uses the API (tools/cache/reflector.go,
v0.34): list, watch from the list's resourceVersion, go on from the last bookmark, list again after a 410.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

from argosy.ports.cluster import Objects, ServedKind

__all__ = ["Change", "Page", "Scope", "Watcher"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched: a kind, in `namespace` ("" = all), of the objects that the selectors take.

    `metadata`: objects come without anything but their metadata.
    """

    kind: ServedKind
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    metadata: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `version`: the resourceVersion that all its pages show; `token`: for the next, "" = no more."""

    items: Objects
    version: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch: `type` is ADDED, MODIFIED, DELETED or BOOKMARK (which has nothing but a resourceVersion)."""

    type: str
    object: dict[str, Any]

    @property
    def version(self) -> str:
        """The resourceVersion to go on from after this."""
        return str(self.object["metadata"]["resourceVersion"])


class Watcher(Protocol):
    """Lists and watches. Errors as those of `Cluster`; `Expired` where a version or a token is no longer kept."""

    async def page(self, scope: Scope, *, limit: int, token: str = "") -> Page:
        """The first `limit` objects, or those that follow the page whose token it is."""
        ...

    def watch(self, scope: Scope, since: str, seconds: int) -> AsyncGenerator[Change]:
        """The changes after resourceVersion `since` as they come, bookmarks among them, for `seconds` at most.

        Ends without an error when the time is over; go on from the last version. Raises `Unavailable` when the connection
        breaks.
        """
        ...
