"""Batches of a sync, carried out next to a cluster; and the same by way of an agent."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.agents.batches import batch_from_json, batch_to_json, outcomes_from_json, outcomes_to_json
from argosy.control.applying import Applier, Done
from argosy.errors import EvaluationError, InvalidObject, NotFound, Unavailable
from argosy.gitops.annotations import HOOK_FINALIZER, LAST_APPLIED
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync.writes import Apply, Delete, Manner, Outcome, Release, Write
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster

type Json = dict[str, Any]

PLACE = Key("", "ConfigMap", "default", "a"), "Sync"


def config_map(value: str = "1", name: str = "a", **metadata: Any) -> Json:
    found: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", **metadata},
    }
    return found | {"data": {"v": value}}


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(FakeClock())


def carry(cluster: FakeCluster, *writes: Write) -> list[Done]:
    """Done here, and said in the words of a message."""
    batch = batch_from_json(batch_to_json(writes))
    assert tuple(batch) == writes
    done = Applier(cluster, lambda _: True).carry(batch)
    assert outcomes_from_json(outcomes_to_json(done)) == {name: one.outcome for name, one in done.items()}
    return [done[one.id] for one in writes]


def apply(obj: Json, manner: Manner = "apply", **more: Any) -> Apply:
    return Apply((key_of(obj), "Sync"), obj, manner, **more)


def there(cluster: FakeCluster, name: str = "a") -> Json:
    return cluster.get("v1", "ConfigMap", "default", name)


def test_kubectls_apply(cluster: FakeCluster) -> None:
    said = [
        carry(cluster, apply(config_map(value), there=known))[0].outcome.message
        for value, known in (("1", False), ("1", True), ("2", True), ("2", False))
    ]
    assert said == ["configmap/a created", "configmap/a unchanged", "configmap/a configured", "configmap/a unchanged"]
    assert there(cluster)["data"] == {"v": "2"}
    assert LAST_APPLIED in there(cluster)["metadata"]["annotations"]


def test_what_is_gone_since_it_was_seen_is_made(cluster: FakeCluster) -> None:
    (done,) = carry(cluster, apply(config_map(), there=True))
    made = there(cluster)["metadata"]
    assert done.outcome == Outcome("configmap/a created", "", made["uid"], int(made["resourceVersion"]))


def test_a_dry_run_changes_nothing(cluster: FakeCluster) -> None:
    (done,) = carry(cluster, apply(config_map(), there=False, dry=True))
    assert (done.outcome.message, done.object) == ("configmap/a created (dry run)", None)
    with pytest.raises(NotFound):
        there(cluster)


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("server-side", "configmap/a serverside-applied"),
        ("replace", "configmap/a replaced"),
        ("update", "configmap/a updated"),
    ],
)
def test_other_manners(cluster: FakeCluster, manner: Manner, said: str) -> None:
    cluster.create(config_map("by hand"))
    (done,) = carry(cluster, apply(config_map("2"), manner))
    assert done.outcome.message == said
    assert there(cluster)["data"] == {"v": "2"}
    assert LAST_APPLIED not in (there(cluster)["metadata"].get("annotations") or {})


class Fixed(FakeCluster):
    """Lets nothing be changed."""

    def patch(self, *args: Any, **kwargs: Any) -> Json:
        raise InvalidObject("field is immutable", obj="ConfigMap/a", field="data")


def test_what_cannot_be_changed_is_made_anew_by_force() -> None:
    fixed = Fixed(FakeClock())
    before = fixed.create(config_map())["metadata"]["uid"]
    (refused,) = carry(fixed, apply(config_map("2")))
    assert refused.outcome.problem == "ConfigMap/a: data: field is immutable"
    (tried,) = carry(fixed, apply(config_map("2"), force=True, dry=True))
    assert tried.outcome.problem, "nothing is deleted to try something"
    (forced,) = carry(fixed, apply(config_map("2"), force=True))
    assert forced.outcome.message == "configmap/a created"
    assert there(fixed)["data"] == {"v": "2"}
    assert there(fixed)["metadata"]["uid"] != before


def test_one_that_fails_stops_no_other(cluster: FakeCluster) -> None:
    unknown = {"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "y", "namespace": "default"}}
    failed, made = carry(cluster, apply(unknown), apply(config_map(), there=False))
    assert "x/v1" in failed.outcome.problem
    assert made.outcome.message == "configmap/a created"


def test_exactly_that_object_is_deleted(cluster: FakeCluster) -> None:
    uid = cluster.create(config_map())["metadata"]["uid"]
    (other,) = carry(cluster, Delete(PLACE, "another"))
    assert other.outcome == Outcome()
    assert there(cluster)["metadata"]["uid"] == uid
    (done,) = carry(cluster, Delete(PLACE, uid))
    assert done.outcome.message == "configmap/a deleted"
    (again,) = carry(cluster, Delete(PLACE, uid))
    assert again.outcome == Outcome(), "gone already"


def test_exactly_that_hook_is_let_go(cluster: FakeCluster) -> None:
    uid = cluster.create(config_map(finalizers=["somebody/else", HOOK_FINALIZER]))["metadata"]["uid"]
    carry(cluster, Release(PLACE, "another"))
    assert HOOK_FINALIZER in there(cluster)["metadata"]["finalizers"]
    carry(cluster, Release(PLACE, uid))
    assert there(cluster)["metadata"]["finalizers"] == ["somebody/else"]
    assert carry(cluster, Release(PLACE, uid))[0].outcome == Outcome()


class Gone(FakeCluster):
    """Does not answer."""

    def create(self, *args: Any, **kwargs: Any) -> Json:
        if args[0]["kind"] == "ConfigMap":
            raise Unavailable("nobody answers")
        return super().create(*args, **kwargs)


def test_a_cluster_that_cannot_be_reached_fails_no_sync() -> None:
    gone = Gone(FakeClock())
    with pytest.raises(Unavailable, match="nobody answers"):
        carry(gone, apply(config_map(), there=False), apply(config_map(name="b"), there=False))
    uid = gone.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}})
    mixed = carry(
        gone,
        apply(config_map(), there=False),
        Delete((Key("", "Secret", "default", "s"), "Sync"), uid["metadata"]["uid"]),
    )
    assert [one.outcome.problem for one in mixed] == ["nobody answers", ""]


@pytest.mark.parametrize("body", [{}, {"writes": [{}]}, {"writes": [{"place": ["", "ConfigMap", "n", "a", "Sync"]}]}])
def test_what_is_no_batch(body: Json) -> None:
    with pytest.raises(EvaluationError, match="not a batch"):
        batch_from_json(body)


def test_what_is_no_outcome() -> None:
    with pytest.raises(EvaluationError, match="not the outcome"):
        outcomes_from_json({"done": [["a", 1, 2, 3, 4, 5]]})
