"""When clusters without an agent were listed last and what came of it, and who waits for them to be listed anew.

Rows: `surveys` (sk the cluster) has the last survey; `surveying/<cluster>` who has asked for one since when;
`hurrying/<cluster>` the Applications of which something is under way there. The check of the cluster
(`surveying.ClusterCheck`) reads them and answers; Applications ask by `ask` and `hurry`. An Application that has written
into the cluster concludes nothing from copies that are older than that (`lacks`): what it has written, and what it has
deleted, no copy knows yet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from argosy.control.backoff import backoff
from argosy.control.keys import Key
from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row, Store
from argosy.services.agents.registry import DIRECT
from argosy.services.agents.subscribing import agent_key
from argosy.services.applications.following import GROUP

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["KIND", "Survey", "Surveys", "ask", "cluster_key", "hurry", "watch_anew"]

KIND: Final = "Cluster"
_PK: Final = "surveys"
_SKEW: Final = 1.0
"""Seconds by which the clocks of two functions may differ."""

_LEAST: Final = 2.0
_HURRY: Final = 10.0
_HURRIED: Final = 300.0
_FAILED: Final = 5.0
_KEPT: Final = 86_400.0


def cluster_key(cluster: str) -> Key:
    """What is woken to list a cluster."""
    return Key("", GROUP, KIND, "", cluster)


@dataclass(frozen=True, slots=True)
class Survey:
    """When a cluster was listed last, in epoch seconds, and tried to be; `failed`: how often in vain since, `problem`: why.

    `states` of the scopes, as agents tell them. `digests`: what was in them, so that what is the same is not compared.
    """

    at: float = 0.0
    tried: float = 0.0
    failed: int = 0
    problem: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


class Surveys:
    """The rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def last(self, cluster: str) -> Survey:
        """The last survey; one of long ago when there was none."""
        row = self._store.get(_PK, cluster)
        return Survey(**row.data) if row is not None else Survey()

    def put(self, cluster: str, survey: Survey) -> None:
        """Note a survey."""
        self._store.write([Put(Row(_PK, cluster, asdict(survey)))])

    def forget(self, cluster: str) -> None:
        """Nothing is deployed there any more."""
        self._store.write([Delete(_PK, cluster)])

    def ask(self, cluster: str, key: Key, *, wrote: bool = False) -> None:
        """An object wants a newer survey; one that has written wants one that is newer than this."""
        if wrote or self._store.get(_asking(cluster), str(key)) is None:
            now = self._seconds()
            row = Row(_asking(cluster), str(key), {"at": now, "wrote": wrote}, expires_at=now + _KEPT)
            self._store.write([Put(row)])

    def hurry(self, cluster: str, key: Key, *, under_way: bool) -> bool:
        """Whether something of an Application is under way there: then look often, for a while; whether that is news."""
        now, row = self._seconds(), self._store.get(_hurrying(cluster), str(key))
        left = row.data["until"] - now if row is not None else 0.0
        if under_way and left < _HURRIED / 2:
            until = now + _HURRIED
            self._store.write([Put(Row(_hurrying(cluster), str(key), {"until": until}, expires_at=until))])
        elif row is not None and not under_way:
            self._store.write([Delete(_hurrying(cluster), str(key))])
        return under_way and left <= 0

    def lacks(self, cluster: str, key: Key) -> str:
        """Why the copies of a cluster tell an Application nothing now; "" when they do."""
        survey = self.last(cluster)
        if survey.failed:
            return survey.problem
        row = self._store.get(_asking(cluster), str(key))
        if row is not None and row.data["wrote"]:
            return f"cluster {cluster} has not been listed since this Application was synced"
        return ""

    def due(self, cluster: str, survey: Survey, period: float) -> float:
        """When it is to be listed next, in epoch seconds; one that does not answer is not asked more often by waiting."""
        if survey.failed:
            return survey.tried + min(backoff(cluster, survey.failed, _FAILED), period)
        asked: list[float] = [row.data["at"] for row in self._store.query(_asking(cluster))]
        if asked:
            return max(survey.tried + _LEAST, min(asked) + _SKEW)
        hurrying = any(row.data["until"] > self._seconds() for row in self._store.query(_hurrying(cluster)))
        return survey.tried + (min(period, _HURRY) if hurrying else period)

    def answered(self, cluster: str, survey: Survey) -> Sequence[Key]:
        """Who has asked for that survey, or an earlier one."""
        found: list[Key] = []
        for row in self._store.query(_asking(cluster)):
            if row.data["at"] + _SKEW <= survey.at:
                with contextlib.suppress(Conflict):  # it has just written again, and waits for the next one
                    self._store.write([Delete(row.pk, row.sk, expect=row.version)])
                    found.append(Key.parse(row.sk))
        return found

    def _seconds(self) -> float:
        return self._clock.now().timestamp()


def _asking(cluster: str) -> str:
    return f"surveying/{cluster}"


def _hurrying(cluster: str) -> str:
    return f"hurrying/{cluster}"


def ask(runtime: Runtime, cluster: str, key: Key, *, wrote: bool = False) -> bool:
    """Have a cluster listed soon, if no agent tells of it; whether that is so. `key`, `wrote`: see `Surveys.ask`."""
    if runtime.registry.way(cluster) not in DIRECT:
        return False
    runtime.applications.surveys.ask(cluster, key, wrote=wrote)
    runtime.app_wakes.wake(str(cluster_key(cluster)))
    return True


def hurry(runtime: Runtime, cluster: str, key: Key, *, under_way: bool) -> None:
    """Have a cluster that no agent tells of listed often while something of an Application is under way there."""
    if runtime.applications.surveys.hurry(cluster, key, under_way=under_way):
        runtime.app_wakes.wake(str(cluster_key(cluster)))


def watch_anew(runtime: Runtime, cluster: str, key: Key) -> None:
    """What is to be watched in a cluster is something else because of `key`."""
    if not ask(runtime, cluster, key):
        runtime.door_wakes.wake(str(agent_key(cluster)))
