"""What `k8s` and `argoWorkflow` triggers do to a real API server, from the Sensor to the object, as its service account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.executor import ClusterExecutor, home_only
from argosy.errors import AlreadyExists, Denied, EvaluationError, NotFound
from argosy.events.effects import WorkflowCommand, WriteObject
from argosy.events.sensors import Firing
from argosy.local.devcluster import ClusterInfo
from argosy.ports.clock import SystemClock
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.ports.executor import FiringInfo
from contracts.cluster import grant
from support.access import wait_for_access
from support.events import Body, event, fire, sensor, trigger

pytestmark = pytest.mark.cluster

ARGO = "argoproj.io/v1alpha1"
STRATEGIC = "application/strategic-merge-patch+json"


@pytest.fixture(scope="module")
def direct(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture
def cluster(direct: DirectCluster) -> Cluster:
    return direct


class Triggers:
    """Fires triggers of a Sensor in the namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self._executor = ClusterExecutor(home_only(cluster), SystemClock())

    def fire(self, payload: object = None, *, id: str = "1" * 32, **template: Any) -> Firing:
        """The firing that an event makes."""
        manifest = sensor([trigger(**template)], namespace=self.namespace)
        return fire(manifest, {"dep": event(payload or {}, id=id)})

    def do(self, firing: Firing) -> str:
        """Carry a firing out."""
        assert isinstance(firing.effect, WriteObject | WorkflowCommand), firing.problem
        return asyncio.run(self._executor.execute(firing.effect, self.info(firing)))

    def labels(self, firing: Firing) -> Mapping[str, str] | None:
        """What a policy sees."""
        assert isinstance(firing.effect, WriteObject | WorkflowCommand), firing.problem
        return asyncio.run(self._executor.labels(firing.effect, self.info(firing)))

    def info(self, firing: Firing) -> FiringInfo:
        """Which firing it is."""
        return FiringInfo(firing.id, self.namespace, firing.sensor, firing.trigger)

    def k8s(self, manifest: Body, *, id: str = "1" * 32, payload: object = None, **more: Any) -> str:
        """Fire a `k8s` trigger and carry it out."""
        return self.do(self.fire(payload, id=id, k8s={"source": {"resource": manifest}, **more}))

    def workflow(self, operation: str, manifest: Body, *, id: str = "1" * 32, **more: Any) -> Firing:
        """Fire an `argoWorkflow` trigger and carry it out."""
        made = {"operation": operation, "source": {"resource": manifest}, **more}
        firing = self.fire(id=id, argoWorkflow=made)
        self.do(firing)
        return firing

    def get(self, kind: str, name: str, api_version: str = "v1") -> Body:
        """The object as it is."""
        return self.cluster.get(api_version, kind, self.namespace, name)


@pytest.fixture
def triggers(cluster: Cluster, namespace: str) -> Triggers:
    grant(cluster, namespace, "", "configmaps", "*")
    grant(cluster, namespace, "", "pods", "delete")
    grant(cluster, namespace, "apps", "deployments", "*")
    grant(cluster, namespace, "argoproj.io", "*", "*")
    return Triggers(cluster, namespace)


def config(name: str = "c", **data: str | None) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def argo(kind: str, name: str = "w", spec: Body | None = None, **more: Any) -> Body:
    return {
        "apiVersion": ARGO,
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec or {"entrypoint": "main"},
        **more,
    }


# k8s


def test_create_is_done_once(triggers: Triggers) -> None:
    generated = {**config(a="1"), "metadata": {"generateName": "g-"}}
    assert triggers.k8s(generated).endswith(" created")
    assert "earlier attempt" in triggers.k8s(generated)
    assert triggers.k8s(generated, id="2" * 32).endswith(" created")
    made = triggers.cluster.list("v1", "ConfigMap", triggers.namespace, label_selector="events.argoproj.io/sensor=s")
    assert len(made) == 2
    triggers.k8s(config(a="1"))
    with pytest.raises(AlreadyExists):
        triggers.k8s(config(a="1"), id="2" * 32)


def test_as_the_service_account(triggers: Triggers) -> None:
    with pytest.raises(Denied):
        triggers.k8s({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})


def test_update(triggers: Triggers) -> None:
    assert triggers.k8s(config(a="1", b="2"), operation="update").endswith(" created")
    assert triggers.k8s(config(b="3"), operation="update").endswith(" updated")
    assert triggers.get("ConfigMap", "c")["data"] == {"a": "1", "b": "3"}


def test_the_live_object(triggers: Triggers) -> None:
    triggers.k8s(config(a="1", b="2"))
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "v"}, "dest": "data.a", "operation": "append"}]
    named = {**config(), "metadata": {"name": "c", "namespace": triggers.namespace}}
    live: Body = {"operation": "update", "liveObject": True, "parameters": parameters}
    assert triggers.k8s(named, payload={"v": "x"}, **live).endswith(" updated")
    assert triggers.get("ConfigMap", "c")["data"] == {"a": "1x", "b": "2"}


def test_patch(triggers: Triggers) -> None:
    assert triggers.k8s(config(a="1", b="2"), operation="patch").endswith(" created")
    assert triggers.k8s(config(a=None, c="3"), operation="patch").endswith(" patched")
    assert triggers.get("ConfigMap", "c")["data"] == {"b": "2", "c": "3"}
    with pytest.raises(EvaluationError, match="list of operations"):
        triggers.k8s(config(a="1"), operation="patch", patchStrategy="application/json-patch+json")


def test_a_strategic_patch_merges_containers(triggers: Triggers) -> None:
    labels = {"app": "d"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}
    triggers.k8s({**deployment, "spec": spec})
    more = {"template": {"spec": {"containers": [{"name": "b", "image": "b"}]}}}
    triggers.k8s({**deployment, "spec": more}, operation="patch", patchStrategy=STRATEGIC)
    containers = triggers.get("Deployment", "d", "apps/v1")["spec"]["template"]["spec"]["containers"]
    assert {one["name"] for one in containers} == {"a", "b"}


def test_a_patch_by_server_side_apply(triggers: Triggers) -> None:
    apply = {"operation": "patch", "patchStrategy": "application/apply-patch+yaml"}
    triggers.k8s(config(a="1"))
    triggers.k8s(config(b="2", c="3"), **apply)
    triggers.k8s(config(a="4", b="2"), **apply)
    found = triggers.get("ConfigMap", "c")
    assert found["data"] == {"a": "4", "b": "2"}
    managers = {one["manager"] for one in found["metadata"]["managedFields"]}
    assert f"argosy/{triggers.namespace}/s/t" in managers


def test_delete(triggers: Triggers) -> None:
    triggers.k8s(config())
    assert triggers.k8s(config(), operation="delete").endswith(" deleted")
    assert triggers.k8s(config(), operation="delete").endswith(" is not there")
    with pytest.raises(NotFound):
        triggers.get("ConfigMap", "c")


def test_a_kind_without_a_namespace(triggers: Triggers, cluster: Cluster) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    rules = [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["*"]}]
    name = f"{triggers.namespace}-roles"
    cluster.create({**role, "metadata": {"name": name}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": triggers.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    cluster.create({**role, "kind": "ClusterRoleBinding", **binding})
    wait_for_access(cluster, ServiceAccount(triggers.namespace), "create", "clusterroles.rbac.authorization.k8s.io")
    made = f"{triggers.namespace}-made"
    triggers.k8s({**role, "metadata": {"name": made, "namespace": "ignored"}})
    assert cluster.get(role["apiVersion"], "ClusterRole", "", made)["metadata"]["name"] == made
    assert triggers.k8s({**role, "metadata": {"name": made}}, operation="delete") == f"ClusterRole {made} deleted"


def test_what_a_policy_sees(triggers: Triggers) -> None:
    firing = triggers.fire(k8s={"source": {"resource": config()}})
    triggers.do(firing)
    seen = triggers.labels(firing)
    assert seen is not None
    assert seen["events.argoproj.io/trigger"] == "t"
    triggers.cluster.delete("v1", "ConfigMap", triggers.namespace, "c")
    with pytest.raises(NotFound):
        triggers.labels(firing)


# argoWorkflow


def test_submit_with_flags(triggers: Triggers) -> None:
    spec = {"entrypoint": "main", "arguments": {"parameters": [{"name": "a", "value": "1"}]}}
    triggers.workflow("submit", argo("Workflow", spec=spec), args=["-p", "a=2", "-l", "x=y", "--priority", "3"])
    made = triggers.get("Workflow", "w", ARGO)
    assert made["spec"]["arguments"]["parameters"] == [{"name": "a", "value": "2"}]
    assert (made["spec"]["priority"], made["metadata"]["labels"]["x"]) == (3, "y")


@pytest.mark.parametrize(
    ("kind", "spec", "made"),
    [
        ("WorkflowTemplate", {"entrypoint": "main"}, {"workflowTemplateRef": {"name": "tpl"}}),
        ("CronWorkflow", {"schedules": ["0 0 1 1 *"], "workflowSpec": {"entrypoint": "e"}}, {"entrypoint": "e"}),
    ],
)
def test_submit_from(triggers: Triggers, kind: str, spec: Body, made: Body) -> None:
    triggers.cluster.create(argo(kind, "tpl", spec), namespace=triggers.namespace)
    firing = triggers.workflow("submit-from", argo(kind, "tpl"))
    found = triggers.get("Workflow", f"tpl-{firing.id[:10]}", ARGO)
    assert found["spec"] == made
    assert found["metadata"]["generateName"] == "tpl-"
    triggers.workflow("submit-from", argo(kind, "tpl"))
    assert len(triggers.cluster.list(ARGO, "Workflow", triggers.namespace)) == 1


def test_suspend_resume_stop_and_terminate(triggers: Triggers) -> None:
    node = {"id": "n", "name": "w.s", "displayName": "s", "type": "Suspend", "phase": "Running"}
    status = {"phase": "Running", "nodes": {"n": node}}
    triggers.cluster.create(argo("Workflow", status=status), namespace=triggers.namespace)
    triggers.workflow("suspend", argo("Workflow"))
    assert triggers.get("Workflow", "w", ARGO)["spec"]["suspend"] is True
    triggers.workflow("resume", argo("Workflow"))
    resumed = triggers.get("Workflow", "w", ARGO)
    assert "suspend" not in resumed["spec"]
    assert resumed["status"]["nodes"]["n"]["phase"] == "Succeeded"
    for operation, strategy in (("stop", "Stop"), ("terminate", "Terminate")):
        triggers.workflow(operation, argo("Workflow"))
        assert triggers.get("Workflow", "w", ARGO)["spec"]["shutdown"] == strategy


def test_retry_and_resubmit(triggers: Triggers) -> None:
    node = {"id": "w-1", "name": "w.a", "type": "Pod", "phase": "Failed", "templateName": "t"}
    root = {"id": "w", "name": "w", "type": "DAG", "phase": "Failed", "children": ["w-1"], "message": "no"}
    status = {"phase": "Failed", "nodes": {"w": root, "w-1": node}, "finishedAt": "2026-01-01T00:00:00Z"}
    triggers.cluster.create(argo("Workflow", status=status), namespace=triggers.namespace)
    firing = triggers.workflow("resubmit", argo("Workflow"), args=["-p", "a=b"])
    again = triggers.get("Workflow", f"w-{firing.id[:10]}", ARGO)
    assert again["metadata"]["labels"]["workflows.argoproj.io/resubmitted-from-workflow"] == "w"
    assert "status" not in again
    for _ in range(2):
        triggers.workflow("retry", argo("Workflow"))
        found = triggers.get("Workflow", "w", ARGO)["status"]
        assert (found["phase"], list(found["nodes"])) == ("Running", ["w"])
        assert found["nodes"]["w"]["phase"] == "Running"
    with pytest.raises(EvaluationError, match="phase Running"):
        triggers.workflow("retry", argo("Workflow"), id="2" * 32)
