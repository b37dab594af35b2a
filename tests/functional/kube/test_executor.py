"""Writing objects for firings, on the fake cluster: as the service account, told apart by the firing's id, settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from argosy.adapters.kube.executor import ClusterExecutor, home_only
from argosy.errors import AlreadyExists, ArgosyError, Conflict, Denied, EvaluationError, NotFound
from argosy.events.effects import Assignment, Draft, Reference, WorkflowCommand, WriteObject
from argosy.events.triggers.objects import FIRING_ANNOTATION
from argosy.ports.cluster import Cluster
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from contracts.cluster import grant

FIRING = FiringInfo("0123456789abcdef", "team", "sensor", "trigger")
ARGO = "argoproj.io/v1alpha1"
Body = dict[str, Any]


@pytest.fixture
def cluster() -> FakeCluster:
    made = FakeCluster(FakeClock())
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    return made


def executor(cluster: Cluster) -> ClusterExecutor:
    return ClusterExecutor(home_only(cluster), FakeClock())


def do(cluster: Cluster, effect: WriteObject | WorkflowCommand | Draft) -> str:
    return asyncio.run(executor(cluster).execute(effect, FIRING))


def config_map(firing: str = "", operation: str = "create", patch: str = "", **data: Any) -> WriteObject:
    annotations = {"annotations": {FIRING_ANNOTATION: firing}} if firing else {}
    metadata = {"name": "one", "namespace": "team", **annotations}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **({"data": data} if data else {})}
    return WriteObject(body, "team", "default", operation, patch)


def data(cluster: Cluster) -> Mapping[str, Any]:
    found: Mapping[str, Any] = cluster.get("v1", "ConfigMap", "team", "one").get("data", {})
    return found


# Objects


def test_creates_as_the_service_account_only(cluster: FakeCluster) -> None:
    with pytest.raises(Denied):
        do(cluster, config_map(FIRING.id))
    grant(cluster, "team", "", "configmaps", "create")
    assert do(cluster, config_map(FIRING.id)) == "ConfigMap team/one created"
    assert cluster.get("v1", "ConfigMap", "team", "one")["metadata"]["name"] == "one"


@pytest.mark.parametrize(("first", "succeeds"), [(FIRING.id, True), ("f0", False), ("", False)])
def test_a_name_that_is_taken(cluster: FakeCluster, first: str, succeeds: bool) -> None:
    grant(cluster, "team", "", "configmaps", "create", "get")
    cluster.create(config_map(first).manifest, namespace="team")
    if succeeds:
        assert "earlier attempt" in do(cluster, config_map(FIRING.id))
    else:
        with pytest.raises(AlreadyExists):
            do(cluster, config_map(FIRING.id))


@pytest.mark.parametrize(
    ("effect", "said", "left"),
    [
        (config_map("", "update", b="3", c="4"), "updated", {"a": "1", "b": "3", "c": "4"}),
        (config_map("", "patch", b=None, c="4"), "patched", {"a": "1", "c": "4"}),
        (config_map("", "patch", "application/strategic-merge-patch+json", b="3"), "patched", {"a": "1", "b": "3"}),
        (config_map("", "patch", "application/apply-patch+yaml", b="3"), "patched", {"a": "1", "b": "3"}),
    ],
)
def test_changing_what_is_there(cluster: FakeCluster, effect: WriteObject, said: str, left: Body) -> None:
    grant(cluster, "team", "", "configmaps", "get", "update", "patch")
    cluster.create(config_map(a="1", b="2").manifest)
    for _ in range(2):
        assert do(cluster, effect) == f"ConfigMap team/one {said}"
        assert data(cluster) == left


@pytest.mark.parametrize("operation", ["update", "patch"])
def test_changing_what_is_not_there_creates_it_as_it_stands(cluster: FakeCluster, operation: str) -> None:
    grant(cluster, "team", "", "configmaps", "*")
    assert do(cluster, config_map("", operation, a="1")) == "ConfigMap team/one created"
    assert "labels" not in cluster.get("v1", "ConfigMap", "team", "one")["metadata"]


def test_deleting(cluster: FakeCluster) -> None:
    grant(cluster, "team", "", "configmaps", "get", "delete")
    cluster.create(config_map().manifest)
    assert do(cluster, config_map("", "delete")) == "ConfigMap team/one deleted"
    assert do(cluster, config_map("", "delete")) == "ConfigMap team/one is not there"


def test_the_live_object(cluster: FakeCluster) -> None:
    grant(cluster, "team", "", "configmaps", "get", "update")
    values = (Assignment("data.a", "x", operation="append"),)
    effect = WriteObject(config_map().manifest, "team", "default", "update", live=True, values=values)
    with pytest.raises(NotFound):
        do(cluster, effect)
    cluster.create(config_map(a="1", b="2").manifest)
    assert do(cluster, effect) == "ConfigMap team/one updated"
    assert data(cluster) == {"a": "1x", "b": "2"}


class _Racing(FakeCluster):
    """Somebody else writes between reading and writing, a number of times."""

    def __init__(self, races: int, other: Callable[[FakeCluster], object]) -> None:
        self.races, self.other = [None] * races, other
        super().__init__(FakeClock())

    def acting_as(self, user: object) -> _Racing:
        return self

    def get(self, *place: Any, **options: Any) -> Body:
        try:
            return super().get(*place, **options)
        finally:
            if self.races:
                self.races.pop()
                self.other(self)


def write_another(cluster: FakeCluster) -> None:
    cluster.patch("v1", "ConfigMap", "team", "one", {"data": {f"n{len(cluster.races)}": "1"}})  # type: ignore[attr-defined]  # a _Racing


@pytest.mark.parametrize(("races", "settles"), [(1, True), (4, True), (5, False)])
def test_somebody_else_was_first(races: int, settles: bool) -> None:
    cluster = _Racing(0, write_another)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    cluster.create(config_map(a="1").manifest)
    cluster.races = [None] * races
    if not settles:
        with pytest.raises(Conflict):
            do(cluster, config_map("", "update", a="2"))
        return
    do(cluster, config_map("", "update", a="2"))
    assert data(cluster) == {"a": "2", **{f"n{n}": "1" for n in range(races)}}


def test_an_object_that_has_come_to_be_in_between() -> None:
    cluster = _Racing(0, lambda made: made.create(config_map(b="1").manifest))
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    cluster.races = [None]
    assert do(cluster, config_map("", "update", a="2")) == "ConfigMap team/one updated"
    assert data(cluster) == {"a": "2", "b": "1"}


# Where


def test_a_cluster_by_name(cluster: FakeCluster) -> None:
    other = FakeCluster(FakeClock())
    other.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    grant(other, "team", "", "configmaps", "create")
    named = {"": cluster, "other": other}
    clusters = ClusterExecutor(lambda _, name: named[name], FakeClock())
    effect = WriteObject(config_map(FIRING.id).manifest, "team", "default", cluster="other")
    asyncio.run(clusters.execute(effect, FIRING))
    assert other.get("v1", "ConfigMap", "team", "one")
    with pytest.raises(NotFound, match="no cluster is registered under the name 'other'"):
        do(cluster, effect)


def test_a_draft_is_not_carried_out(cluster: FakeCluster) -> None:
    draft = Draft(Reference("config", "c", "k"), "team", "default", "s", "t", 1)
    with pytest.raises(EvaluationError):
        do(cluster, draft)


# Labels


@pytest.mark.parametrize(
    ("effect", "labels"),
    [
        (config_map(), {"a": "b"}),
        (WorkflowCommand({}, "team", "default", "stop", "w"), None),
        (config_map("", "delete"), EvaluationError),
        (
            WriteObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, "team", "default"),
            NotFound,
        ),
    ],
)
def test_looking_at_what_was_written(
    cluster: FakeCluster, effect: WriteObject, labels: Body | type[ArgosyError] | None
) -> None:
    grant(cluster, "team", "", "configmaps", "get")
    grant(cluster, "team", "argoproj.io", "workflows", "get")
    made = {**config_map().manifest, "metadata": {"name": "one", "namespace": "team", "labels": {"a": "b"}}}
    cluster.create(made)
    cluster.create({"apiVersion": ARGO, "kind": "Workflow", "metadata": {"name": "w", "namespace": "team"}})
    if isinstance(labels, type):
        with pytest.raises(labels):
            asyncio.run(executor(cluster).labels(effect, FIRING))
    else:
        assert asyncio.run(executor(cluster).labels(effect, FIRING)) == labels


# Workflows


@pytest.fixture
def workflows(cluster: FakeCluster) -> FakeCluster:
    grant(cluster, "team", "argoproj.io", "*", "*")
    grant(cluster, "team", "", "pods", "delete")
    node = {"id": "w", "name": "w", "type": "Pod", "phase": "Failed", "templateName": "t"}
    status = {"phase": "Failed", "nodes": {"w": node}}
    failed = {"apiVersion": ARGO, "kind": "Workflow", "metadata": {"name": "w", "namespace": "team"}, "status": status}
    cluster.create(failed)
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "namespace": "team"}})
    for kind in ("WorkflowTemplate", "CronWorkflow"):
        cluster.create({"apiVersion": ARGO, "kind": kind, "metadata": {"name": "tpl", "namespace": "team"}, "spec": {}})
    return cluster


def named(cluster: Cluster, name: str = "w") -> Body:
    return cluster.get(ARGO, "Workflow", "team", name)


@pytest.mark.parametrize("origin", ["workflowtemplate", "cronwf"])
def test_submit_from(workflows: FakeCluster, origin: str) -> None:
    command = WorkflowCommand({}, "team", "default", "submit-from", "tpl", origin, ("-p", "a=b"))
    assert do(workflows, command) == "Workflow team/tpl-0123456789 created"
    assert do(workflows, command) == "Workflow team/tpl-0123456789 was created by an earlier attempt"
    assert named(workflows, "tpl-0123456789")["spec"]["arguments"] == {"parameters": [{"name": "a", "value": "b"}]}


def test_resubmit_and_submit(workflows: FakeCluster) -> None:
    assert (
        do(workflows, WorkflowCommand({}, "team", "default", "resubmit", "w")) == "Workflow team/w-0123456789 created"
    )
    manifest = {"apiVersion": ARGO, "kind": "Workflow", "metadata": {"name": "x"}}
    assert do(workflows, WorkflowCommand(manifest, "team", "default")) == "Workflow team/x created"


@pytest.mark.parametrize(
    ("operation", "spec"),
    [("suspend", {"suspend": True}), ("stop", {"shutdown": "Stop"}), ("terminate", {"shutdown": "Terminate"})],
)
def test_what_is_set_on_a_workflow(workflows: FakeCluster, operation: str, spec: Body) -> None:
    for _ in range(2):
        do(workflows, WorkflowCommand({}, "team", "default", operation, "w"))
        assert named(workflows)["spec"] == spec


def test_resume(workflows: FakeCluster) -> None:
    do(workflows, WorkflowCommand({}, "team", "default", "suspend", "w"))
    command = WorkflowCommand({}, "team", "default", "resume", "w")
    assert do(workflows, command) == "resume of Workflow team/w: done"
    assert named(workflows)["spec"] == {}
    assert do(workflows, command) == "resume of Workflow team/w: nothing to do"


def test_retry_takes_the_pods_away(workflows: FakeCluster) -> None:
    command = WorkflowCommand({}, "team", "default", "retry", "w")
    assert do(workflows, command) == "retry of Workflow team/w: done"
    assert named(workflows)["status"]["phase"] == "Running"
    assert named(workflows)["status"]["nodes"] == {}
    with pytest.raises(NotFound):
        workflows.get("v1", "Pod", "team", "w")
    assert do(workflows, command) == "retry of Workflow team/w: nothing to do"


@pytest.mark.parametrize("operation", ["resubmit", "stop", "submit-from"])
def test_what_is_not_there(workflows: FakeCluster, operation: str) -> None:
    with pytest.raises(NotFound):
        do(workflows, WorkflowCommand({}, "team", "default", operation, "nothing", "workflowtemplate"))
