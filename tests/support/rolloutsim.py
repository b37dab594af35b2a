"""Rollouts under everything that can happen to them: stale reads, crashes between writes, slow pods, users.

`simulate(seed)` plays one life of a Rollout and tells what promise was broken, None for none: there are never fewer
available pods than maxUnavailable allows, no two ReplicaSets for one version, and once nobody interferes any more it ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from argosy.lang.copying import copied
from argosy.lang.patch.mergepatch import merge_patch
from argosy.resources.rollout import Rollout
from argosy.rollouts.bounds import max_unavailable
from argosy.rollouts.reconcile import reconcile
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.turn import SERVICE, Seen
from argosy.rollouts.verbs import patches
from argosy.rollouts.writes import Change, Create, Erase, Evict, Outside, Plan, Ref
from support.rolloutworld import rollout_body

__all__ = ["simulate"]

type Json = dict[str, Any]

_ACTIONS: Final = 120
_ENDS: Final = 400
_OWN: Final = Ref("argoproj.io", "Rollout", "web")


@dataclass
class Life:
    """One Rollout, its objects with versions, and a past to read stale."""

    random: random.Random
    objects: dict[Ref, Json]
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    versions: dict[Ref, int] = field(default_factory=dict)
    past: list[tuple[dict[Ref, Json], dict[Ref, int]]] = field(default_factory=list)
    counter: int = 0
    images: int = 1
    broken: str | None = None
    served: bool = False

    def snapshot(self) -> tuple[dict[Ref, Json], dict[Ref, int]]:
        """What a reader sees now."""
        return copied(self.objects), dict(self.versions)

    def put(self, ref: Ref, body: Json) -> None:
        """A write of anybody."""
        self.counter += 1
        self.objects[ref] = body
        self.versions[ref] = self.counter

    def turn(self, *, stale: bool = False, crash: bool = False) -> None:
        """One turn on what is, or was; with a crash somewhere between its writes."""
        seen, versions = self.random.choice(self.past[-4:]) if stale and self.past else self.snapshot()
        plan = reconcile(self._seen(seen), (), self.now)
        self._carry(plan, versions, self.random.randrange(len(plan.writes) + 1) if crash else None)

    def _seen(self, objects: Mapping[Ref, Json]) -> Seen:
        body = objects[_OWN]
        sets = [ReplicaSet.of(one) for ref, one in objects.items() if ref.kind == "ReplicaSet"]
        others = {ref: one for ref, one in objects.items() if ref.kind == "Service"}
        return Seen(Rollout.of(body), body, sets, others=others)

    def _carry(self, plan: Plan, versions: Mapping[Ref, int], stop: int | None) -> None:
        """As `control.units.carry_out`: refused as a whole, then in order up to the first that no longer fits."""
        if plan.takes_away and any(
            self.versions.get(ref) != versions.get(ref)
            for ref in {*self.versions, *versions}
            if ref.kind == "ReplicaSet"
        ):
            return
        for done, write in enumerate(plan.writes):
            if done == stop or not self._write(write, versions):
                return
        if stop is None and plan.status:
            self._write(Change(_OWN, {"status": plan.status}), versions)

    def _write(self, write: Create | Change | Erase | Evict | Outside, versions: Mapping[Ref, int]) -> bool:
        assert not isinstance(write, Outside | Evict)
        if isinstance(write, Create):
            if write.ref in self.objects:
                return True  # applied again: the same fields, which are there
            made = copied(dict(write.manifest))
            made["metadata"] |= {"uid": f"uid-{self.counter}", "creationTimestamp": _text(self.now), "generation": 1}
            made["status"] = {"replicas": 0, "readyReplicas": 0, "availableReplicas": 0}
            self.put(write.ref, made)
            return True
        if self.versions.get(write.ref) != versions.get(write.ref):
            return False
        if isinstance(write, Erase):
            del self.objects[write.ref], self.versions[write.ref]
            return True
        self.put(write.ref, merge_patch(self.objects[write.ref], write.body))
        self._shrink(write.ref)
        return True

    def _shrink(self, ref: Ref) -> None:
        """Pods beyond the replicas go at once, those that are not there yet first."""
        one = self.objects[ref]
        if ref.kind == "ReplicaSet":
            there = min(one["status"]["availableReplicas"], one["spec"]["replicas"])
            one["status"] = {"replicas": one["spec"]["replicas"], "readyReplicas": there, "availableReplicas": there}
            self.check()

    def pods(self, *, every: bool = False) -> None:
        """Some pods, or all, become available."""
        for ref, one in list(self.objects.items()):
            if ref.kind == "ReplicaSet" and (every or self.random.random() < 0.5):
                wanted, there = one["spec"]["replicas"], one["status"]["availableReplicas"]
                more = wanted if every else min(wanted, there + self.random.randint(0, 2))
                if more != there or one["status"]["replicas"] != wanted:
                    status = {"replicas": wanted, "readyReplicas": more, "availableReplicas": more}
                    self.put(ref, {**one, "status": status})
        available = sum(one["status"]["availableReplicas"] for _, one in self._sets())
        self.served = self.served or available >= self.rollout.spec.desired

    def _sets(self) -> list[tuple[Ref, Json]]:
        return [(ref, one) for ref, one in self.objects.items() if ref.kind == "ReplicaSet"]

    @property
    def rollout(self) -> Rollout:
        """As it is."""
        return Rollout.of(self.objects[_OWN])

    def check(self) -> None:
        """The promises that hold at every moment."""
        rollout = self.rollout
        available = sum(one["status"]["availableReplicas"] for _, one in self._sets())
        least = rollout.spec.desired - max_unavailable(rollout)
        if self.served and available < least:
            self.broken = self.broken or f"{available} pods are available, at least {least} must be"
        images = [one["spec"]["template"]["spec"]["containers"][0]["image"] for _, one in self._sets()]
        if len(images) != len(set(images)):
            self.broken = self.broken or f"two ReplicaSets for one version: {images}"

    # Users

    def user(self) -> None:
        """Somebody does something."""
        what = self.random.choice(["image", "image", "back", "promote", "promote-full", "abort", "retry"])
        body = self.objects[_OWN]
        if what in ("image", "back"):
            self.images += what == "image"
            number = self.images if what == "image" else self.random.randint(1, self.images)
            pods = {"containers": [{"name": "c", "image": f"app:{number}"}]}
            changed = merge_patch(body, {"spec": {"template": {"spec": pods}}})
            if changed["spec"] != body["spec"]:
                changed["metadata"] = {**changed["metadata"], "generation": body["metadata"]["generation"] + 1}
            self.put(_OWN, changed)
            return
        found = patches(what, self.rollout, self.now)
        patch = {name: part for name, part in (("spec", found.spec), ("status", found.status)) if part is not None}
        self.put(_OWN, merge_patch(body, patch))


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _strategy(chance: random.Random) -> Json:
    if chance.random() < 0.3:
        more: Json = chance.choice(
            [{}, {"autoPromotionEnabled": False}, {"autoPromotionSeconds": 5}, {"previewReplicaCount": 1}]
        )
        return {"blueGreen": {"activeService": "active", "previewService": "preview", **more}}
    steps: list[Json] = []
    for _ in range(chance.randint(0, 4)):
        steps.append(chance.choice([{"setWeight": chance.randint(0, 100)}, {"pause": {"duration": 5}}, {"pause": {}}]))
    bounds: Json = chance.choice([{}, {"maxSurge": 0, "maxUnavailable": 1}, {"maxSurge": 1, "maxUnavailable": 0}])
    return {"canary": {"steps": steps, **bounds}}


def _born(chance: random.Random) -> Life:
    body = rollout_body(_strategy(chance), replicas=chance.randint(1, 6))
    life = Life(chance, {})
    life.put(_OWN, body)
    for name in ("active", "preview"):
        life.put(SERVICE(name), {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}})
    return life


def simulate(seed: int, mutant: Callable[[Life], None] | None = None) -> str | None:
    """One life; what promise was broken."""
    chance = random.Random(seed)  # noqa: S311 - the same life for the same seed
    life = _born(chance)
    if mutant is not None:
        mutant(life)
    for _ in range(_ACTIONS):
        life.past.append(life.snapshot())
        what = chance.random()
        if what < 0.45:
            life.turn(stale=chance.random() < 0.3, crash=chance.random() < 0.2)
        elif what < 0.75:
            life.pods()
        elif what < 0.9:
            life.now += timedelta(seconds=chance.choice([0, 1, 7, 40]))
        else:
            life.user()
        life.check()
        if life.broken:
            return life.broken
    return _end(life)


def _end(life: Life) -> str | None:
    """Nobody interferes any more: whoever waits for somebody is told to go on, and then it has to end."""
    for _ in range(_ENDS):
        life.turn()
        life.pods(every=True)
        life.check()
        status = life.rollout.status
        if life.broken:
            return life.broken
        if status.phase == "Healthy" and life.rollout.fully_promoted:
            return None
        if status.abort:
            life.put(_OWN, merge_patch(life.objects[_OWN], {"status": {"abort": False}}))
        elif status.phase == "Paused":
            life.put(_OWN, merge_patch(life.objects[_OWN], {"status": {"pauseConditions": None}}))
        life.now += timedelta(seconds=20)
    return f"it does not end: {life.objects[_OWN]['status']}"
