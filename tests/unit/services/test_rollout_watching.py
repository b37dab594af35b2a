"""Which changes of ReplicaSets are a reason to look at their Rollout."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import CONTROL, Wanted
from argosy.control.keys import Key
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.rollouts.watching import concerned
from support.services import FakeInstallation

SETS = Wanted("apps", "v1", "replicasets", "", purpose=CONTROL)
ROLLOUT = Key("home", "argoproj.io", "Rollout", "ns", "web")


def replica_set(replicas: int = 2, *, version: int = 1, observed: int = 1, **status: Any) -> dict[str, Any]:
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "uid": "u", "controller": True}
    metadata = {
        "name": "web-1",
        "namespace": "ns",
        "uid": "s",
        "resourceVersion": str(version),
        "generation": 1,
        "labels": {"app": "web"},
        "ownerReferences": [owner],
    }
    counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
    return {
        "metadata": metadata,
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": observed} | counts | status,
    }


def labelled(body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return body | {"metadata": body["metadata"] | metadata}


def woken(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Key]:
    installation = FakeInstallation()
    mirror = Mirror(installation.runtime.store, installation.runtime.blobs, "home")
    copy = Copy("s", 1, before) if before is not None else None
    item = Item(SETS.key, "MODIFIED" if after is not None else "DELETED", "ns", "web-1", "s", 2, after)
    return list(concerned("home", SETS, item, copy, mirror))


@pytest.mark.parametrize(
    ("before", "after", "looks"),
    [
        (replica_set(), replica_set(version=2, observed=2), False),
        (replica_set(), replica_set(version=2, fullyLabeledReplicas=2), False),
        (replica_set(), replica_set(version=2, terminatingReplicas=1), False),
        (replica_set(), labelled(replica_set(version=2), generation=2, managedFields=[{}]), False),
        (replica_set(), replica_set(version=2, availableReplicas=1), True),
        (replica_set(), replica_set(version=2, conditions=[{"type": "ReplicaFailure", "status": "True"}]), True),
        (replica_set(), replica_set(3, version=2), True),
        (replica_set(), labelled(replica_set(version=2), annotations={"scale-down-deadline": "x"}), True),
        (replica_set(), labelled(replica_set(version=2), labels={"app": "other"}), True),
        (replica_set(), labelled(replica_set(version=2), deletionTimestamp="2026-01-01T00:00:00Z"), True),
        (replica_set(0), replica_set(0, version=2, observed=2), True),
        (None, replica_set(), True),
        (replica_set(), None, True),
    ],
    ids=[
        "its controller has come further",
        "labels of its pods",
        "pods that end",
        "who wrote it",
        "a pod that is not available",
        "pods that cannot be made",
        "scaled by hand",
        "an annotation",
        "a label",
        "being deleted",
        "without pods: may be removed now",
        "new",
        "gone",
    ],
)
def test_a_change_that_no_decision_looks_at_wakes_nobody(
    before: dict[str, Any] | None, after: dict[str, Any] | None, *, looks: bool
) -> None:
    assert woken(before, after) == ([ROLLOUT] if looks else [])
