"""A cluster, a controller and its crashes, for tests of syncing: what steps ask for is done to a dict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import building, operation
from argosy.gitops.sync.seen import Seen, Step
from argosy.gitops.sync.step import step, terminate
from argosy.gitops.sync.tasks import Live
from argosy.gitops.sync.writes import Apply, Delete, Outcome, Release, Write
from argosy.lang.copying import copied
from argosy.resources.application_operation import NamespaceMetadata, OperationState

type Object = dict[str, Any]

START = datetime(2024, 5, 1, 12, tzinfo=UTC)


class Crash(Exception):
    """The controller is gone in the middle of its turn."""


def thing(kind: str, name: str, namespace: str = "n", **annotations: str) -> Object:
    """An object; `hook`, `wave`, `policy` and `options` are annotations."""
    named = {
        "hook": "argocd.argoproj.io/hook",
        "wave": "argocd.argoproj.io/sync-wave",
        "policy": "argocd.argoproj.io/hook-delete-policy",
        "options": "argocd.argoproj.io/sync-options",
    }
    versions = {"Job": "batch/v1", "Deployment": "apps/v1"}
    metadata: Object = {"name": name, "annotations": {named[key]: text for key, text in annotations.items()}}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": metadata}


@dataclass
class World:
    """`health` says how a live object is, by its name; `broken` names fail when they are applied, `dry` already then."""

    targets: list[Object]
    asked: Object = field(default_factory=dict)
    cluster: dict[Key, Object] = field(default_factory=dict)
    extra: list[Key] = field(default_factory=list)
    health: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    refused: dict[Key, str] = field(default_factory=dict)
    unserved: set[tuple[str, str]] = field(default_factory=set)
    unseen: set[Key] = field(default_factory=set)
    annotations: dict[str, str] = field(default_factory=dict)
    differing: set[Key] | None = None
    managed: NamespaceMetadata | None = None
    retry: Object = field(default_factory=dict)
    crashes: Collection[int] = ()

    def __post_init__(self) -> None:
        self.now = START
        self.state = operation.begun({"sync": self.asked, "retry": self.retry}, START)
        self.outcomes: dict[str, Outcome] = {}
        self.not_before: datetime | None = None
        self.made: Counter[str] = Counter()
        self.done: list[str] = []
        self.points = 0
        self.uids = 0

    def there(self, obj: Object) -> None:
        """Put an object into the cluster."""
        self.uids += 1
        stored = copied(obj)
        stored["metadata"]["uid"] = str(self.uids)
        self.cluster[key_of(stored)] = stored

    def seen(self) -> Seen:
        known = OperationState.model_validate(self.state)
        bare = Seen(known, "abcdef0123456789", "n", self.targets, extra=self.extra)
        live = {key: self.live(self.cluster[key]) for key in building.wanted(bare) if key in self.cluster}
        return replace(
            bare,
            live=live,
            extra=[key for key in self.extra if key in self.cluster],
            refused=self.refused,
            unserved=self.unserved,
            unseen=self.unseen,
            differing=self.differing,
            annotations=self.annotations,
            namespace_metadata=self.managed,
            outcomes=dict(self.outcomes),
            not_before=self.not_before,
        )

    def live(self, obj: Object) -> Live:
        name = obj["metadata"]["name"]
        if obj["kind"] in ("Job", "Deployment", "Pod"):
            return Live(obj, self.health.get(name, "Healthy"), f"{name} is told about")
        return Live(obj)

    def point(self) -> None:
        """A place where the controller may be killed."""
        self.points += 1
        if self.points in self.crashes:
            raise Crash

    def turn(self) -> Step:
        """One turn; a crash loses the outcomes and the status of it."""
        seen = self.seen()
        self.point()
        known = seen.state
        made = (terminate if known.phase == "Terminating" else step)(seen, self.now)
        fresh: dict[str, Outcome] = {}
        for batch in made.batches:
            for write in batch:
                fresh[write.id] = self.write(write)
                self.point()
        self.point()
        if made.asks:
            self.outcomes |= fresh
            self.point()
        self.state = operation.settled(self.state, made, self.now, {"revision": seen.revision})
        self.not_before = made.not_before
        self.point()
        return made

    def run(self, until: Callable[[Step], bool] = lambda made: made.phase != "Running", turns: int = 60) -> Step:
        """Turns until the operation has ended, or waits for what must be told by `until`."""
        made = Step("", "", ())
        for _ in range(turns):
            try:
                made = self.turn()
            except Crash:
                continue
            if until(made):
                return made
            self.now = max(made.due or self.now, self.now)
        return made

    def write(self, write: Write) -> Outcome:
        key = write.place[0]
        if isinstance(write, Apply):
            return self.apply(write, key)
        there = self.cluster.get(key)
        if there is None or there["metadata"]["uid"] != write.uid:
            return Outcome()
        metadata = there["metadata"]
        if isinstance(write, Release):
            self.done.append(f"release {key.name}")
            metadata["finalizers"] = [one for one in metadata["finalizers"] if one != HOOK_FINALIZER]
        if isinstance(write, Delete):
            self.done.append(f"delete {key.name}")
            if key.name in self.broken:
                return Outcome(problem="it does not go")
            metadata["deletionTimestamp"] = "2024-05-01T12:00:00Z"
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            del self.cluster[key]
        return Outcome()

    def apply(self, write: Apply, key: Key) -> Outcome:
        if key.name in self.broken and (not write.dry or key.name.startswith("dry")):
            return Outcome(problem=f"{key.name} is broken")
        if write.dry:
            return Outcome()
        self.done.append(f"{write.manner} {key.name}")
        if key not in self.cluster:
            self.made[key.name] += 1
            self.there(dict(write.manifest))
        return Outcome(f"{key.kind.lower()}/{key.name} done")

    def resume(self) -> None:
        """The next attempt, when it is due."""
        found = operation.next_of(OperationState.model_validate(self.state), self.now)
        assert found.what == "wait"
        assert found.due is not None
        self.now = found.due + timedelta(seconds=1)
        assert operation.next_of(OperationState.model_validate(self.state), self.now).what == "resume"
        self.state = operation.resumed(self.state)
        self.outcomes, self.not_before = {}, None

    def results(self) -> dict[str, tuple[str, str]]:
        """Status and phase of each task, by phase and name."""
        found: Iterable[Object] = (self.state.get("syncResult") or {}).get("resources") or ()
        return {f"{one['syncPhase']} {one['name']}": (one.get("status", ""), one.get("hookPhase", "")) for one in found}
