"""Applications and projects as `argosy app` and `argosy proj` read and write them, on a cluster in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.cli.apps.acting import carry_out
from argosy.cli.apps.choosing import by_place
from argosy.cli.apps.live import orphans_of, with_health
from argosy.cli.apps.logs import Part, containers_of, passes, said_by
from argosy.cli.apps.store import API, Applications, application
from argosy.errors import ArgosyError, Conflict, Denied, InvalidObject, NotFound
from argosy.gitops.actions import Impact
from argosy.gitops.identity import Key
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster, FakeKind

type Json = dict[str, Any]

IN_CLUSTER = {"server": "https://kubernetes.default.svc", "namespace": "default"}


def app(name: str, namespace: str = "argocd", **spec: Any) -> Json:
    metadata = {"name": name, "namespace": namespace, "labels": {"name": name}}
    return {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": {"destination": IN_CLUSTER} | spec}


@pytest.fixture
def cluster() -> FakeCluster:
    kinds = [FakeKind(API, "Application", "applications"), FakeKind(API, "AppProject", "appprojects")]
    made = FakeCluster(FakeClock(), kinds=kinds)
    for namespace in ("argocd", "team"):
        made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for body in (app("b"), app("a", project="web"), app("c", "team")):
        made.create(body)
    return made


@pytest.fixture
def apps(cluster: FakeCluster) -> Applications:
    return Applications(cluster, "argocd")


def names(bodies: list[Json]) -> list[str]:
    return [body["metadata"]["name"] for body in bodies]


def test_lists_are_in_order_and_of_one_namespace_unless_all_are_asked_for(apps: Applications) -> None:
    assert names(apps.listing()) == ["a", "b"]
    assert names(apps.listing(everywhere=True)) == ["a", "b", "c"]
    assert names(apps.listing("name=b")) == ["b"]
    assert names(apps.listing(projects=["default"])) == ["b"]


@pytest.mark.parametrize(
    ("given", "selector", "projects", "chosen"),
    [
        (["a"], "", [], ["argocd/a"]),
        (["a", "team/c"], "", [], ["argocd/a", "team/c"]),
        ([], "name in (a, b)", [], ["argocd/a", "argocd/b"]),
        ([], "", ["web"], ["argocd/a"]),
    ],
)
def test_which_are_meant(
    apps: Applications, given: list[str], selector: str, projects: list[str], chosen: list[str]
) -> None:
    assert apps.chosen(given, selector, projects) == chosen


@pytest.mark.parametrize(
    ("given", "selector", "error", "said"),
    [
        ([], "", InvalidObject, "which application"),
        (["a"], "x=y", InvalidObject, "not both"),
        ([], "x=y", NotFound, "no application in namespace argocd has labels 'x=y'"),
        (["a/b/c"], "", InvalidObject, "NAME or NAMESPACE/NAME"),
        (["/a"], "", InvalidObject, "NAME or NAMESPACE/NAME"),
    ],
)
def test_who_is_meant_is_said_clearly(
    apps: Applications, given: list[str], selector: str, error: type[ArgosyError], said: str
) -> None:
    with pytest.raises(error, match=said):
        apps.chosen(given, selector)


def test_what_is_not_there_says_where_it_was_looked_for(apps: Applications, cluster: FakeCluster) -> None:
    with pytest.raises(NotFound, match="application 'x' is not in namespace argocd; -N NAMESPACE"):
        apps.get("x")
    with pytest.raises(NotFound, match="project 'x' is not in namespace argocd"):
        apps.project("x")
    bare = Applications(FakeCluster(FakeClock()), "argocd")
    with pytest.raises(NotFound, match="CustomResourceDefinition"):
        bare.get("x")


def test_a_change_is_decided_anew_when_somebody_else_writes_first(apps: Applications, cluster: FakeCluster) -> None:
    seen: list[str] = []

    def edit(body: Json) -> None:
        seen.append(body["metadata"]["resourceVersion"])
        if len(seen) < 3:
            cluster.patch(API, "Application", "argocd", "a", {"status": {"n": len(seen)}})
        body["spec"]["path"] = "p"

    assert apps.change("a", edit)["status"] == {"n": 2}
    assert len(seen) == 3
    assert apps.get("a")["spec"]["path"] == "p"


def test_a_change_that_never_gets_through_is_given_up(apps: Applications, cluster: FakeCluster) -> None:
    def edit(body: Json) -> None:
        version = body["metadata"]["resourceVersion"]
        cluster.patch(API, "Application", "argocd", "a", {"status": {"version": version}})

    with pytest.raises(Conflict, match="Application argocd/a was changed 8 times"):
        apps.change("a", edit)


def test_what_a_change_refuses_is_not_written(apps: Applications) -> None:
    def edit(body: Json) -> None:
        body["spec"]["path"] = "p"
        raise InvalidObject("no")

    with pytest.raises(InvalidObject):
        apps.change("a", edit)
    assert "path" not in apps.get("a")["spec"]


def test_the_default_project_needs_no_declaration(apps: Applications, cluster: FakeCluster) -> None:
    assert apps.project_of(application(apps.get("b"))).name == "default"
    with pytest.raises(NotFound, match="project 'web'"):
        apps.project_of(application(apps.get("a")))
    every = {"kind": "deny", "schedule": "* * * * *", "duration": "1h"}
    windows = [{**every, "applications": ["a"]}, {**every, "applications": ["b"]}]
    project = {"apiVersion": API, "kind": "AppProject", "spec": {"syncWindows": windows}}
    cluster.create({**project, "metadata": {"name": "web", "namespace": "argocd"}})
    assert [one.applications for one in apps.windows(application(apps.get("a")))] == [["a"]]
    assert apps.windows(application(apps.get("b"))) == []


def test_an_application_of_other_types_says_which_field() -> None:
    with pytest.raises(InvalidObject) as caught:
        application(app("a", project=1))
    assert str(caught.value).startswith("Application/argocd/a: spec.project: ")


def test_the_health_of_objects_is_judged_where_they_are(apps: Applications, cluster: FakeCluster) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": {}}
    cluster.create({**pod, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    cluster.patch("v1", "Pod", "default", "p", {"status": {"phase": "Pending"}}, subresource="status")
    listed = [
        {"kind": "Pod", "version": "v1", "namespace": "default", "name": "p"},
        {"kind": "Pod", "version": "v1", "namespace": "default", "name": "gone"},
        {"kind": "ConfigMap", "version": "v1", "namespace": "default", "name": "told", "health": {"status": "Healthy"}},
    ]
    body = app("a") | {"status": {"resources": listed}}

    def healths(body: Json) -> list[str]:
        found = with_health(apps, application(body)).status.resources
        return [one.health.status if one.health is not None else "" for one in found]

    assert healths(body) == ["Progressing", "Missing", "Healthy"]
    elsewhere = {**body, "spec": {"destination": {"name": "prod"}}}
    assert healths(elsewhere) == ["", "", "Healthy"]


def deployed(*resources: Json, **spec: Any) -> Json:
    listed = [{"version": "v1", "namespace": "default", **one} for one in resources]
    return app("shop", **spec) | {"status": {"resources": listed}}


def test_logs_are_those_of_the_pods_that_are_meant(apps: Applications, cluster: FakeCluster) -> None:
    containers = {"containers": [{"name": "web", "image": "i"}, {"name": "proxy", "image": "i"}]}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-1", "uid": "u"}
    for name, owners in (("shop-1-a", [owner]), ("other", [])):
        metadata = {"name": name, "namespace": "default", "ownerReferences": owners}
        cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": containers})
        for one in ("web", "proxy"):
            cluster.write_log("default", name, f"{name} {one} 1\n{name} {one} 2\n", container=one)
    cluster.create(deployed({"group": "apps", "kind": "ReplicaSet", "name": "shop-1"}))
    lines = list(said_by(cluster, containers_of(apps, "shop", lambda _: True), Part()))
    assert lines == ["shop-1-a web 1", "shop-1-a web 2", "shop-1-a proxy 1", "shop-1-a proxy 2"]
    proxies = containers_of(apps, "shop", lambda _: True, "proxy")
    assert list(said_by(cluster, proxies, Part(tail=1))) == ["shop-1-a proxy 2"]
    written = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(said_by(cluster, proxies, Part(until=written))) == ["shop-1-a proxy 1", "shop-1-a proxy 2"]
    assert list(said_by(cluster, proxies, Part(until=written - timedelta(seconds=1)))) == []
    with pytest.raises(NotFound, match="no pod with such a container"):
        containers_of(apps, "shop", lambda one: one.kind == "Service")


def test_orphans_are_what_nobody_has_where_the_project_watches(apps: Applications, cluster: FakeCluster) -> None:
    def config_map(name: str, **metadata: Any) -> Json:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **metadata}}

    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    tracked = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:default/mine"}}
    for body in (config_map("stray"), config_map("mine", **tracked), config_map("made", ownerReferences=[owner])):
        cluster.create(body)
    left = {"annotations": {"argocd.argoproj.io/tracking-id": "gone:/ConfigMap:default/left"}}
    for body in (config_map("known"), config_map("left", **left), deployed(project="watching")):
        cluster.create(body)
    shop = application(deployed(project="watching"))
    project = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "watching", "namespace": "argocd"}}
    cluster.create({**project, "spec": {}})
    assert orphans_of(apps, shop) == []
    ignored = [{"kind": "ConfigMap", "name": "known"}]
    cluster.patch(API, "AppProject", "argocd", "watching", {"spec": {"orphanedResources": {"ignore": ignored}}})
    assert orphans_of(apps, shop) == [Key("", "ConfigMap", "default", name) for name in ("left", "stray")]


def test_revisions_are_for_places_or_names_of_sources() -> None:
    sources = [{"repoURL": "r", "path": "a", "name": "one"}, {"repoURL": "r", "path": "b", "name": "two"}]
    several = application(app("shop", sources=sources))
    assert by_place(several, ["x"], ["2"], None) == by_place(several, ["x"], None, ["two"]) == {2: "x"}
    both = by_place(several, ["x", "y"], ["1", "2"], None)
    assert both == by_place(several, ["x", "y"], ["1,2"], None) == {1: "x", 2: "y"}
    assert by_place(several, None, None, None) is None
    for given, error, said in (
        ((["x"], ["1"], ["one"]), InvalidObject, "not both"),
        ((["x"], ["1,2"], None), InvalidObject, "as many"),
        ((["x"], ["1,"], None), InvalidObject, "'1,' are no places"),
        ((["x"], None, None), InvalidObject, "as many"),
        ((["x"], None, ["three"]), NotFound, "has no source of the name 'three'"),
    ):
        with pytest.raises(error, match=said):
            by_place(several, *given)


@pytest.mark.parametrize(
    ("text", "match_case", "passed"),
    [("", False, True), ("error", False, True), ("error", True, False), ("!ERROR", False, False), ("!no", True, True)],
)
def test_lines_that_pass(text: str, match_case: bool, passed: bool) -> None:
    assert passes("an Error", text, match_case=match_case) == passed


def test_an_action_patches_what_is_there(apps: Applications, cluster: FakeCluster) -> None:
    live = cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default"}})
    changed = {**live, "data": {"v": "1"}}
    carry_out(apps, "shop", live, Impact("patch", changed))
    assert cluster.get("v1", "ConfigMap", "default", "m")["data"] == {"v": "1"}


def test_what_an_action_makes_must_be_permitted(apps: Applications, cluster: FakeCluster) -> None:
    cluster.create(deployed(project="narrow"))
    project = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "narrow", "namespace": "argocd"}}
    narrow = {"destinations": [{"server": "*", "namespace": "*"}], "namespaceResourceBlacklist": [{"kind": "Secret"}]}
    narrow["namespaceResourceBlacklist"][0]["group"] = ""
    cluster.create({**project, "spec": narrow})
    made = {"apiVersion": "v1", "metadata": {"name": "m", "namespace": "default"}}
    carry_out(apps, "shop", {}, Impact("create", {**made, "kind": "ConfigMap"}))
    assert cluster.get("v1", "ConfigMap", "default", "m")
    with pytest.raises(Denied):
        carry_out(apps, "shop", {}, Impact("create", {**made, "kind": "Secret"}))
