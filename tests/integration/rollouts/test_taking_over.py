"""A rollout that another controller has begun is taken over where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.rollouts.hashing import template_hash
from argosy.rollouts.replicasets import HASH
from argosy.services.rollouts.controller import INSTANCE
from support.rollouts import API, Shop
from support.rolloutworld import rollout_body
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]

STEPS = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]
CANARY = {"canary": {"steps": STEPS, "canaryService": "new", "stableService": "old"}}
# What another release of the hash function would have made of the same templates.
HASHES = ("6c9d5bb8f7", "7f4b8d6c55")


def test_in_the_middle_of_a_canary(up: Up, shop: Shop, cluster: DirectCluster) -> None:
    shop.service("new", "old")
    shop.rollout(CANARY)
    shop.image("app:2")
    shop.reaches("Paused", step=1)
    there = Shop(cluster, f"{shop.namespace}-over", "of-another")
    try:
        begun = moved(shop, there)
        assert there.sets() == {"app:1": 2, "app:2": 2}
        there.cluster.patch(API, "Rollout", there.namespace, "web", {"metadata": {"labels": {INSTANCE: None}}})
        there.cluster.patch(API, "Rollout", there.namespace, "web", {"spec": {"progressDeadlineSeconds": 601}})
        status = there.reaches("Paused", "CanaryPauseStep", step=1)
        kept = ("stableRS", "currentPodHash", "currentStepHash", "pauseConditions", "controllerPause")
        assert {name: status.get(name) for name in kept} == {name: begun.get(name) for name in kept}
        found = cluster.list("apps/v1", "ReplicaSet", there.namespace)
        assert sorted(one["metadata"]["labels"][HASH] for one in found) == sorted(HASHES)
        assert [selector(there, name) for name in ("old", "new")] == [*HASHES]
        there.do("promote")
        there.reaches("Paused", step=3)
        assert there.sets() == {"app:1": 1, "app:2": 3}
        there.do("promote")
        assert there.reaches("Healthy")["stableRS"] == HASHES[1]
    finally:
        there.close()


def test_an_installation_decides_on_what_carries_its_id(context: str, cluster: DirectCluster, data: Path) -> None:
    """Set while the rollout is there: it is looked at at once."""
    running = Up(data, "--cluster", context).ready()
    shop = Shop(cluster, "of-whom", "later")
    try:
        shop.begin({"canary": {}}, replicas=1)
        assert argosy("cluster", "set", "in-cluster", "--instance-id", "later", data=data).code == 0
        shop.reaches("Healthy")
        assert argosy("cluster", "get", "in-cluster", "-o", "json", data=data).json()["instanceId"] == "later"
    finally:
        running.kill()
        shop.close()


def selector(shop: Shop, name: str) -> str:
    found = shop.cluster.get("v1", "Service", shop.namespace, name)
    return str(found["spec"]["selector"][HASH])


def moved(shop: Shop, there: Shop) -> dict[str, Any]:
    """The same rollout in another namespace, with other hashes, under an id that nobody here answers to; its status."""
    status = shop.status
    hashes = dict(zip((status["stableRS"], status["currentPodHash"]), HASHES, strict=True))

    def renamed(value: Any) -> Any:
        text = json.dumps(value)
        for own, other in hashes.items():
            text = text.replace(own, other)
        return json.loads(text)

    body = shop.body
    annotations = body["metadata"].get("annotations") or {}
    labels = {INSTANCE: there.instance_id}
    made = there.cluster.create(
        {
            "apiVersion": API,
            "kind": "Rollout",
            "metadata": {"name": "web", "namespace": there.namespace, "labels": labels, "annotations": annotations},
            "spec": body["spec"],
        }
    )
    owner = {"apiVersion": API, "kind": "Rollout", "name": "web", "uid": made["metadata"]["uid"], "controller": True}
    for one in shop.cluster.list("apps/v1", "ReplicaSet", shop.namespace):
        found = renamed(one)
        metadata = {name: found["metadata"].get(name) for name in ("name", "labels", "annotations")}
        there.create({**found, "metadata": {**metadata, "ownerReferences": [owner]}, "status": {}})
    for name in ("new", "old"):
        spec = renamed(shop.cluster.get("v1", "Service", shop.namespace, name)["spec"])
        plain = {"selector": spec["selector"], "ports": [{"port": 80}]}
        managed = {"name": name, "annotations": {"argo-rollouts.argoproj.io/managed-by-rollouts": "web"}}
        there.create({"apiVersion": "v1", "kind": "Service", "metadata": managed, "spec": plain})
    begun: dict[str, Any] = renamed(status)
    cluster, place = there.cluster, there.namespace
    cluster.patch(API, "Rollout", place, "web", {"status": begun}, subresource="status")

    def available() -> bool:
        found = cluster.list("apps/v1", "ReplicaSet", place)
        return all(one["status"].get("availableReplicas") == one["spec"]["replicas"] for one in found)

    there.until(lambda: available() or None, "its pods are available")
    return begun


def test_a_name_that_somebody_else_has_is_left_to_him(up: Up, shop: Shop) -> None:
    wanted = rollout_body({"canary": {}})["spec"]["template"]
    name = f"web-{template_hash(wanted, None)}"
    labels = {"app": "other", HASH: "somebody"}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "other:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pods}
    metadata = {"name": name, "labels": labels}
    shop.create({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec})
    shop.rollout({"canary": {}})
    assert (shop.status["collisionCount"], shop.sets()) == (1, {"app:1": 4})
    assert (
        shop.cluster.get("apps/v1", "ReplicaSet", shop.namespace, name)["spec"]["template"]["metadata"]["labels"]
        == labels
    )
