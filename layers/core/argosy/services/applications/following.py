"""Which Applications follow which revisions of a repository, and where those were found last.

Rows: `follows/<repository>` has an Application's addresses, revisions and charts, and how often they are to be looked for;
`heads/<repository>` the commit of a revision or the version of a chart, and when it was told. So a repository is asked once
for all who follow it. `named/<host and path>` has whom a webhook may mean that names it so.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.control.keys import Key
from argosy.errors import Conflict
from argosy.gitops.revisions import bare_address, comparable
from argosy.gitops.settings import JITTER, SOFT
from argosy.ports.clock import Clock
from argosy.ports.store import ABSENT, Delete, Put, Row, Store
from argosy.resources.source import Source

__all__ = ["Follower", "Following", "Head", "Place", "place_of", "repository_key"]

GROUP: Final = "argosy.dev"
KIND: Final = "Repository"
_TRIES: Final = 5


type Place = tuple[str, str, str]
"""What is followed: an address, a revision, and the name of a chart or ""."""


def place_of(source: Source) -> Place:
    """What somebody follows who has this source."""
    return source.repo_url, source.target_revision, source.chart


def repository_key(url: str) -> Key:
    """What is woken to check a repository."""
    return Key("", GROUP, KIND, "", hashlib.sha256(comparable(url).encode()).hexdigest()[:32])


@dataclass(frozen=True, slots=True)
class Head:
    """A commit, or a chart's version, and when the repository told it, in epoch seconds.

    "" when it told none: that was refused, or is not there. `untold`: not all who follow it have been woken since it moved.
    """

    commit: str
    at: float
    untold: bool = False
    version: int = ABSENT


@dataclass(frozen=True, slots=True)
class Follower:
    """An Application, and what it follows of a repository.

    Its settings have that looked for after `soft` seconds and at most `jitter` more; 0 = never.
    """

    key: Key
    places: Sequence[Place]
    soft: float = SOFT
    jitter: float = JITTER


class Following:
    """The rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def follow(
        self,
        key: Key,
        sources: Sequence[Place],
        dry: Sequence[Place] = (),
        *,
        soft: float = SOFT,
        jitter: float = JITTER,
    ) -> list[Key]:
        """Note what an Application follows, and how often; the repositories that it did not follow so before.

        `dry`: what it is to hear of by webhooks besides.
        """
        wanted: dict[Key, list[list[str]]] = {}
        for url, revision, chart in sources:
            wanted.setdefault(repository_key(url), []).append([url, revision, *([chart] if chart else [])])
        row = self._store.get("followers", str(key))
        before = [Key.parse(one) for one in row.data["repositories"]] if row is not None else []
        new: list[Key] = []
        for repository, follows in wanted.items():
            known = self._store.get(_follows(repository), str(key))
            data: dict[str, Any] = {"follows": follows, "every": [soft, jitter]}
            if known is None or known.data != data:
                self._store.write([Put(Row(_follows(repository), str(key), data))])
                new.append(repository)
        for repository in set(before) - wanted.keys():
            self._store.write([Delete(_follows(repository), str(key))])
        names = {name for place in (*sources, *dry) for name in _names(place)}
        called = set(row.data.get("names", ())) if row is not None else set()
        if set(before) != wanted.keys() or names != called:
            data = {"repositories": [str(one) for one in wanted]}
            if names - called:
                # Before those rows themselves, so that a crash leaves none that nobody takes away.
                self._store.write([Put(Row("followers", str(key), {**data, "names": sorted(names | called)}))])
            for name in sorted(names ^ called):
                self._store.write([Put(Row(name, str(key), {})) if name in names else Delete(name, str(key))])
            ended = Put(Row("followers", str(key), {**data, "names": sorted(names)}))
            self._store.write([ended if wanted or names else Delete("followers", str(key))])
        return new

    def named(self, address: str) -> Sequence[Key]:
        """The Applications of all clusters that may be meant by an address (`revisions.bare_address`)."""
        return [Key.parse(row.sk) for row in self._store.query(_named_by(address))]

    def followers(self, repository: Key) -> Iterator[tuple[Key, Sequence[Place]]]:
        """The Applications that follow a repository, each with what it follows there."""
        for one in self.all(repository):
            yield one.key, one.places

    def all(self, repository: Key) -> Iterator[Follower]:
        """The same, with how often they have it looked at."""
        for row in self._store.query(_follows(repository)):
            places = [(url, revision, "".join(chart)) for url, revision, *chart in row.data["follows"]]
            yield Follower(Key.parse(row.sk), places, *row.data.get("every", ()))

    def head(self, place: Place) -> Head | None:
        """Where a revision was found last."""
        row = self._store.get(_heads(place[0]), _named(place))
        if row is None:
            return None
        return Head(row.data["commit"], row.data["at"], row.data.get("untold", False), row.version)

    def found(self, place: Place, commit: str, seen: Head | None = None) -> bool:
        """A repository has told where a revision is; whether others are to be told so.

        `seen`: what was known before it was asked. Any doubt since then stands.
        """
        for _ in range(_TRIES):
            before = self.head(place)
            untold = before is not None and (before.untold or before.commit != commit)
            doubted = before is not None and not before.at and before != seen
            with contextlib.suppress(Conflict):
                self._put(place, Head(commit, 0.0 if doubted else self._clock.now().timestamp(), untold), before)
                return untold
        return True  # somebody else finds it all the time, and tells them

    def doubt(self, place: Place) -> None:
        """Somebody says that a revision has moved: the next check asks the repository, however new the answer is."""
        for _ in range(_TRIES):
            before = self.head(place)
            if before is None:
                return
            with contextlib.suppress(Conflict):
                self._put(place, replace(before, at=0.0), before)
                return

    def told(self, place: Place, commit: str) -> None:
        """All who follow it have been woken since it moved there."""
        before = self.head(place)
        if before is not None and before.untold and before.commit == commit:
            with contextlib.suppress(Conflict):  # it has moved on
                self._put(place, replace(before, untold=False), before)

    def _put(self, place: Place, head: Head, before: Head | None) -> None:
        data = {"commit": head.commit, "at": head.at} | ({"untold": True} if head.untold else {})
        expect = before.version if before is not None else ABSENT
        self._store.write([Put(Row(_heads(place[0]), _named(place), data), expect=expect)])


def _names(place: Place) -> list[str]:
    """By which rows it is found: by its address, and as an artifact of a registry by that of the chart."""
    url, _, chart = place
    addresses = [url, *([f"{url.rstrip('/')}/{chart}"] if chart else [])]
    return [_named_by(bare_address(one)) for one in addresses]


def _named_by(address: str) -> str:
    return f"named/{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def _follows(repository: Key) -> str:
    return f"follows/{repository.name}"


def _named(place: Place) -> str:
    """A row's key; no name of Git's holds a blank."""
    _, revision, chart = place
    return f"{revision} of {chart}" if chart else revision or "HEAD"


def _heads(url: str) -> str:
    return f"heads/{repository_key(url).name}"
