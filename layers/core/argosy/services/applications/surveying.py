"""Looks on schedule at what is live in a cluster without an agent, once for all Applications that go there.

`ClusterCheck` is a `control.controller.Controller` whose objects are clusters. It lists the kinds that Applications put
there, compares the lists with the hub's copies, and puts in what differs as if an agent had reported it (`Inbox.changed`):
so drift wakes whom it concerns, and what is unchanged costs no write. It looks again after `timeout.reconciliation`, the
shortest of those Applications' clusters; every ten seconds while something is under way; and as soon as somebody asks
(`surveys`).

A kind that cannot be listed keeps its copies, and the others are listed. A cluster that does not answer is told to all its
Applications, once. As in Argo CD's cluster cache (gitops-engine/pkg/cache/cluster.go, v3.1), but listed where that watches.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from argosy.control.agents.normal import pruned, version_of
from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import Wanted
from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Denied, NotFound, Unsupported
from argosy.gitops.settings import JITTER, SOFT
from argosy.ports.cluster import Cluster, Objects
from argosy.resources.definitions import GROUP
from argosy.services.agents.mirror import Mirror
from argosy.services.applications.controlplane import settings_of
from argosy.services.applications.surveys import Survey
from argosy.services.applications.watching import Deploys, Kind, deployed

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["ClusterCheck"]

_WATCHING: Final = "watching"
_WHOLE_SECONDS: Final = 3600
"""How often a list is compared although it is the one of before: copies may have been lost."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A cluster that is to be looked at: how the kinds are listed, the survey before, and when the next one is due."""

    cluster: str
    kinds: Mapping[Wanted, Kind]
    before: Survey
    period: float
    due: datetime


class ClusterCheck:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._surveys = runtime.applications.surveys

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`. Where nothing is deployed any more, the copies go."""
        name = key.name
        try:
            entry = self._runtime.registry.find(name)
        except NotFound:
            self._surveys.forget(name)
            return None
        kinds = deployed(self._runtime.store, entry) if not entry.watched else {}
        if not kinds:
            self._surveys.forget(name)
            if not entry.watched:
                self._mirror(name).watch(())
            return None
        before, period = self._surveys.last(name), self._period(name)
        due = datetime.fromtimestamp(self._surveys.due(name, before, period), UTC)
        return Observation(_Seen(name, kinds, before, period, due))

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        seen: _Seen = observation.object
        if seen.due > now:
            return Decision(requeue_at=seen.due)
        return Decision((Call(f"list {now}", seen, repeatable=True),))

    def call(self, call: Call) -> datetime:
        """See `Controller.call`: list, and tell whoever waits for it; when to look again."""
        seen: _Seen = call.what
        began = self._runtime.clock.now().timestamp()
        try:
            cluster = self._runtime.clusters.named(seen.cluster, "survey")
            cluster.version()
        except ArgosyError as x:
            survey = replace(seen.before, tried=began, failed=seen.before.failed + 1, problem=str(x))
            self._surveys.put(seen.cluster, survey)
            if not seen.before.failed:
                self._wake_all(seen.cluster)
        else:
            survey = self._surveyed(seen, cluster, began)
            self._surveys.put(seen.cluster, survey)
            self._answer(seen.cluster, survey)
        return datetime.fromtimestamp(self._surveys.due(seen.cluster, survey, seen.period), UTC)

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`: a cluster has none."""
        del observation, decision, report
        return None

    def _period(self, name: str) -> float:
        """A time of 0 ends the looking for commits, not for drift."""
        homes = sorted({key.cluster for key in Deploys(self._runtime.store, name).applications()})
        settings = [settings_of(self._runtime, home, self._mirror(home).scopes()) for home in homes]
        soft, jitter = min(((one.soft, one.jitter) for one in settings if one.soft), default=(SOFT, JITTER))
        return soft + jitter * (zlib.crc32(name.encode()) % 1000) / 1000

    def _surveyed(self, seen: _Seen, cluster: Cluster, began: float) -> Survey:
        mirror, states, digests = self._mirror(seen.cluster), dict[str, str](), dict[str, str]()
        mirror.watch(seen.kinds)
        known, first = mirror.scopes(), False
        for scope, kind in sorted(seen.kinds.items()):
            try:
                found = cluster.list(scope.api_version, kind.kind, scope.namespace)
            except (Denied, Unsupported) as x:
                states[scope.key] = f"refused: {x}"
                continue
            except ArgosyError as x:
                states[scope.key] = f"waiting: {x}"
                continue
            listed = known[scope.key][1]
            states[scope.key], digests[scope.key] = _WATCHING, _digest(found, began)
            if not listed or digests[scope.key] != seen.before.digests.get(scope.key):
                self._runtime.inbox.changed(seen.cluster, list(self._changes(mirror, scope, found)))
                mirror.listed(scope, max(map(version_of, found), default=0))
                first = first or not listed
        if first:
            self._wake_all(seen.cluster)
        return Survey(began, began, states=states, digests=digests)

    def _changes(self, mirror: Mirror, scope: Wanted, found: Objects) -> Iterator[Item]:
        """What a complete list has otherwise than the copies."""
        secret_key = self._runtime.subscribing.secret_key(mirror.cluster)
        left = {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found}
        for place, copy in mirror.all(scope.key):
            namespace, _, name = place.partition("/")
            obj = left.get((namespace, name))
            if obj is None:
                yield Item(scope.key, "DELETED", namespace, name, copy.uid, copy.version)
            elif (copy.uid, copy.version, copy.lost) == (obj["metadata"]["uid"], version_of(obj), False):
                del left[namespace, name]
        for obj in left.values():
            body = pruned(obj, secret_key)
            yield replace(Item.of(scope.key, "MODIFIED", body), object=body)

    def _answer(self, cluster: str, survey: Survey) -> None:
        """Wake who has waited for it."""
        applications = self._runtime.applications
        waited = {*applications.surveys.answered(cluster, survey), *applications.waiting.answered(cluster)}
        self._runtime.app_wakes.wake_all([str(key) for key in sorted(waited) if key.group == GROUP])

    def _wake_all(self, cluster: str) -> None:
        keys = Deploys(self._runtime.store, cluster).applications()
        self._runtime.app_wakes.wake_all([str(key) for key in keys])

    def _mirror(self, cluster: str) -> Mirror:
        return Mirror(self._runtime.store, self._runtime.blobs, cluster)


def _digest(found: Objects, now: float) -> str:
    """Names a list, for an hour."""
    versions = sorted(f"{one['metadata']['uid']} {version_of(one)}" for one in found)
    return hashlib.sha256("\n".join((str(int(now // _WHOLE_SECONDS)), *versions)).encode()).hexdigest()[:32]
