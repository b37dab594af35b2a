"""Argo's kinds as a real API server serves them by our definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.kube.client import ClientConnection
from argosy.adapters.kube.connection import Call
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import InvalidObject
from argosy.local.devcluster import ClusterInfo
from argosy.ports.cluster import Cluster
from argosy.resources.crds import ANNOTATION, custom_resource_definition
from argosy.resources.definitions import DEFINITIONS, GROUP, VERSION
from argosy.resources.manifests import read_manifests

pytestmark = pytest.mark.cluster

API = f"{GROUP}/{VERSION}"
EXAMPLES = Path(__file__).parents[3] / "examples"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

# The least that Argo's own definitions ask for, and something that they do not know.
ODD = {"odd": {"list": [1, "a", None, {"deep": None}], "nothing": None}}
LEAST: dict[str, dict[str, Any]] = {
    "AnalysisRun": {"metrics": [{"name": "ok", "provider": {"web": {"url": "http://x"}}}]},
    "AnalysisTemplate": {"args": [{"name": "service"}], "metrics": []},
    "AppProject": {"destinations": [{"server": "*", "namespace": "*"}]},
    "Application": {"project": "default", "destination": {}, "source": {"repoURL": "x", "path": "."}},
    "ApplicationSet": {"generators": [{"list": {"elements": [{"a": 1}]}}], "template": {"metadata": {}, "spec": {}}},
    "ClusterAnalysisTemplate": {"metrics": []},
    "ClusterWorkflowTemplate": {"templates": []},
    "CronWorkflow": {"schedules": ["* * * * *"], "workflowSpec": {}},
    "EventBus": {"jetstream": {"version": "latest", "replicas": "three"}},
    "EventSource": {"webhook": {"a": {"port": 12000, "endpoint": None}, "b": None}, "amqp": [], "calendar": "text"},
    "Experiment": {"templates": [{"name": "a"}]},
    "Rollout": {"replicas": 2, "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}},
    "Sensor": {"dependencies": {"no": "list"}, "triggers": [None, 1, {"template": {"http": {"url": 5}}}]},
    "Workflow": {"entrypoint": "main"},
    "WorkflowEventBinding": {"event": {"selector": "true"}},
    "WorkflowTemplate": {},
}


def manifest(kind: str, spec: dict[str, Any], name: str = "one") -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def connection(dev_cluster: ClusterInfo) -> Iterator[ClientConnection]:
    from kubernetes import config

    client = config.new_client_from_config(str(dev_cluster.kubeconfig))  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
    opened = ClientConnection(client)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cluster(connection: ClientConnection) -> Cluster:
    return DirectCluster(connection)


def table(connection: ClientConnection, namespace: str, kind: str) -> dict[str, Any]:
    """What `kubectl get -o wide` prints of the first object: column -> cell."""
    path = f"/apis/{API}/namespaces/{namespace}/{DEFINITIONS[kind].plural}"
    answer = json.loads(connection.call(Call("GET", path, accept=TABLE), kind).body)
    names = [one["name"] for one in answer["columnDefinitions"]]
    return dict(zip(names, answer["rows"][0]["cells"], strict=True))


def test_every_definition_is_established_and_structural(cluster: Cluster) -> None:
    listed = cluster.list("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")
    served = {one["spec"]["names"]["kind"]: one for one in listed if one["spec"]["group"] == GROUP}
    assert served.keys() >= DEFINITIONS.keys()
    for kind, definition in DEFINITIONS.items():
        conditions = {one["type"]: one["status"] for one in served[kind]["status"]["conditions"]}
        assert conditions == {"Established": "True", "NamesAccepted": "True"}, kind
        wanted = custom_resource_definition(definition)["metadata"]["annotations"]
        assert served[kind]["metadata"]["annotations"][ANNOTATION] == wanted[ANNOTATION], kind


def test_the_cluster_serves_each_kind_as_the_table_says(cluster: Cluster) -> None:
    found = {one.kind: (one.plural, one.namespaced) for one in cluster.kinds() if one.api_version == API}
    assert found.items() >= {one.kind: (one.plural, one.namespaced) for one in DEFINITIONS.values()}.items()


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_stored_as_they_are_written(path: Path, cluster: Cluster, namespace: str) -> None:
    for one in read_manifests(path.read_text(encoding="utf-8"), str(path)):
        if one.api_version == API:
            body = {**one.body, "metadata": {**one.metadata, "namespace": namespace}}
            assert cluster.create(body)["spec"] == one.body["spec"]


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_kind_keeps_what_it_does_not_know(kind: str, cluster: Cluster, namespace: str) -> None:
    spec = LEAST[kind] | ODD
    made = cluster.create(manifest(kind, spec, name=namespace), namespace=namespace)
    assert made["spec"] == spec
    cluster.delete(API, kind, namespace, namespace)


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("Application", {"destination": {}}, "spec.project"),
        ("Application", {"project": "default"}, "spec.destination"),
        ("Application", {"project": 5, "destination": {}}, "spec.project"),
        ("ApplicationSet", {"generators": []}, "spec.template"),
        ("AnalysisRun", {}, "spec.metrics"),
        ("Experiment", {"templates": ["a"]}, "spec.templates"),
        ("Rollout", {"replicas": "two"}, "spec.replicas"),
    ],
)
def test_what_argo_refuses_at_the_door(
    kind: str, spec: dict[str, Any], field: str, cluster: Cluster, namespace: str
) -> None:
    with pytest.raises(InvalidObject, match=field):
        cluster.create(manifest(kind, spec), namespace=namespace)


@pytest.mark.parametrize("kind", [one.kind for one in DEFINITIONS.values() if one.namespaced and "status" in one.parts])
def test_status_is_written_apart_only_where_argo_has_it_so(kind: str, cluster: Cluster, namespace: str) -> None:
    status = {"phase": "Running", "odd": {"x": None}} | ODD
    cluster.create(manifest(kind, LEAST[kind]) | {"status": status}, namespace=namespace)
    apart = DEFINITIONS[kind].status
    assert cluster.get(API, kind, namespace, "one").get("status") == (None if apart else status)
    where = "status" if apart else ""
    body = {"status": {"phase": "Done"}, "metadata": {"labels": {"x": "y"}}}
    patched = cluster.patch(API, kind, namespace, "one", body, subresource=where)
    assert patched["status"]["phase"] == "Done"
    assert ("labels" in patched["metadata"]) == (not apart)


def test_a_rollout_is_scaled(cluster: Cluster, namespace: str) -> None:
    cluster.create(manifest("Rollout", LEAST["Rollout"]), namespace=namespace)
    status = {"HPAReplicas": 1, "selector": "app=web"}
    cluster.patch(API, "Rollout", namespace, "one", {"status": status}, subresource="status")
    found = cluster.get(API, "Rollout", namespace, "one", subresource="scale")
    assert (found["kind"], found["spec"], found["status"]) == (
        "Scale",
        {"replicas": 2},
        {"replicas": 1, "selector": "app=web"},
    )
    cluster.patch(API, "Rollout", namespace, "one", {"spec": {"replicas": 5}}, subresource="scale")
    assert cluster.get(API, "Rollout", namespace, "one")["spec"]["replicas"] == 5


@pytest.mark.parametrize(
    ("kind", "status", "cells"),
    [
        (
            "Application",
            {"sync": {"status": "Synced", "revision": "abc"}, "health": {"status": "Healthy"}},
            {"Sync Status": "Synced", "Health Status": "Healthy", "Revision": "abc", "Project": "default"},
        ),
        ("AnalysisRun", {"phase": "Successful"}, {"Status": "Successful"}),
        ("Experiment", {"phase": "Running"}, {"Status": "Running"}),
        (
            "Rollout",
            {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2},
            {"Desired": 2, "Current": 3, "Up-to-date": 1, "Available": 2},
        ),
        ("Workflow", {"phase": "Failed", "message": "child failed"}, {"Status": "Failed", "Message": "child failed"}),
        ("AnalysisTemplate", None, {}),
        ("EventSource", {"conditions": []}, {}),
    ],
)
def test_kubectl_prints_the_columns_of_argo(
    kind: str,
    status: dict[str, Any] | None,
    cells: dict[str, Any],
    connection: ClientConnection,
    cluster: Cluster,
    namespace: str,
) -> None:
    cluster.create(manifest(kind, LEAST[kind]), namespace=namespace)
    if status is not None:
        where = "status" if DEFINITIONS[kind].status else ""
        cluster.patch(API, kind, namespace, "one", {"status": status}, subresource=where)
    printed = table(connection, namespace, kind)
    columns = [one.name for one in DEFINITIONS[kind].columns] or ["Age"]
    assert list(printed) == ["Name", *columns]
    assert printed.items() >= ({"Name": "one"} | cells).items()


@pytest.mark.parametrize("kind", ["EventSource", "CronWorkflow"])
def test_managers_share_a_spec_alike_whether_its_fields_are_told_or_not(
    kind: str, cluster: Cluster, namespace: str
) -> None:
    def webhooks(manager: str, **entries: Any) -> Any:
        spec = {"webhook": entries, "suspend": False} if entries else {"suspend": False}
        return cluster.apply(manifest(kind, spec), namespace=namespace, manager=manager)["spec"].get("webhook")

    webhooks("one", a={"port": 1, "metadata": {"x": "1"}})
    both = webhooks("two", a={"metadata": {"y": "1"}}, b={"port": 2})
    assert both == {"a": {"port": 1, "metadata": {"x": "1", "y": "1"}}, "b": {"port": 2}}
    assert webhooks("two") == {"a": {"port": 1, "metadata": {"x": "1"}}}
    assert webhooks("one") is None
