"""Checks a repository on schedule, once for all Applications that follow it: one work item, however many they are.

`RepositoryCheck` is a `control.controller.Controller` whose objects are repositories. An Application is woken only when a
revision that it follows has moved, whoever found that out; an unchanged one costs no message. One whose manifests cannot be
others at the new commit waits its turn, within a minute: nothing but the commit in its status changes. The shortest period
counts of those that the settings of their clusters say; where these say never, an Application hears nothing. That all were
woken is noted after they were: a crash between the two wakes them again. What cannot move, a whole commit or version, is
not asked for.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Denied, NotFound, Unavailable
from argosy.gitops.refresh.needs import LATEST
from argosy.gitops.revisions import is_commit
from argosy.ports.repository import Credentials
from argosy.resources.application import Application
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.declared import those_of
from argosy.services.applications.following import Head, Place, place_of
from argosy.services.applications.sources import Round
from argosy.services.fetching import FetchRequest

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["FEW", "RepositoryCheck"]

FEW: Final = 20
"""So many Applications of a repository are looked at at once, whatever has changed in it."""

_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:[-+].*)?")


@dataclass(frozen=True, slots=True)
class _Read:
    """What has moved, to where, and who is to hear of it; `wait`: seconds until the revisions must be asked for again.

    `patient`: whose manifests are the same.
    """

    wait: float
    moved: Mapping[Place, str] = field(default_factory=dict)
    woken: Sequence[Key] = ()
    patient: Sequence[Key] = ()


class RepositoryCheck:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`: asks the repository for what nobody was told of late."""
        following = self._runtime.applications.following
        following_it = [one for one in following.all(key) if one.soft]
        followers = [(one.key, one.places) for one in following_it]
        places = sorted({place for _, follows in followers for place in follows if not _is_fixed(place)})
        if not places:
            return None
        before = {place: following.head(place) for place in places}
        soft, jitter = min((one.soft, one.jitter) for one in following_it)
        period = soft + jitter * (zlib.crc32(key.name.encode()) % 1000) / 1000
        now = self._runtime.clock.now().timestamp()
        stale = [place for place, head in before.items() if head is None or now - head.at >= soft]
        for place in stale:
            clusters = sorted({who.cluster for who, follows in followers if place in follows})
            following.found(place, self._asked(clusters, place), before[place])
        heads = before | {place: following.head(place) for place in stale}
        oldest = min((head.at for head in heads.values() if head is not None), default=now)
        return Observation(self._read(followers, _moved(heads), oldest + period - now))

    def _read(self, followers: Sequence[tuple[Key, Sequence[Place]]], moved: Mapping[Place, str], wait: float) -> _Read:
        if not moved:
            return _Read(wait)
        concerned = [key for key, follows in followers if moved.keys() & set(follows)]
        known: dict[Key, Application] = {}
        for cluster in sorted({key.cluster for key in concerned}):
            with contextlib.suppress(NotFound):
                known |= those_of(self._runtime, self._runtime.registry.find(cluster), concerned)
        there = [key for key in concerned if key not in known or not _has(known[key], moved)]
        if len(there) <= FEW:
            return _Read(wait, moved, there)
        self._fetch(sorted({key.cluster for key in there}), moved)
        credentials, together = cache(self._credentials), Round()
        patient = {
            key for key in there if key in known and self._are_same(key, known[key], moved, credentials, together)
        }
        return _Read(
            wait, moved, [key for key in there if key not in patient], [key for key in there if key in patient]
        )

    def _are_same(
        self,
        key: Key,
        app: Application,
        moved: Mapping[Place, str],
        credentials: Callable[[str, str, str], Credentials],
        together: Round,
    ) -> bool:
        def signing_in(url: str) -> Credentials:
            return credentials(key.cluster, url, app.spec.project_name)

        try:
            return self._runtime.applications.sources.are_same(app, moved, signing_in, together)
        except ArgosyError:
            return False

    def _credentials(self, cluster: str, url: str, project: str) -> Credentials:
        home = ControlPlane(self._runtime, cluster)
        return self._runtime.applications.repositories.credentials(home, url, project)

    def _fetch(self, clusters: Sequence[str], moved: Mapping[Place, str]) -> None:
        """Have the new commits here, so that they can be told from those before; whoever cannot find out is told at once."""
        access = self._runtime.applications.access
        for (url, revision, chart), commit in moved.items():
            request = FetchRequest(url=url, revision=revision, chart=chart)
            for cluster in clusters if commit else ():
                try:
                    for credentials in self._ways(cluster, url):
                        with contextlib.suppress(Denied):
                            asked = request.asked_by(access.name(credentials), credentials)
                            self._runtime.fetching.take(asked, commit, partial(replace, credentials))
                            break
                except Unavailable:
                    return  # the others would have to be waited for as long
                except ArgosyError:
                    continue

    def _asked(self, clusters: Sequence[str], place: Place) -> str:
        """The commit; "" for one that cannot be told, which those who follow it find out themselves.

        Some may sign in where others may not; that there is something new, each is told. Raises Unavailable when the
        repository does not answer, or nobody could tell and somebody's Secrets cannot be read.
        """
        url, revision, chart = place
        request = FetchRequest(url=url, revision=revision, chart=chart)
        untold: Unavailable | None = None
        for cluster in clusters:
            try:
                ways = self._ways(cluster, url)
            except Unavailable as x:
                untold = untold or x
                continue
            try:
                for credentials in ways:
                    with contextlib.suppress(Denied):
                        commit = self._runtime.fetching.resolve(request, credentials)
                        access = self._runtime.applications.access
                        access.let_in(url, access.name(credentials))
                        return commit
            except Unavailable:
                raise  # whoever asks
            except ArgosyError:
                continue
        if untold is not None:
            raise untold
        return ""

    def _ways(self, cluster: str, url: str) -> Sequence[Credentials]:
        """What Applications of a cluster sign in with, up to what is not served. Raises Unavailable."""
        found: list[Credentials] = []
        try:
            home = ControlPlane(self._runtime, cluster)
            for one in self._runtime.applications.repositories.ways(home, url):
                found.append(one)
        except Unavailable:
            raise
        except ArgosyError:
            return found
        return found

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        read: _Read = observation.object
        effects = (Call(f"tell {now}", read, repeatable=True),) if read.moved else ()
        return Decision(effects, requeue_at=now + timedelta(seconds=max(read.wait, 1.0)))

    def call(self, call: Call) -> bool:
        """See `Controller.call`: wake the Applications, then note that all were."""
        read: _Read = call.what
        self._runtime.applications.asking.put_all([*read.woken, *read.patient], LATEST)
        self._runtime.app_wakes.wake_all([str(key) for key in read.woken])
        self._runtime.app_wakes.spread([str(key) for key in read.patient])
        for place, commit in read.moved.items():
            self._runtime.applications.following.told(place, commit)
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`: a repository has none."""
        del observation, decision, report
        return None


def _moved(heads: Mapping[Place, Head | None]) -> dict[Place, str]:
    return {place: head.commit for place, head in heads.items() if head is not None and head.untold}


def _has(app: Application, moved: Mapping[Place, str]) -> bool:
    """Whether its status tells of these commits already."""
    told = app.status.sync.told
    places = [place_of(one) for one in app.spec.all_sources]
    return len(told) == len(places) and all(moved.get(*pair) == pair[1] for pair in zip(places, told, strict=True))


def _is_fixed(place: Place) -> bool:
    _, revision, chart = place
    return _VERSION.fullmatch(revision) is not None if chart else is_commit(revision)
