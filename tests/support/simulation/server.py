"""A toy API server with what the control loop's promises are about: versions, preconditions, several writers; and a mirror.

The server notes what must never happen: a user's patch overwritten, an object of another home touched. The mirror shows each
object as of some earlier time, one object further behind than another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.control.effects import Apply, Observation, Remove, Version, Write
from argosy.control.keys import Key
from argosy.errors import Conflict, NotFound
from argosy.lang.copying import copied

Body = dict[str, Any]
HOME = "home"
"""The label that says which installation an object belongs to."""


@dataclass
class Change:
    """One change of an object: what it was after it, None when it is gone."""

    resource: int
    target: Key
    body: Body | None


@dataclass
class Server:
    """Objects by key. `home` is the installation whose writes come by `write`; everybody else uses `user`."""

    home: str
    point: Callable[[], None]
    violate: Callable[[str], None]
    objects: dict[Key, Body] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    resource: int = 0
    patched: dict[str, int] = field(default_factory=dict)

    def version(self, target: Key) -> Version | None:
        """See `Writer.version`."""
        self.point()
        return self.live(target)

    def live(self, target: Key) -> Version | None:
        """The version now, without a chance for anything to happen."""
        body = self.objects.get(target)
        return version_of(body) if body is not None else None

    def write(self, write: Write) -> tuple[str, int | None]:
        """See `Writer.write`."""
        self.point()
        answer = self._write(write)
        self.point()
        return answer

    def _write(self, write: Write) -> tuple[str, int | None]:
        found = self.objects.get(write.target)
        if isinstance(write, Apply):
            if found is not None and found["metadata"]["labels"].get(HOME) != self.home:
                raise Conflict(f"{write.target}: another manager owns its fields")
            return self._store(write.target, merged(found or {}, write.manifest))
        if found is None or version_of(found) != write.version:
            raise Conflict(f"{write.target}: not the version that the write stands on")
        return self.unconditional(write)

    def unconditional(self, write: Write) -> tuple[str, int | None]:
        """Write without the precondition: what no controller may do. Notes whom that hurts."""
        found = self.objects.get(write.target)
        if found is None or isinstance(write, Apply):
            raise NotFound(str(write.target))
        if self.patched.get(found["metadata"]["uid"], 0) > write.version.resource:
            self.violate(f"{write.target}: a user's patch was overwritten")
        if found["metadata"]["labels"].get(HOME) != self.home:
            self.violate(f"{write.target}: another home's object was touched")
        if isinstance(write, Remove):
            return self.remove(write.target), None
        return self._store(write.target, merged(found, write.body))

    def create(self, target: Key, body: Mapping[str, Any]) -> None:
        """Somebody makes an object."""
        if target not in self.objects:
            self._store(target, dict(body))

    def user(self, target: Key, body: Mapping[str, Any]) -> None:
        """Somebody patches an object, if it is there."""
        found = self.objects.get(target)
        if found is not None:
            uid, resource = self._store(target, merged(found, body))
            self.patched[uid] = resource or 0

    def remove(self, target: Key) -> str:
        """The object's end; its uid."""
        body = self.objects.pop(target)
        self.resource += 1
        self.changes.append(Change(self.resource, target, None))
        return str(body["metadata"]["uid"])

    def _store(self, target: Key, body: Body) -> tuple[str, int | None]:
        before = self.objects.get(target)
        metadata = body["metadata"] = dict(body.get("metadata") or {})
        if before is not None and without_version(before) == without_version(body):
            return metadata["uid"], metadata["resourceVersion"]
        self.resource += 1
        metadata.setdefault("uid", f"u{self.resource}")
        metadata.setdefault("labels", {})
        changed = before is None or before.get("spec") != body.get("spec")
        metadata["generation"] = metadata.get("generation", 0) + changed
        metadata["resourceVersion"] = self.resource
        self.objects[target] = body
        self.changes.append(Change(self.resource, target, copied(body)))
        return metadata["uid"], self.resource


class Mirror:
    """What the hub knows of the server: changes of an object in their order, of different objects in any."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._taken = 0
        self._waiting: dict[Key, list[Change]] = {}
        self._shown: dict[Key, Body] = {}

    def waiting(self) -> list[Key]:
        """Objects of which changes have not arrived."""
        for change in self._server.changes[self._taken :]:
            self._waiting.setdefault(change.target, []).append(change)
        self._taken = len(self._server.changes)
        return sorted(key for key, changes in self._waiting.items() if changes)

    def arrive(self, key: Key) -> tuple[Body | None, Body | None]:
        """The next change of an object arrives; what was shown before and what is now."""
        change, before = self._waiting[key].pop(0), self._shown.get(key)
        if change.body is None:
            self._shown.pop(key, None)
        else:
            self._shown[key] = change.body
        return before, change.body

    def get(self, key: Key) -> Body | None:
        """The object as it is shown."""
        return copied(self._shown.get(key))

    def owned(self, home: str, owner: str) -> dict[Key, Body]:
        """The objects that `owner` of `home` has made."""
        wanted = {HOME: home, "owner": owner}
        return {
            key: copied(body)
            for key, body in sorted(self._shown.items())
            if wanted.items() <= body["metadata"]["labels"].items()
        }

    def observation(self, seen: Any, read: Mapping[Key, Body | None]) -> Observation:
        """An observation of what was read, and up to when it is complete."""
        late = [self._waiting[key][0].resource - 1 for key in self.waiting()]
        versions = {key: version_of(body) if body is not None else None for key, body in read.items()}
        return Observation(seen, versions, min(late, default=self._server.resource))


def version_of(body: Mapping[str, Any]) -> Version:
    """An object's version."""
    return Version(body["metadata"]["uid"], body["metadata"]["resourceVersion"])


def merged(body: Mapping[str, Any], patch: Mapping[str, Any]) -> Body:
    """RFC 7386."""
    out = dict(copied(body))
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, Mapping):
            out[name] = merged(out.get(name) or {}, value)
        else:
            out[name] = value
    return out


def without_version(body: Mapping[str, Any]) -> Body:
    """An object without what the server counts."""
    metadata = {k: v for k, v in body["metadata"].items() if k not in ("resourceVersion", "generation")}
    return {**body, "metadata": metadata}
