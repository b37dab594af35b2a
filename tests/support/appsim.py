"""Applications under everything that can happen to them: stale reads, crashes between writes, users, new commits.

`simulate(seed)` plays one life of an Application that is synced by itself and tells what promise was broken, None for none:
no hook is made twice by one operation, what is not the Application's own is never touched, and once nobody interferes any
more it ends in sync, with exactly what is wanted there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.comparison import Destination, targets_of
from argosy.gitops.driving import drive
from argosy.gitops.identity import Key, key_of
from argosy.gitops.observed import Carried, Made, Observed
from argosy.gitops.projects.accounts import Account
from argosy.gitops.projects.permissions import Cluster
from argosy.gitops.reconcile import Deciding
from argosy.gitops.refresh.needs import LATEST, Refresh
from argosy.gitops.settings import Settings
from argosy.gitops.sync import kubectl
from argosy.gitops.sync.building import ATTEMPT
from argosy.gitops.sync.writes import Apply, Batch, Delete, Outcome, Release, Write
from argosy.lang.copying import copied
from argosy.lang.patch import merge_patch
from argosy.resources.application_operation import OperationState
from argosy.resources.appproject import DEFAULT_PROJECT

__all__ = ["simulate"]

type Json = dict[str, Any]

_ACTIONS: Final = 60
_ENDS: Final = 300
_SERVER: Final = "https://kubernetes.default.svc"
_KINDS: Final = {("", "ConfigMap"): True, ("batch", "Job"): True, ("apps", "Deployment"): True}
_STRANGER: Final = Key("", "ConfigMap", "web", "stranger")
_MOST_TURNS: Final = 12


class Crash(Exception):
    """The controller is gone in the middle of its turn."""


class _NoJq:
    def check(self, program: str) -> None:
        raise EvaluationError(program)

    def first(self, program: str, document: str) -> str:
        raise EvaluationError(program + document)


def _object(kind: str, name: str, value: int, **notes: str) -> Json:
    versions = {"Job": "batch/v1", "Deployment": "apps/v1"}
    annotations = {f"argocd.argoproj.io/{key.replace('_', '-')}": text for key, text in notes.items()}
    metadata = {"name": name, "annotations": annotations}
    body: Json = {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": metadata}
    return body | ({"data": {"v": str(value)}} if kind == "ConfigMap" else {"spec": {}})


@dataclass
class Life:
    """One Application, its cluster, and a past to read stale."""

    random: random.Random
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    cluster: dict[Key, Json] = field(default_factory=dict)
    apps: list[Json] = field(default_factory=list)
    clusters: list[tuple[int, dict[Key, Json]]] = field(default_factory=list)
    carried: Carried = field(default_factory=Carried)
    counter: int = 0
    commit: int = 0
    own: int = 0
    shown: int = 0
    made: dict[tuple[str, str], int] = field(default_factory=dict)
    broken: str | None = None
    crash_at: int | None = None

    def __post_init__(self) -> None:
        source = {"repoURL": "https://example.com/r", "path": "app", "targetRevision": "main"}
        spec: Json = {"project": "default", "source": source, "destination": {"server": _SERVER, "namespace": "web"}}
        spec["syncPolicy"] = {"automated": {"prune": True, "selfHeal": True}, "retry": {"limit": 2}}
        self.app: Json = {"metadata": {"name": "shop", "namespace": "argocd", "resourceVersion": "1"}, "spec": spec}
        self.put(_object("ConfigMap", "stranger", 0) | {"metadata": {"name": "stranger", "namespace": "web"}})
        self.targets = self.wanted()

    def _remove(self, key: Key) -> None:
        self.counter += 1
        del self.cluster[key]

    def put(self, body: Json) -> Json:
        """A write of anybody to the cluster."""
        self.counter += 1
        key = key_of(body)
        before = self.cluster.get(key)
        uid = before["metadata"]["uid"] if before is not None else f"uid-{self.counter}"
        stored = copied(body)
        stored["metadata"] |= {"uid": uid, "resourceVersion": str(self.counter)}
        self.cluster[key] = stored
        return stored

    def wanted(self) -> list[Json]:
        """What a commit holds: some of the objects, in some waves, with some hooks."""
        chance, value = self.random.random, self.commit
        found = [_object("ConfigMap", "always", value)]
        found += [_object("ConfigMap", f"c{n}", value, sync_wave=str(n - 1)) for n in range(3) if chance() < 0.7]
        found += [_object("Deployment", "web", value, sync_wave="1")] if chance() < 0.6 else []
        found += [_object("Job", "before", value, hook="PreSync")] if chance() < 0.6 else []
        found += (
            [_object("Job", "after", value, hook="PostSync", hook_delete_policy="HookSucceeded")]
            if chance() < 0.5
            else []
        )
        return found

    # A turn

    def turn(self, *, stale: bool = False, crash: bool = False) -> datetime | None:
        """One turn on what is, or was; with a crash somewhere between its writes. When it asks to be looked at again."""
        app, (as_of, there) = self._stale() if stale else (self.app, (self.counter, self.cluster))
        self.shown = as_of
        self.crash_at = self.random.randrange(6) if crash else None
        seen = self._seen(copied(app), as_of, copied(there))
        decided = Deciding(seen, self.now)
        plan = decided.plan()
        due, carried = plan.due, seen.carried
        try:
            if plan.carry_on:
                driven = drive(decided, self._carry, self.now)
                due, carried = driven.due, driven.carried
            self._point()
        except Crash:
            return self.now
        finally:
            self.crash_at = None
        self._write_status(decided.patch(), app["metadata"]["resourceVersion"])
        self._hooks_are_believed()
        self.carried = carried
        return due

    def _stale(self) -> tuple[Json, tuple[int, dict[Key, Json]]]:
        """What was; of the Application itself nothing older than the controller's own last write (`Observation.holds`).

        An agent tells of it and of its objects in any order, so the one may be known as it is and the others as they were;
        but never as they were before what was known already.
        """
        apps = [one for one in self.apps[-3:] if int(one["metadata"]["resourceVersion"]) >= self.own]
        clusters = [one for one in self.clusters[-3:] if one[0] >= self.shown]
        return self.random.choice([*apps, self.app]), self.random.choice([*clusters, (self.counter, self.cluster)])

    def _seen(self, app: Json, as_of: int, there: dict[Key, Json]) -> Observed:
        made = Made(self.targets, [f"{self.commit:040d}"], ["Directory"])
        own = Key("argoproj.io", "Application", "argocd", "shop")
        to = Destination(Cluster(_SERVER, "in-cluster"), _KINDS)
        bare = Observed(app, own, "shop", Refresh(True, level=LATEST), DEFAULT_PROJECT, Settings(), _NoJq(), to)
        names = {key_of(one) for one in targets_of(made.objects, bare.app, "shop", bare.settings, to).objects}
        ours = {
            key: body for key, body in there.items() if key in names or bare.settings.tracking.owner(body) == "shop"
        }
        unseen = {key for key, version in self.carried.written.items() if version > as_of}
        return Observed(
            app, own, "shop", bare.refresh, DEFAULT_PROJECT, bare.settings, _NoJq(), to, (), made, made, ours, unseen,
            self.carried,
        )  # fmt: skip

    def _hooks_are_believed(self) -> None:
        """Nobody here deletes a hook that runs, so none may be said to have been deleted."""
        state = (self.app.get("status") or {}).get("operationState") or {}
        for one in (state.get("syncResult") or {}).get("resources") or ():
            if one["kind"] == "Job" and "was deleted before" in one.get("message", ""):
                self.broken = one["message"]

    def _write_status(self, patch: Mapping[str, Any], version: str) -> None:
        """On condition of the version that was read."""
        if patch and version == self.app["metadata"]["resourceVersion"]:
            self.counter += 1
            self.app = merge_patch(self.app, dict(patch))
            self.app["metadata"]["resourceVersion"] = str(self.counter)
            self.own = self.counter

    def _point(self) -> None:
        """A place where the controller may be killed."""
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                raise Crash

    def _carry(self, batch: Batch, account: Account | None) -> Mapping[str, Outcome]:
        del account
        done: dict[str, Outcome] = {}
        for write in self.random.sample(list(batch), len(batch)):
            self._point()
            done[write.id] = self._do(write)
        return done

    def _do(self, write: Write) -> Outcome:
        key = write.place[0]
        there = self.cluster.get(key)
        if key == _STRANGER:
            self.broken = f"{type(write).__name__} of what is not ours"
        if isinstance(write, Apply):
            return self._apply(write, key, there)
        if there is None or there["metadata"]["uid"] != write.uid:
            return Outcome()
        if isinstance(write, Release):
            there["metadata"]["finalizers"] = [
                one for one in there["metadata"].get("finalizers") or () if one != HOOK_FINALIZER
            ]
        if isinstance(write, Delete):
            there["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        if "deletionTimestamp" in there["metadata"] and not there["metadata"].get("finalizers"):
            self._remove(key)
        else:
            self.put(there)
        return Outcome()

    def _apply(self, write: Apply, key: Key, there: Json | None) -> Outcome:
        if write.dry:
            return Outcome("dry")
        wanted = kubectl.annotated(write.manifest)
        if there is None:
            attempt = (wanted["metadata"].get("annotations") or {}).get(ATTEMPT, "")
            if attempt:
                times = self.made[key.name, attempt] = self.made.get((key.name, attempt), 0) + 1
                if times > 1:
                    self.broken = f"hook {key.name} was made {times} times by operation {attempt}"
            stored = self.put(wanted)
        else:
            if "deletionTimestamp" in there["metadata"]:
                return Outcome(problem="it is being deleted")
            body = kubectl.patch(wanted, there)
            stored = self.put(merge_patch(there, body)) if body else there
        return Outcome("applied", "", stored["metadata"]["uid"], int(stored["metadata"]["resourceVersion"]))

    # Everybody else

    def interfere(self) -> None:
        """Something happens."""
        self.apps.append(copied(self.app))
        self.clusters.append((self.counter, copied(self.cluster)))
        what = self.random.choice(
            ["edit", "delete", "commit", "sync", "terminate", "time", "time", "time", "hooks", "hooks"]
        )
        ours = [key for key in self.cluster if key != _STRANGER and key.kind == "ConfigMap"]
        if what == "edit" and ours:
            body = self.cluster[self.random.choice(ours)]
            self.put({**body, "data": {"v": "by hand"}})
        elif what == "delete" and ours:
            self._remove(self.random.choice(ours))
        elif what == "commit":
            self.commit += 1
            self.targets = self.wanted()
        elif what == "sync" and not self.running:
            self._user({"operation": {"initiatedBy": {"username": "admin"}, "sync": {"prune": True}}})
        elif what == "terminate" and self.running:
            self._user({"status": {"operationState": {"phase": "Terminating"}}})
        elif what == "hooks":
            self.play()
        else:
            self.now += timedelta(seconds=self.random.choice([1, 2, 5, 30, 200]))

    def play(self) -> None:
        """Jobs end, sometimes badly; Deployments come up."""
        for body in list(self.cluster.values()):
            if body["kind"] == "Job" and not (body.get("status") or {}).get("conditions"):
                kind = "Failed" if self.random.random() < 0.1 else "Complete"
                self.put({**body, "status": {"conditions": [{"type": kind, "status": "True"}]}})
            if body["kind"] == "Deployment":
                self.put({**body, "status": {"updatedReplicas": 1, "replicas": 1, "availableReplicas": 1}})

    def _user(self, patch: Json) -> None:
        self.counter += 1
        self.app = merge_patch(self.app, patch)
        self.app["metadata"]["resourceVersion"] = str(self.counter)

    @property
    def running(self) -> bool:
        state = (self.app.get("status") or {}).get("operationState")
        return bool(self.app.get("operation")) or (
            state is not None and not OperationState.model_validate(state).completed
        )

    # The end

    def settle(self) -> None:
        """Nobody interferes any more."""
        for _ in range(_ENDS):
            self.play()
            due = self.turn()
            self.now = max(due or self.now, self.now) + timedelta(seconds=1)
            if self.broken or self._is_settled():
                return
            if self._has_given_up():
                self.commit += 1  # what has failed is tried again with the next commit alone, as in Argo
        self.broken = f"does not end: {self.app.get('status')}"

    def _is_settled(self) -> bool:
        status = self.app.get("status") or {}
        return not self.running and (status.get("sync") or {}).get("status") == "Synced" and self._is_right()

    def _is_right(self) -> bool:
        wanted = {one["metadata"]["name"]: one.get("data") for one in self.targets if "Job" not in one["kind"]}
        there = {
            key.name: body.get("data") for key, body in self.cluster.items() if key != _STRANGER and key.kind != "Job"
        }
        return wanted == there

    def _has_given_up(self) -> bool:
        conditions: Sequence[Json] = (self.app.get("status") or {}).get("conditions") or ()
        return not self.running and any(one["type"] == "SyncError" for one in conditions)


def simulate(seed: int) -> str | None:
    """The promise that a life has broken, None for none."""
    life = Life(random.Random(seed))  # noqa: S311 - a life that can be told again
    for _ in range(_ACTIONS):
        life.interfere()
        for _ in range(life.random.randrange(_MOST_TURNS) // 4):
            life.turn(stale=life.random.random() < 0.25, crash=life.random.random() < 0.25)
        if life.broken:
            return life.broken
    life.settle()
    if _STRANGER not in life.cluster:
        return "what is not ours is gone"
    return life.broken
