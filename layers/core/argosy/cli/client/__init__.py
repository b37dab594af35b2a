"""What the commands work on: one interface, whichever way leads to the installation.

    direct   the data directory of this machine, while nothing runs on it
    remote   the API: of `argosy up` (a token), of any server (a token), of a stack on AWS (signed requests)

Commands know `Client` alone and print what it gives: the same in every way, and so are the errors, which the API sends as
data and `remote` raises again. `target.connect` chooses the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from argosy.resources.manifests import Manifest
from argosy.services.applied import Applied

if TYPE_CHECKING:
    from argosy.services.agents.administration import Change
    from argosy.services.agents.registry import Entry

__all__ = ["Client", "Moved", "ObjectKey", "Seen"]

type ObjectKey = tuple[str, str, str]
"""Kind, namespace, name."""

type Moved = Callable[[int, int], object]
"""Told now and then: so many messages have been moved, of about so many."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Objects with their status, and the version to wait from."""

    items: Sequence[Mapping[str, Any]]
    version: str


class Client(Protocol):
    """An installation."""

    def apply(self, manifests: Sequence[Manifest], namespace: str) -> list[Applied]:
        """Create or change objects, all or none. Raises as `Objects.apply` does."""
        ...

    def delete(self, objects: Sequence[ObjectKey]) -> list[Applied]:
        """Delete objects, all or none. Raises NotFound."""
        ...

    def one(self, kind: str, namespace: str, name: str, *, since: str = "") -> Seen:
        """One object; with `since` as soon as it has another version, or after some seconds. Raises NotFound."""
        ...

    def listing(self, kind: str, namespace: str | None, *, since: str = "") -> Seen:
        """All objects of a kind, of one namespace or (None) of all; `since` as in `one`."""
        ...

    def connections(self) -> list[dict[str, Any]]:
        """What event sources are connected to outside, or were to be: type, source, owners, connected, problem."""
        ...

    def queues(self) -> list[dict[str, Any]]:
        """Every queue with its depths; `deadLetters` is where it sets messages aside, "" for nowhere."""
        ...

    def redrive(self, queue: str, moved: Moved) -> int:
        """Send a queue's dead letters back to it; how many. Raises NotFound."""
        ...

    def events(self, namespace: str, since: str, until: str, limit: int) -> list[dict[str, Any]]:
        """Lines of the events of a time, the newest first. Raises InvalidObject for what is no time."""
        ...

    def event(self, namespace: str, event: str) -> dict[str, Any]:
        """An event and what became of it. Raises NotFound."""
        ...

    def why(self, namespace: str, sensor: str, event: str) -> dict[str, Any]:
        """What a sensor made of an event. Raises NotFound."""
        ...

    def replay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page of a replay, as the API takes and gives it. Raises NotFound, InvalidObject."""
        ...

    def clusters(self) -> list[dict[str, Any]]:
        """Every cluster with its agent's state, the home cluster first."""
        ...

    def cluster(self, name: str) -> dict[str, Any]:
        """One cluster. Raises NotFound."""
        ...

    def add_cluster(self, entry: Entry, *, replaces: bool) -> dict[str, Any]:
        """Register a cluster. Raises AlreadyExists, InvalidObject, Unsupported."""
        ...

    def change_cluster(self, name: str, change: Change) -> dict[str, Any]:
        """Change what a cluster is to the installation. Raises NotFound."""
        ...

    def remove_cluster(self, name: str) -> None:
        """Forget a cluster, and what was declared in it. Raises NotFound."""
        ...

    def agent_keys(self) -> list[str]:
        """The public keys that agents are to trust. Raises NotFound, InvalidObject where there are none."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
