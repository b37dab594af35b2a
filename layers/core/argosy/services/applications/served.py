"""Which kinds a cluster serves, and its version, asked at most once a minute.

In: a cluster. Out: its kinds by group and kind, in the version that their group prefers; all their versions, as charts are
told them; Kubernetes' version as its agent's heartbeats tell it, or the cluster itself. The answers lie in a row, with when
they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from argosy.gitops.capabilities import api_versions, kube_version
from argosy.ports.cluster import Cluster, ServedKind, watchable
from argosy.ports.store import Put, Row
from argosy.services.agents.registry import AGENTS_PK

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Served"]

_GOOD_SECONDS: Final = 60.0
_PK: Final = "served"

type Kinds = Mapping[tuple[str, str], ServedKind]


@dataclass(frozen=True, slots=True)
class _Known:
    asked: float
    kinds: Kinds
    namespaced: Mapping[tuple[str, str], bool]
    versions: tuple[str, Sequence[str]]


class Served:
    """The kinds of all clusters of an installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, _Known] = {}

    def of(self, cluster: str) -> Kinds:
        """The kinds of a cluster. Raises Unavailable, and Pending behind an agent."""
        now = self._runtime.clock.now().timestamp()
        known = self._known.get(cluster)
        if known is not None and known.kinds and now - known.asked < _GOOD_SECONDS:
            return known.kinds
        row = self._runtime.store.get(_PK, cluster)
        if row is None or now - row.data["at"] >= _GOOD_SECONDS:
            row = self._asked(cluster, now)
        return self._read(row, now).kinds

    def namespaced(self, cluster: str) -> Mapping[tuple[str, str], bool]:
        """Whether they live in namespaces: of the kinds that `of` has told last."""
        known = self._known.get(cluster)
        return known.namespaced if known is not None else {}

    def versions(self, cluster: str) -> tuple[str, Sequence[str]]:
        """Kubernetes' version, and the versions of groups with their kinds, as they were told last; "" and () = never."""
        known = self._known.get(cluster)
        if known is None:
            row = self._runtime.store.get(_PK, cluster)
            known = self._read(row, row.data["at"]) if row is not None else None
        return known.versions if known is not None else ("", ())

    def _asked(self, cluster: str, now: float) -> Row:
        reached = self._runtime.clusters.named(cluster, f"kinds {int(now // _GOOD_SECONDS)}")
        kinds = [asdict(one) | _lists(one) for one in reached.kinds()]
        row = Row(_PK, cluster, {"at": now, "kinds": kinds, "kubernetes": self._kubernetes(cluster, reached)})
        self._runtime.store.write([Put(row)])
        return row

    def _kubernetes(self, cluster: str, reached: Cluster) -> str:
        heard = self._runtime.store.get(AGENTS_PK, cluster)
        told = str(heard.data.get("kubernetes") or "") if heard is not None else ""
        return told or (reached.version() if self._runtime.registry.find(cluster).way != "agent" else "")

    def _read(self, row: Row, now: float) -> _Known:
        found = [ServedKind.of(one) for one in row.data["kinds"]]
        kinds = {(one.api_version.rpartition("/")[0], one.kind): one for one in found}
        versions = api_versions(watchable(found))
        namespaced = {key: one.namespaced for key, one in kinds.items()}
        known = _Known(now, kinds, namespaced, (kube_version(str(row.data.get("kubernetes", ""))), versions))
        self._known[row.sk] = known
        return known


def _lists(one: ServedKind) -> dict[str, list[str]]:
    return {"verbs": sorted(one.verbs), "subresources": sorted(one.subresources), "versions": list(one.versions)}
