"""Applications on a real API server: compared, synced, healed, pruned, rolled back and deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.errors import NotFound
from support.gitops import API, RESOURCES, Site, config_map, deployment, job
from support.gitserver import GitServer, Repo, serving

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

AUTOMATED: dict[str, Any] = {"prune": True, "selfHeal": True}


def test_a_sync_by_hand(site: Site) -> None:
    commit = site.commit(config_map("a"), deployment("web"))
    site.app()
    status = site.reaches("OutOfSync", "Missing", revision=commit)
    assert [(one["kind"], one["status"]) for one in status["resources"]] == [
        ("ConfigMap", "OutOfSync"),
        ("Deployment", "OutOfSync"),
    ]
    assert status["sourceType"] == "Directory"
    site.sync()
    state = site.ends("Succeeded", "successfully synced (all tasks run)")
    assert [one["message"] for one in state["syncResult"]["resources"]] == [
        "configmap/a created",
        "deployment.apps/web created",
    ]
    status = site.reaches("Synced", "Healthy")
    assert status["summary"] == {"images": ["web:1"]}
    (entry,) = status["history"]
    assert (entry["id"], entry["revision"], entry["initiatedBy"]) == (0, commit, {"username": "admin"})
    live = site.cluster.get("v1", "ConfigMap", site.namespace, "a")
    assert (
        live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"]
        == f"{site.namespace}:/ConfigMap:{site.namespace}/a"
    )
    assert "operation" not in site.body()


def test_a_commit_is_synced_by_itself(site: Site) -> None:
    site.commit(config_map("a"))
    site.app(automated=AUTOMATED)
    site.reaches("Synced", "Healthy")
    commit = site.commit(config_map("a", "2"), config_map("b"))
    site.refresh()
    status = site.reaches("Synced", "Healthy", revision=commit)
    assert site.value("a") == "2"
    assert status["operationState"]["operation"]["initiatedBy"] == {"automated": True}
    assert [entry["id"] for entry in status["history"]] == [0, 1]
    assert "argocd.argoproj.io/refresh" not in site.body()["metadata"].get("annotations", {})


def test_drift_is_healed(site: Site) -> None:
    site.commit(config_map("a"))
    site.app(automated=AUTOMATED)
    site.reaches("Synced", "Healthy")
    site.cluster.patch("v1", "ConfigMap", site.namespace, "a", {"data": {"v": "by hand"}})
    site.until(lambda: site.value("a") == "1" or None, "the value is back")
    site.cluster.delete("v1", "ConfigMap", site.namespace, "a")
    site.until(lambda: site.names("v1", "ConfigMap") == ["a"] or None, "it is there again")


def test_drift_is_seen_where_it_is_not_healed(site: Site) -> None:
    site.commit(config_map("a"))
    site.app()
    site.reaches("OutOfSync")
    site.sync()
    site.reaches("Synced", "Healthy")
    site.cluster.patch("v1", "ConfigMap", site.namespace, "a", {"data": {"v": "by hand"}})
    site.reaches("OutOfSync")
    assert site.value("a") == "by hand"


def test_waves_and_hooks(site: Site) -> None:
    site.commit(
        job("before", hook="PreSync", hook_delete_policy="HookSucceeded"),
        config_map("first", sync_wave="-1"),
        deployment("web"),
        config_map("last", sync_wave="2"),
        job("after", hook="PostSync"),
    )
    site.app(automated={})
    state = site.ends("Succeeded", "successfully synced (no more tasks)")
    told = [(one["name"], one["syncPhase"], one["hookPhase"]) for one in state["syncResult"]["resources"]]
    assert told == [
        ("before", "PreSync", "Succeeded"),
        ("first", "Sync", "Succeeded"),
        ("web", "Sync", "Succeeded"),
        ("last", "Sync", "Succeeded"),
        ("after", "PostSync", "Succeeded"),
    ]
    site.until(lambda: site.names("batch/v1", "Job") == ["after"] or None, "the hook that is deleted to be gone")


def test_what_is_not_wanted_any_more_is_pruned(site: Site) -> None:
    site.commit(config_map("a"), config_map("b"), config_map("kept", sync_options="Prune=false"))
    site.app()
    site.sync()
    site.reaches("Synced")
    site.commit(config_map("a"))
    site.refresh()
    status = site.reaches("OutOfSync")
    assert {one["name"]: one.get("requiresPruning", False) for one in status["resources"]} == {
        "a": False,
        "b": True,
        "kept": True,
    }
    first = site.status()["operationState"]["startedAt"]
    site.sync(prune=True)
    site.ends("Succeeded", since=first)
    assert site.names("v1", "ConfigMap") == ["a", "kept"]


def test_a_hook_that_fails_and_the_hook_for_that(site: Site) -> None:
    broken = job("before", hook="PreSync")
    broken["spec"] |= {"backoffLimit": 0, "activeDeadlineSeconds": 1}
    broken["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    site.commit(broken, config_map("a"), job("failing", hook="SyncFail"))
    site.app()
    site.sync()
    state = site.ends("Failed", "one or more synchronization tasks completed unsuccessfully")
    assert {one["name"] for one in state["syncResult"]["resources"]} == {"before", "failing"}
    assert site.names("v1", "ConfigMap") == []


def test_a_rollback(site: Site) -> None:
    first = site.commit(config_map("a"))
    site.app()
    site.sync()
    began = site.ends("Succeeded")["startedAt"]
    site.commit(config_map("a", "2"))
    site.until(lambda: site.status()["operationState"]["finishedAt"] or None, "the first sync is over")
    site.sync()
    site.ends("Succeeded", since=began)
    site.until(lambda: site.value("a") == "2" or None, "the second version is there")
    source = site.body()["spec"]["source"]
    site.sync(revision=first, source=source)
    site.until(lambda: site.value("a") == "1" or None, "the first version is back")
    site.reaches("OutOfSync")


def test_an_application_takes_its_objects_along(site: Site) -> None:
    site.commit(config_map("a"), config_map("kept", sync_options="Delete=false"), deployment("web", sync_wave="1"))
    name = site.app(automated={}, finalizers=[RESOURCES])
    site.reaches("Synced", "Healthy")
    site.cluster.delete(API, "Application", site.control, name)

    def gone() -> bool | None:
        try:
            site.body()
        except NotFound:
            return True
        return None

    site.until(gone, "the Application is gone")
    assert site.names("v1", "ConfigMap") == ["kept"]
    assert site.names("apps/v1", "Deployment") == []


def test_an_app_of_apps(site: Site) -> None:
    site.commit(config_map("a"), path="child")
    child = {
        "apiVersion": API,
        "kind": "Application",
        "metadata": {"name": f"{site.namespace}-child", "namespace": site.control},
        "spec": {
            "project": "default",
            "source": {"repoURL": site.url, "path": "child", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": site.namespace},
            "syncPolicy": {"automated": {}},
        },
    }
    site.commit(child, path="parent")
    site.app(automated={}, path="parent")
    site.reaches("Synced", "Healthy", name="-child")
    site.reaches("Synced", "Healthy")
    assert site.names("v1", "ConfigMap") == ["a"]


def test_a_sync_that_is_ended(site: Site) -> None:
    endless = job("before", hook="PreSync")
    endless["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    site.commit(endless, config_map("a"))
    site.app()
    site.sync()
    site.ends("Running", "waiting for completion of hook batch/Job/before")
    site.patch({"status": {"operationState": {"phase": "Terminating"}}})
    site.ends("Failed", "Operation terminated")
    site.until(lambda: site.names("batch/v1", "Job") == [] or None, "the hook is gone")


@pytest.mark.parametrize(
    ("spec", "condition", "told"),
    [
        ({"project": "none"}, "InvalidSpecError", "Application referencing project none which does not exist"),
        ({"destination": {"name": "nowhere"}}, "InvalidSpecError", "there are no clusters with this name: nowhere"),
        ({"source": {"repoURL": "https://git.example.com/r"}}, "InvalidSpecError", "either spec.source.path or"),
    ],
)
def test_a_spec_that_is_wrong(site: Site, spec: dict[str, Any], condition: str, told: str) -> None:
    site.app(**spec)
    site.reaches("Unknown", "Unknown")
    (found,) = site.status()["conditions"]
    assert (found["type"], told in found["message"]) == (condition, True), found


def test_a_manifest_that_is_broken(site: Site) -> None:
    site.repo.commit({"app/bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n"})
    site.app()
    site.reaches("Unknown")
    (found,) = site.status()["conditions"]
    assert found["type"] == "ComparisonError"
    assert "app/bad.yaml" in found["message"]
    commit = site.commit(config_map("a"), file="bad.yaml")
    site.refresh()
    assert "conditions" not in site.reaches("OutOfSync", revision=commit)


def test_an_application_in_a_submodule(site: Site, repositories: GitServer) -> None:
    name = f"{site.namespace}-library"
    library = Repo(repositories.root / name).commit({"app/all.yaml": yaml.safe_dump(config_map("from-a-submodule"))})
    site.commit(config_map("beside"))
    site.repo.submodules({"vendor/lib": (f"../../{name}/.git", library)})
    site.app(path="vendor/lib/app", automated={})
    site.reaches("Synced", "Healthy")
    assert site.names("v1", "ConfigMap") == ["from-a-submodule"]


def test_a_repository_that_asks_who_is_there(site: Site, tmp_path: Path) -> None:
    with serving(tmp_path, password="canary-password") as server:
        repo = Repo(tmp_path / "private")
        commit = repo.commit({"app/all.yaml": yaml.safe_dump(config_map("a"))})
        url = server.url("private")
        site.app(source={"repoURL": url, "path": "app", "targetRevision": "main"})
        site.reaches("Unknown")
        (found,) = site.status()["conditions"]
        assert (found["type"], "canary" in found["message"]) == ("ComparisonError", False)
        labels = {"argocd.argoproj.io/secret-type": "repo-creds"}
        metadata = {"name": f"creds-{site.namespace}", "namespace": site.control, "labels": labels}
        data = {"url": url.rpartition("/private")[0], "username": "git", "password": "canary-password"}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
        site.cluster.create(secret)

        def seen() -> bool | None:
            if "argocd.argoproj.io/refresh" not in (site.body()["metadata"].get("annotations") or {}):
                site.refresh()  # what was listed a moment ago may be remembered
            return (site.status().get("sync") or {}).get("revision") == commit or None

        site.until(seen, "the commit is there")
        site.cluster.delete("v1", "Secret", site.control, f"creds-{site.namespace}")
    assert "canary" not in str(site.body())
