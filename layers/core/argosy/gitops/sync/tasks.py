"""Tasks of a sync, and their order.

In: what is wanted and what is there; out: one task for each phase of each object, in the order of their carrying out.
Called for each step of a sync (`argosy.gitops.sync.building`). Follows `gitops-engine/pkg/sync/sync_task.go`,
`sync_tasks.go` and the end of `getSyncTasks` in `sync_context.go` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.gitops.identity import Key, group_version, key_of
from argosy.gitops.sync import hooks, options

__all__ = ["Live", "Task", "of", "ordered"]

_KINDS: Final = (
    "Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret "
    "SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole "
    "ClusterRoleList "
    "ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod "
    "ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress "
    "APIService"
).split()
_RANKS: Final = {kind: rank for rank, kind in enumerate(_KINDS)}
_PHASES: Final = {phase: rank for rank, phase in enumerate(hooks.PHASES)}

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """A live object and its health; `health` None = its kind has no health check."""

    body: Object
    health: str | None = None
    message: str = ""

    @property
    def deleting(self) -> bool:
        """Whether it is being deleted."""
        return bool((self.body.get("metadata") or {}).get("deletionTimestamp"))


@dataclass(frozen=True, slots=True)
class Task:
    """One object in one phase; without a target it is to be pruned. `unchecked`: it takes part in no dry run."""

    phase: str
    target: Object | None = None
    live: Live | None = None
    wave: int = 0
    unchecked: bool = False

    @property
    def obj(self) -> Object:
        """What is wanted, else what is there."""
        if self.target is not None:
            return self.target
        return self.live.body if self.live is not None else {}

    @property
    def key(self) -> Key:
        """Which object it is about."""
        return key_of(self.obj)

    @property
    def place(self) -> tuple[Key, str]:
        """What its result is kept under: the object and the phase."""
        return self.key, self.phase

    @property
    def version(self) -> str:
        """The API version that the object is written in."""
        return group_version(self.obj)[1]

    @property
    def prunes(self) -> bool:
        """Whether it takes an object away."""
        return self.target is None

    @property
    def is_hook(self) -> bool:
        """Whether it is a hook."""
        return hooks.is_hook(self.obj)

    def deletes(self, policy: str) -> bool:
        """Whether it is a hook with that delete policy."""
        return self.is_hook and policy in hooks.delete_policies(self.obj)


def of(target: Object | None, live: Live | None) -> list[Task]:
    """The tasks of an object: one for each phase that it takes part in."""
    obj = target if target is not None else live.body if live is not None else {}
    wave = hooks.wave(obj)
    return [Task(phase, target, live, wave) for phase in hooks.phases(obj)]


def ordered(tasks: Iterable[Task], *, prune_last: bool = False) -> list[Task]:
    """The tasks in their order: phase, wave, kind, name; what others need comes with the first of these."""
    waved = _last(_mirrored(list(tasks)), always=prune_last)
    found = sorted(waved, key=lambda one: (_PHASES[one.phase], one.wave, _rank(one.key.kind), one.key.name))
    return _pulled(_pulled(found, _namespace_of, _namespace_in), _kind_of, _kind_in)


def _rank(kind: str) -> int:
    return _RANKS.get(kind, len(_KINDS))


def _mirrored(tasks: list[Task]) -> list[Task]:
    """What was made first is pruned last: the waves of prune tasks change places, the lowest with the highest."""
    waves = sorted({one.wave for one in tasks if one.prunes})
    turned = dict(zip(waves, reversed(waves), strict=True))
    return [replace(one, wave=turned[one.wave]) if one.prunes else one for one in tasks]


def _last(tasks: list[Task], *, always: bool) -> list[Task]:
    """`PruneLast`: such tasks come one wave behind all others of the phase Sync."""
    behind = max((one.wave for one in tasks if one.phase == "Sync"), default=0)
    behind = max(behind, 0) + 1
    return [
        replace(one, wave=behind)
        if one.prunes and (always or (one.live and "PruneLast=true" in options.of_object(one.live.body)))
        else one
        for one in tasks
    ]


def _pulled(tasks: Sequence[Task], provided: Any, needed: Any) -> list[Task]:
    """Move what others need directly before the first that needs it, into its phase and wave (adjustDeps)."""
    found: list[Task] = []
    first: dict[Any, int] = {}
    for task in tasks:
        key = provided(task.target) if task.target is not None else None
        at = first.get(key) if key is not None else None
        if at is not None:
            found.insert(at, replace(task, phase=found[at].phase, wave=found[at].wave))
            first = {other: place + (place >= at) for other, place in first.items()}
            continue
        if key is None and task.target is not None:
            first.setdefault(needed(task.target), len(found))
        found.append(task)
    return found


def _namespace_of(obj: Object) -> str | None:
    key = key_of(obj)
    return key.name if (key.group, key.kind) == ("", "Namespace") else None


def _namespace_in(obj: Object) -> str:
    return key_of(obj).namespace


def _kind_of(obj: Object) -> tuple[str, str] | None:
    key = key_of(obj)
    if (key.group, key.kind) != ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return None
    spec = obj.get("spec") or {}
    return str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or "")


def _kind_in(obj: Object) -> tuple[str, str]:
    key = key_of(obj)
    return key.group, key.kind
