"""Comparisons that ask the API server: server-side diffs, and fields whose other writers are trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from support.gitops import Site, config_map
from support.up import until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

WIDGETS = "argosy-it.example.com/v1"


@pytest.fixture(scope="module")
def widgets(cluster: DirectCluster) -> Iterator[None]:
    """A kind with a field that the server fills in."""
    size = {"type": "string", "default": "m"}
    spec = {"type": "object", "properties": {"colour": {"type": "string"}, "size": size}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    group, version = WIDGETS.split("/")
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }
    cluster.create(definition)
    until(lambda: any(one.kind == "Widget" for one in cluster.kinds()), "the kind is served")
    yield
    cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"widgets.{group}")


def widget(colour: str) -> dict[str, Any]:
    spec = {"colour": colour, "size": None}
    return {"apiVersion": WIDGETS, "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def test_drift_on_the_servers_side(site: Site, cluster: DirectCluster, widgets: None) -> None:
    site.commit(widget("red"))
    site.app(annotations={"argocd.argoproj.io/compare-options": "ServerSideDiff=true"})
    site.sync()
    site.ends("Succeeded")
    site.reaches("Synced", "Healthy")
    cluster.patch(WIDGETS, "Widget", site.namespace, "w", {"spec": {"colour": "blue"}})
    site.reaches("OutOfSync")
    cluster.patch(WIDGETS, "Widget", site.namespace, "w", {"spec": {"colour": "red", "size": "m"}})
    site.reaches("Synced")


def test_a_field_that_the_kind_has_not_is_told(site: Site, cluster: DirectCluster, widgets: None) -> None:
    strange = widget("red")
    strange["spec"]["strange"] = "yes"
    site.commit(strange)
    site.app(annotations={"argocd.argoproj.io/compare-options": "ServerSideDiff=true"})
    site.sync()
    status = site.reaches("Unknown")
    (said,) = (one["message"] for one in status["conditions"] if one["type"] == "ComparisonError")
    assert ".spec.strange: field not declared in schema" in said


def test_a_dry_run_that_the_server_refuses_is_told(site: Site, cluster: DirectCluster) -> None:
    fixed = config_map("fixed") | {"immutable": True}
    site.commit(fixed)
    site.app(annotations={"argocd.argoproj.io/compare-options": "ServerSideDiff=true"})
    site.sync()
    site.ends("Succeeded")
    site.commit(fixed | {"data": {"v": "2"}})
    site.refresh()
    status = site.reaches("Unknown")
    (said,) = (one["message"] for one in status["conditions"] if one["type"] == "ComparisonError")
    assert "error running server side apply in dryrun mode" in said
    assert "immutable" in said


def test_fields_of_trusted_writers(site: Site, cluster: DirectCluster) -> None:
    rule = {"kind": "ConfigMap", "managedFieldsManagers": ["autoscaler"]}
    site.commit(config_map("a"))
    site.app(ignoreDifferences=[rule])
    site.sync()
    site.ends("Succeeded")
    body = config_map("a", "by the autoscaler")
    cluster.apply(body, namespace=site.namespace, manager="autoscaler", force=True)
    noted = config_map("a", "by the autoscaler") | {"metadata": {"name": "a", "labels": {"seen": "yes"}}}
    cluster.apply(noted, namespace=site.namespace, manager="autoscaler", force=True)
    site.refresh()
    site.reaches("Synced")
    site.patch({"spec": {"ignoreDifferences": []}})
    site.reaches("OutOfSync")
    site.patch({"spec": {"ignoreDifferences": [rule]}})
    site.reaches("Synced")
    cluster.apply(config_map("a", "by somebody"), namespace=site.namespace, manager="somebody", force=True)
    site.reaches("OutOfSync")


def test_a_sync_that_respects_trusted_writers(site: Site, cluster: DirectCluster) -> None:
    rule = {"kind": "ConfigMap", "managedFieldsManagers": ["autoscaler"]}
    wanted = config_map("a")
    wanted["data"]["other"] = "1"
    site.commit(wanted)
    site.app(ignoreDifferences=[rule])
    site.sync()
    first = site.ends("Succeeded")["startedAt"]
    cluster.apply(config_map("a", "theirs"), namespace=site.namespace, manager="autoscaler", force=True)
    wanted["data"]["other"] = "2"
    site.commit(wanted)
    site.refresh()
    site.reaches("OutOfSync")
    site.sync(syncOptions=["RespectIgnoreDifferences=true"])
    second = site.ends("Succeeded", since=first)["startedAt"]
    assert cluster.get("v1", "ConfigMap", site.namespace, "a")["data"] == {"v": "theirs", "other": "2"}
    wanted["data"]["other"] = "3"
    site.commit(wanted)
    site.refresh()
    site.sync()
    site.ends("Succeeded", since=second)
    assert cluster.get("v1", "ConfigMap", site.namespace, "a")["data"] == {"v": "1", "other": "3"}
