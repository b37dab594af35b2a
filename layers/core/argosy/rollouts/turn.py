"""One look at a Rollout: what was seen, and what has been decided so far.

`Seen` is what a controller has read; `Turn` gathers the decision while the parts of a strategy go over it in Argo's order
(`rolloutContext` of `rollout/context.go`). Everything here is pure: a turn changes nothing but itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from argosy.resources.rollout import Rollout, RolloutStatus
from argosy.rollouts.canary.progress import within_rollback_window
from argosy.rollouts.hashing import template_hash
from argosy.rollouts.pauses import INCONCLUSIVE_ANALYSIS
from argosy.rollouts.replicasets import (
    DEADLINE,
    DESIRED,
    REVISION,
    WAS_STABLE,
    ReplicaSet,
    by_hash,
    is_experiment,
)
from argosy.rollouts.writes import Change, Create, Erase, Event, Evict, Outside, Ref, Write, merged

__all__ = ["GROUP", "REPLICA_SET", "SERVICE", "Seen", "Turn"]

GROUP: Final = "argoproj.io"
API_VERSION: Final = f"{GROUP}/v1alpha1"

type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A Rollout and all that belongs to it, as the API server has them.

    `sets`, `runs`, `experiments` and `pods` are its own; `others` holds whatever it names (Services, Ingresses,
    AnalysisTemplates, its workload, …), None for what is known not to be there. `taken`: names of ReplicaSets of others.
    """

    rollout: Rollout
    body: Body
    sets: Sequence[ReplicaSet] = ()
    runs: Sequence[Body] = ()
    experiments: Sequence[Body] = ()
    pods: Sequence[Body] = ()
    others: Mapping[Ref, Body | None] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    workload: Body | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def REPLICA_SET(name: str) -> Ref:
    """A ReplicaSet."""
    return Ref("apps", "ReplicaSet", name)


def SERVICE(name: str) -> Ref:
    """A Service."""
    return Ref("", "Service", name)


class Turn:
    """The decision as it grows. `status` is the one to be; `rollout` as it was seen, with `new`, `stable` and `older` sets.

    `takes_away`: see `Plan`. `pauses` and `resumed`: reasons that begin and end; `clear`: all end; `retried`: an abort is
    over; `unverified`: traffic is not where it was sent yet, and no pod may go; `unrouted`: it could not be
    sent there, and the status stays as it is: what somebody has asked for in it counts in the next turn.
    """

    def __init__(self, seen: Seen, now: datetime) -> None:
        self.seen, self.now = seen, now
        self.rollout: Rollout = seen.rollout
        self.status: RolloutStatus = seen.rollout.status
        self.sets: list[ReplicaSet] = [one for one in seen.sets if not is_experiment(one)]
        self.new: ReplicaSet | None = None
        self.events: list[Event] = []
        self.moved: dict[Ref, str] = {}
        self.pauses: list[str] = []
        self.resumed: set[str] = set()
        self.clear = False
        self.abort_message: str | None = None
        self.retried = False
        self.unverified = False
        self.unrouted = False
        self.takes_away = False
        self._writes: dict[Ref | str, Write] = {}
        self._due: datetime | None = None

    # What is there

    @property
    def stable(self) -> ReplicaSet | None:
        """The ReplicaSet of the stable version."""
        return by_hash(self.sets, self.rollout.status.stable_rs)

    @property
    def older(self) -> list[ReplicaSet]:
        """All but the new and the stable one (OtherRSs)."""
        kept = {one.name for one in (self.new, self.stable) if one is not None}
        return [one for one in self.sets if one.name not in kept]

    @property
    def new_hash(self) -> str:
        """The hash of the version that the spec asks for."""
        if self.new is not None:
            return self.new.hash
        return template_hash(self.rollout.spec.template or {}, self.rollout.status.collision_count)

    @property
    def revision(self) -> int:
        """The revision of the new version."""
        text = (self.new.annotations if self.new is not None else {}).get(REVISION, "")
        return int(text) if text.isdigit() else 1

    @property
    def aborted(self) -> bool:
        """Whether the update is aborted, or will be after this turn."""
        return self.abort_message is not None or (self.rollout.status.abort and not self.retried)

    @property
    def halted(self) -> bool:
        """Whether nothing moves until somebody says so (haltProgress)."""
        return self.rollout.spec.paused or self.rollout.status.paused_for(INCONCLUSIVE_ANALYSIS) is not None

    @property
    def within_window(self) -> bool:
        """Whether going to the version asked for is a way back that is free of pauses and analyses (rollbackWindow)."""
        window = self.rollout.spec.rollback_window
        return window is not None and within_rollback_window(self.sets, self.new, self.stable, window.revisions)

    @property
    def goes_back_fast(self) -> bool:
        """Whether the version that a blue-green rollout asks for was stable of late, and its pods are still kept up.

        As they were when the turn began: it takes their deadline away. A deadline alone says nothing: previews that were
        replaced or aborted have one, too.
        """
        new = self.new
        if new is None or self.rollout.blue_green is None or self.rollout.status.abort:
            return False
        before = next((one for one in self.seen.sets if one.name == new.name), None)
        if before is None or before.deadline is None or WAS_STABLE not in before.annotations:
            return False
        return before.deadline > self.now and before.replicas > 0

    def find(self, ref: Ref) -> Body | None:
        """An object that the rollout names."""
        return self.seen.others.get(ref)

    def service(self, name: str) -> Body | None:
        """A Service that the rollout names, as it will be after this turn."""
        found = self.find(SERVICE(name)) if name else None
        change = self._writes.get(SERVICE(name))
        if found is None or not isinstance(change, Change):
            return found
        return merged(found, change.body)

    # What is done

    @property
    def writes(self) -> list[Write]:
        """What has been decided, in its order."""
        return list(self._writes.values())

    @property
    def due(self) -> datetime | None:
        """When to look again."""
        return self._due

    def create(self, ref: Ref, manifest: Body) -> None:
        """Make an object."""
        self._writes[ref] = Create(ref, manifest)

    def change(self, ref: Ref, body: Body) -> None:
        """Patch an object; several patches of one become one, at the place of the first."""
        before = self._writes.get(ref)
        if isinstance(before, Create):
            self._writes[ref] = Create(ref, merged(before.manifest, body))
            return
        self._writes[ref] = Change(ref, merged(before.body, body) if isinstance(before, Change) else body)

    def erase(self, ref: Ref) -> None:
        """Delete an object."""
        self._writes[ref] = Erase(ref)

    def evict(self, name: str) -> None:
        """Evict a pod."""
        ref = Ref("", "Pod", name)
        self._writes[ref] = Evict(ref)

    def outside(self, effect: Outside) -> None:
        """Do something outside the namespace."""
        self._writes[effect.id] = effect

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Say what happens."""
        self.events.append(Event(reason, message, warning))

    def look_again(self, at: datetime | None) -> None:
        """The earliest of all these times counts."""
        if at is not None and (self._due is None or at < self._due):
            self._due = at

    def set_status(self, **fields: Any) -> None:
        """Change fields of the status to be."""
        news = {name: value for name, value in fields.items() if getattr(self.status, name) != value}
        if news:
            self.status = self.status.model_copy(update=news)

    def set_canary(self, **fields: Any) -> None:
        """Change fields of `status.canary`."""
        before = self.status.canary
        if any(getattr(before, name) != value for name, value in fields.items()):
            self.set_status(canary=before.model_copy(update=fields))

    def set_blue_green(self, **fields: Any) -> None:
        """Change fields of `status.blueGreen`."""
        before = self.status.blue_green
        if any(getattr(before, name) != value for name, value in fields.items()):
            self.set_status(blue_green=before.model_copy(update=fields))

    # ReplicaSets

    def annotate(self, one: ReplicaSet, annotations: Mapping[str, str | None]) -> ReplicaSet:
        """Change annotations of a ReplicaSet, None = remove; it as it will be."""
        if all(one.annotations.get(name) == value for name, value in annotations.items()):
            return one
        self.change(REPLICA_SET(one.name), {"metadata": {"annotations": dict(annotations)}})
        kept = {**one.annotations, **annotations}
        return self._put(replace(one, annotations={name: text for name, text in kept.items() if text is not None}))

    def scale(self, one: ReplicaSet, replicas: int) -> bool:
        """Scale a ReplicaSet, and note what the rollout asks for; whether that changes its size (scaleReplicaSet)."""
        wanted: dict[str, str | None] = {DESIRED: str(self.rollout.spec.desired)}
        if not replicas and DEADLINE in one.annotations:
            wanted[DEADLINE] = None
        one = self.annotate(one, wanted)
        if one.replicas == replicas:
            return False
        way = "up" if replicas > one.replicas else "down"
        revision = one.annotations.get(REVISION, "")
        self.tell(
            "ScalingReplicaSet",
            f"Scaled {way} ReplicaSet {one.name} (revision {revision}) from {one.replicas} to {replicas}",
        )
        self.takes_away = self.takes_away or replicas < one.replicas
        self.change(REPLICA_SET(one.name), {"spec": {"replicas": replicas}})
        self._put(replace(one, replicas=replicas))
        return True

    def _put(self, one: ReplicaSet) -> ReplicaSet:
        self.sets = [one if other.name == one.name else other for other in self.sets]
        if self.new is not None and self.new.name == one.name:
            self.new = one
        return one

    def adopt_sets(self, sets: Iterable[ReplicaSet]) -> None:
        """ReplicaSets as they are from now on."""
        self.sets = list(sets)
