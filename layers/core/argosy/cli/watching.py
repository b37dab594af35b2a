"""What `argosy get` finds, and what `argosy get --watch` goes on to show.

In: a client and what was asked for. Out: objects. A watch waits for the installation to say that something may have changed
(`Client.listing`, twenty seconds at most) and compares what it sees with what it has shown, so that a change is shown once
and what has not changed is not. A deleted object is shown a last time, with `status.deleted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.cli.client import Client, Seen
from argosy.errors import InvalidObject, NotFound
from argosy.services.kinds import KINDS, kind_named

__all__ = ["Query", "follow", "found"]

type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A kind as a user says it, or `all`; names (none = all of them); a namespace (None = all).

    Making one raises NotFound for an unknown kind, and for what cannot be asked together.
    """

    kind: str
    names: tuple[str, ...]
    namespace: str | None

    def __post_init__(self) -> None:
        if self.names and self.namespace is None:
            raise NotFound("a name and --all-namespaces do not go together")
        if self.names and self.kind == "all":
            raise InvalidObject("a name needs its kind: KIND NAME")
        _ = self.kinds

    @property
    def kinds(self) -> list[str]:
        """The kinds that are meant."""
        return list(KINDS) if self.kind == "all" else [kind_named(self.kind)]


def found(client: Client, query: Query) -> list[Body]:
    """What is there now. Raises NotFound for a name that is not there."""
    return list(_seen(client, query, "").items)


def follow(client: Client, query: Query, show: Callable[[Sequence[Body], bool], object]) -> None:
    """Show what is there (`True`) and then, one by one (`False`), what changes; ends with an error or Ctrl-C.

    A single object that is deleted ends it, too.
    """
    seen = _seen(client, query, "")
    show(seen.items, True)
    before = {_key(body): body for body in seen.items}
    while True:
        try:
            seen = _seen(client, query, seen.version)
        except NotFound:
            for body in before.values():
                show([_deleted(body)], False)
            return
        now = {_key(body): body for body in seen.items}
        for key, body in now.items():
            if before.get(key) != body:
                show([body], False)
        for key, body in before.items():
            if key not in now:
                show([_deleted(body)], False)
        before = now


def _seen(client: Client, query: Query, since: str) -> Seen:
    kinds = query.kinds
    if not query.names:
        # All kinds have one version: the first waits, and the others are read once it has moved.
        first = client.listing(kinds[0], query.namespace, since=since)
        rest = [client.listing(kind, query.namespace) for kind in kinds[1:]]
        return Seen([body for seen in (first, *rest) for body in seen.items], first.version)
    namespace = query.namespace or ""
    if len(query.names) == 1:
        return client.one(kinds[0], namespace, query.names[0], since=since)
    version = client.listing(kinds[0], namespace, since=since).version
    bodies = [client.one(kinds[0], namespace, name).items[0] for name in query.names]
    return Seen(bodies, version)


def _key(body: Body) -> tuple[str, str, str]:
    metadata = body["metadata"]
    return body["kind"], metadata["namespace"], metadata["name"]


def _deleted(body: Body) -> Body:
    return {**body, "status": {**body["status"], "deleted": True}}
