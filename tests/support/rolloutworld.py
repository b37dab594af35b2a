"""A namespace without a cluster, for turns of Rollouts: writes are done at once, pods come when they are told to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.lang.patch.mergepatch import merge_patch
from argosy.resources.rollout import Rollout
from argosy.rollouts.reconcile import reconcile
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.turn import Seen
from argosy.rollouts.writes import Change, Create, Erase, Event, Evict, Outside, Plan, Ref

__all__ = ["World", "rollout_body"]

type Json = dict[str, Any]


def rollout_body(strategy: Mapping[str, Any], *, replicas: int = 4, image: str = "app:1", **spec: Any) -> Json:
    """A Rollout as a user writes it."""
    pods = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop", "uid": "rollout-uid", "generation": 1, "resourceVersion": "1"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": pods,
            "strategy": dict(strategy),
            **spec,
        },
        "status": {},
    }


@dataclass
class World:
    """One Rollout and its objects.

    `ready`: how many pods of a ReplicaSet are available, all of them unless told otherwise.
    """

    body: Json
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    objects: dict[Ref, Json] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    ready: Callable[[Json], int] | None = None
    outside: list[Outside] = field(default_factory=list)
    least: int | None = None
    due: datetime | None = None

    def turn(self) -> Plan:
        """One turn, carried out."""
        seen = self.seen()
        plan = reconcile(seen, (), self.now)
        for write in plan.writes:
            self._do(write)
        self.body["status"] = merge_patch(self.body.get("status") or {}, plan.status)
        self.events += plan.events
        self.due = plan.requeue_at
        return plan

    def seen(self) -> Seen:
        """What a controller would read."""
        named = [one for ref, one in self.objects.items() if ref.kind == "ReplicaSet"]
        return Seen(
            Rollout.of(self.body),
            self.body,
            [ReplicaSet.of(one) for one in named],
            [one for ref, one in self.objects.items() if ref.kind == "AnalysisRun"],
            [one for ref, one in self.objects.items() if ref.kind == "Experiment"],
            [one for ref, one in self.objects.items() if ref.kind == "Pod"],
            {ref: one for ref, one in self.objects.items() if ref.kind not in ("ReplicaSet", "AnalysisRun", "Pod")},
        )

    def settle(self, most: int = 100) -> int:
        """Turns, and pods that come, until nothing is left to do now; how many turns that took."""
        for count in range(most):
            before = copy.deepcopy((self.body, self.objects))
            self.turn()
            self._pods()
            due = self.due is not None and self.due <= self.now
            if before == (self.body, self.objects) and not due:
                return count
        raise AssertionError(f"not settled after {most} turns: {self.body['status']}")

    def later(self, seconds: float) -> None:
        """Time passes, and what is due is done."""
        self.now += timedelta(seconds=seconds)
        self.settle()

    def patch(self, body: Mapping[str, Any]) -> None:
        """What a user does."""
        before = self.body["spec"]
        self.body = merge_patch(self.body, body)
        if self.body["spec"] != before:
            self.body["metadata"]["generation"] += 1

    def image(self, image: str) -> None:
        """Another version."""
        self.patch({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}})

    @property
    def status(self) -> Json:
        """The rollout's status."""
        found: Json = self.body["status"]
        return found

    def sets(self) -> dict[str, int]:
        """Image → replicas of the ReplicaSets that have any."""
        return {
            one["spec"]["template"]["spec"]["containers"][0]["image"]: one["spec"]["replicas"]
            for ref, one in self.objects.items()
            if ref.kind == "ReplicaSet" and one["spec"]["replicas"]
        }

    def _do(self, write: Create | Change | Erase | Evict | Outside) -> None:
        if isinstance(write, Outside):
            self.outside.append(write)
        elif isinstance(write, Create):
            assert write.ref not in self.objects, f"{write.ref} is there already"
            made = copy.deepcopy(dict(write.manifest))
            made["metadata"] |= {
                "uid": f"uid-{len(self.objects)}-{write.ref.name}",
                "creationTimestamp": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "generation": 1,
            }
            self.objects[write.ref] = made
        elif isinstance(write, Change):
            if write.ref.kind == "Rollout":
                self.body = merge_patch(self.body, write.body)
            else:
                self.objects[write.ref] = merge_patch(self.objects[write.ref], write.body)
        else:
            del self.objects[write.ref]

    def _pods(self) -> None:
        for ref, one in self.objects.items():
            if ref.kind == "ReplicaSet":
                replicas = one["spec"]["replicas"]
                there = min(replicas, self.ready(one) if self.ready is not None else replicas)
                one["status"] = {"replicas": replicas, "readyReplicas": there, "availableReplicas": there}
                one["status"]["observedGeneration"] = one["metadata"]["generation"]
        available = sum(
            one["status"]["availableReplicas"] for ref, one in self.objects.items() if ref.kind == "ReplicaSet"
        )
        self.least = available if self.least is None else min(self.least, available)
