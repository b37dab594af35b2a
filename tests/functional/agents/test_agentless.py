"""Applications that go to a cluster without an agent: what is live there is looked at on schedule."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any, Self

import pytest

from argosy.errors import Denied, NotFound, Unavailable
from argosy.ports.cluster import ServiceAccount
from argosy.ports.clusterrequests import ForwardingCluster, Request, perform
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from argosy.services.agents.administration import Administration, Change
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from support.edge import Edge
from support.gitops import API, RESOURCES, config_map, deployment, job

THERE = {"name": "far", "namespace": "web"}

type Json = dict[str, Any]


class Far(ForwardingCluster):
    """A cluster that may be away, and refuses to list some kinds; `lists` counts what was listed.

    `loses`: somebody deletes the next ConfigMap as soon as it is made.
    """

    def __init__(self) -> None:
        self.inner = FakeCluster(FakeClock())
        self.away, self.loses, self.refused, self.lists = False, False, set[str](), Counter[str]()
        self.inner.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}})

    def send(self, request: Request) -> Any:
        if self.away:
            raise Unavailable("no answer from https://far")
        if request.verb == "list":
            kind = request.arguments["kind"]
            self.lists[kind] += 1
            if kind in self.refused:
                raise Denied(f"{kind}: cannot list resource")
        done = perform(self.inner, request)
        if self.loses and request.writes and request.target[1] == "ConfigMap":
            self.loses = False
            self.inner.delete("v1", "ConfigMap", "web", done["metadata"]["name"])
        return done

    def acting_as(self, user: ServiceAccount) -> Self:
        other = copy.copy(self)
        other.user = user
        return other

    def value(self, name: str = "a") -> str:
        return str(self.inner.get("v1", "ConfigMap", "web", name)["data"]["v"])

    def names(self) -> list[str]:
        return [one["metadata"]["name"] for one in self.inner.list("v1", "ConfigMap", "web")]


class Managing(Edge):
    """A management cluster behind its agent, and another one, `far`, that has none."""

    def __init__(self, *, entry: Entry | None = None) -> None:
        self.far = Far()
        others = (entry or Entry("far", "eks", {"arn": "arn:aws:eks:eu-central-1:123456789012:cluster/far"}),)
        super().__init__(Entry("edge", "agent", management=True), others, connect=lambda _: self.far)

    def deploy(self, *objects: Json, **spec: Any) -> Json:
        """Commit, create an Application for `far`, and let it settle; its status."""
        self.commit(*objects)
        self.create(**({"destination": THERE} | spec))
        return self.status()

    def mirrored(self) -> list[str]:
        """What the hub holds of `far`."""
        mirror = Mirror(self.made.runtime.store, self.made.runtime.blobs, "far")
        return sorted(place for scope in mirror.scopes() for place, _ in mirror.all(scope))


@pytest.fixture
def edge() -> Managing:
    return Managing()


def said(status: Json) -> str:
    return "; ".join(one["message"] for one in status.get("conditions", []))


@pytest.mark.parametrize("way", ["eks", "server"])
def test_it_is_synced_there_and_drift_is_healed_at_the_next_check(way: str) -> None:
    edge = Managing(entry=Entry("far", way, {"arn": "arn", "server": "https://far"}))
    status = edge.deploy(config_map("a"))
    assert (status["sync"]["status"], edge.far.value()) == ("Synced", "1"), said(status)
    edge.far.inner.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(30)
    assert edge.far.value() == "by hand", "nobody looks yet"
    edge.settle(200)
    assert (edge.far.value(), edge.status()["sync"]["status"]) == ("1", "Synced")
    assert [work for work in edge.hub.work if work[0] == "far"] == [], "nobody is there to do it"


def test_what_somebody_deletes_comes_again(edge: Managing) -> None:
    edge.deploy(config_map("a"), config_map("b"))
    edge.far.inner.delete("v1", "ConfigMap", "web", "b")
    edge.settle(200)
    assert edge.far.names() == ["a", "b"]


def test_what_is_deleted_before_anybody_has_listed_it_comes_again(edge: Managing) -> None:
    edge.commit(config_map("a"))
    edge.far.loses = True
    edge.create(destination=THERE)
    edge.settle(30)
    assert (edge.far.loses, edge.far.names()) == (False, ["a"])


def test_a_new_kind_is_listed_at_once_and_what_is_gone_is_pruned(edge: Managing) -> None:
    edge.deploy(config_map("a"))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "canary-value"}}
    edge.commit(secret)
    edge.settle(240)
    edge.settle(30)
    assert edge.status()["sync"]["status"] == "Synced", said(edge.status())
    assert (edge.far.names(), edge.mirrored()) == ([], ["web/s"])
    edge.far.inner.patch("v1", "Secret", "web", "s", {"data": {"key": "b3RoZXI="}})
    edge.settle(200)
    assert edge.far.inner.get("v1", "Secret", "web", "s")["data"]["key"] == "Y2FuYXJ5LXZhbHVl"
    told = [row.data for scope in ("mirror/far/",) for row in rows(edge, scope)]
    assert told
    assert not [one for one in told if "canary" in repr(one) or "Y2FuYXJ5" in repr(one)]


def rows(edge: Managing, prefix: str) -> list[Any]:
    mirror = Mirror(edge.made.runtime.store, edge.made.runtime.blobs, "far")
    store = edge.made.runtime.store
    return [row for scope in mirror.scopes() for row in store.query(f"{prefix}{scope}")]


def test_waves_hooks_and_health_are_followed(edge: Managing) -> None:
    edge.commit(job("before", hook="PreSync"), deployment("web"), config_map("after", sync_wave="1"))
    edge.create(destination=THERE)
    done = {"status": {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}}
    assert edge.status()["operationState"]["phase"] == "Running", edge.status()
    edge.far.inner.patch("batch/v1", "Job", "web", "before", done, subresource="status")
    edge.settle(30)
    ready = {"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}}
    assert edge.far.names() == []
    edge.far.inner.patch("apps/v1", "Deployment", "web", "web", ready, subresource="status")
    edge.settle(30)
    status = edge.status()
    assert (status["operationState"]["phase"], edge.far.names()) == ("Succeeded", ["after"])
    assert (status["sync"]["status"], status["health"]["status"]) == ("Synced", "Healthy")


def test_an_unchanged_cluster_costs_its_lists_and_no_write(edge: Managing) -> None:
    edge.deploy(config_map("a"), deployment("web"), syncPolicy={"automated": {}})
    edge.settle(600)
    before, asked = rows(edge, "mirror/far/"), edge.far.lists.copy()
    edge.settle(600)
    assert [row.version for row in rows(edge, "mirror/far/")] == [row.version for row in before]
    assert 2 <= (edge.far.lists - asked)["ConfigMap"] <= 6, "it does not hurry for ever"


def test_a_kind_that_may_not_be_listed_is_told_and_found_again(edge: Managing) -> None:
    edge.far.refused.add("ConfigMap")
    status = edge.deploy(config_map("a"))
    assert status["conditions"][0]["type"] == "ComparisonError"
    assert "nobody here may list, in cluster far, ConfigMap: ConfigMap: cannot list resource" in said(status)
    edge.far.refused.clear()
    edge.settle(400)
    status = edge.status()
    assert (status["sync"]["status"], "conditions" in status, edge.far.value()) == ("Synced", False, "1")


def test_one_refused_kind_does_not_blind_the_others(edge: Managing) -> None:
    edge.deploy(config_map("a"))
    edge.far.refused.add("Service")
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    other = edge.commit_files({"app/all.yaml": [config_map("a")], "other/all.yaml": [service]})
    source = {"repoURL": "https://git.example.com/shop", "path": "other", "targetRevision": "main"}
    edge.create(name="other", destination=THERE, source=source)
    edge.far.inner.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(200)
    assert (edge.far.value(), "cannot list" in said(edge.status(name="other")), bool(other)) == ("1", True, True)


def test_a_cluster_that_does_not_answer_is_told_and_goes_on(edge: Managing) -> None:
    assert edge.deploy(config_map("a"))["sync"]["status"] == "Synced"
    edge.far.away = True
    edge.settle(150)
    assert edge.status()["sync"]["status"] == "Synced", "for a while nothing is said"
    for _ in range(10):
        edge.settle(60)
    status = edge.status()
    assert (status["sync"]["status"], status["health"]["status"]) == ("Unknown", "Unknown")
    assert said(status) == "Failed to load live state: no answer from https://far"
    edge.far.away = False
    edge.far.inner.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(240)
    status = edge.status()
    assert (status["sync"]["status"], "conditions" in status, edge.far.value()) == ("Synced", False, "1")


def test_a_cluster_that_is_away_from_the_beginning(edge: Managing) -> None:
    edge.far.away = True
    assert edge.deploy(config_map("a")) == {}, "it may yet answer"
    for _ in range(10):
        edge.settle(60)
    assert "no answer from https://far" in said(edge.status())
    edge.far.away = False
    edge.settle(600)
    assert edge.status()["sync"]["status"] == "Synced"


def test_the_namespaces_of_the_cluster_are_listed_one_by_one() -> None:
    edge = Managing(entry=Entry("far", "server", {"server": "https://far"}, namespaces=("web",)))
    edge.far.inner.create(config_map("foreign") | {"metadata": {"name": "foreign", "namespace": "default"}})
    assert edge.deploy(config_map("a"))["sync"]["status"] == "Synced"
    assert edge.mirrored() == ["web/a"]
    Administration(edge.made.runtime).change("far", Change(namespaces=()), "operator")
    edge.settle()
    assert edge.mirrored() == ["default/foreign", "web/a"]


def settings(edge: Managing, data: dict[str, str]) -> None:
    """Those of the management cluster."""
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-cm", "namespace": "argocd", "labels": labels}
    edge.agent.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    edge.settle()


@pytest.mark.parametrize("method", ["label", "annotation", "annotation+label"])
def test_objects_are_told_by_what_the_applications_own_cluster_says(edge: Managing, method: str) -> None:
    settings(edge, {"application.resourceTrackingMethod": method})
    edge.deploy(config_map("a"), config_map("b"))
    edge.far.inner.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(240)
    assert edge.far.value() == "1"


def test_the_shortest_time_of_the_settings_counts(edge: Managing) -> None:
    settings(edge, {"timeout.reconciliation": "20s", "timeout.reconciliation.jitter": "0s"})
    edge.deploy(config_map("a"))
    edge.settle(60)
    edge.far.inner.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(24)
    assert edge.far.value() == "1"


@pytest.mark.parametrize("finalizers", [(), (RESOURCES,)])
def test_an_application_that_goes_leaves_nothing_behind(edge: Managing, finalizers: tuple[str, ...]) -> None:
    edge.commit(config_map("a"))
    edge.create(destination=THERE, finalizers=finalizers)
    assert edge.mirrored() == ["web/a"]
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(240)
    with pytest.raises(NotFound):
        edge.status()
    assert edge.far.names() == ([] if finalizers else ["a"])
    store = edge.made.runtime.store
    assert (edge.mirrored(), store.query("surveys"), store.query("scopes/far")) == ([], [], [])
    asked = edge.far.lists.copy()
    edge.settle(600)
    assert edge.far.lists == asked


def test_a_cluster_that_was_removed_is_not_asked_any_more(edge: Managing) -> None:
    edge.deploy(config_map("a"))
    Administration(edge.made.runtime).remove("far", "operator")
    asked = edge.far.lists.copy()
    edge.settle(600)
    assert (edge.far.lists, edge.made.runtime.store.query("surveys")) == (asked, [])


def test_how_its_last_check_went_is_told(edge: Managing) -> None:
    clusters = Administration(edge.made.runtime)
    assert clusters.one("far").check is None, "no Application goes there"
    edge.far.refused = {"Secret"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    edge.deploy(config_map("a"), secret)
    check = clusters.one("far").check
    assert check is not None
    assert (check.tried, check.failed, check.problem) == (check.listed, 0, "")
    states = {one.resource: one.state for one in check.scopes}
    assert states == {"configmaps": "watching", "secrets": "refused: Secret: cannot list resource"}
    edge.far.away = True
    edge.settle(400)
    later = clusters.one("far").check
    assert later is not None
    assert (later.tried > check.tried, later.failed > 0, later.problem) == (True, True, "no answer from https://far")
    assert clusters.one("edge").check is None, "its agent tells how it fares"
