"""An Application on the deployed stack: functions fetch, render and decide, an agent in a real cluster does."""

from __future__ import annotations

import hmac
import json
import secrets
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.control.keys import Key
from argosy.control.state import States
from argosy.control.wakes import WAKE_PREFIX
from argosy.local.devcluster import ClusterInfo
from argosy.ports.store import Put, Row
from argosy.services.queues import RECONCILE_APP
from argosy.services.runtime import Runtime
from argosy.services.timing import timers_of
from support.awsagent import agent_in
from support.awsflow import patiently, quiet, ticking
from support.gitops import API, config_map, job
from support.gitserver import GitServer, Repo, serving
from support.localstack import LocalStack, Stack
from support.pullrequests import RequestHost

pytestmark = pytest.mark.cluster

CLUSTER: Final = "gitops"
CONTROL: Final = "gitops-argocd"
NAMESPACE: Final = "gitops"
LARGE: Final = secrets.token_hex(110_000)  # too large for a message or a row, however it is compressed


@pytest.fixture
def cluster(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    for name in (CONTROL, NAMESPACE):
        connected.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield connected
    for name in (CONTROL, NAMESPACE):
        connected.delete("v1", "Namespace", "", name)
    connected.close()


@pytest.fixture
def agent(
    environment: None, localstack: LocalStack, stack: Stack, dev_cluster: ClusterInfo, tmp_path: Path
) -> Iterator[None]:
    del environment
    with agent_in(CLUSTER, localstack, stack, dev_cluster, tmp_path, "--argocd-namespace", CONTROL):
        yield


@pytest.fixture
def repositories(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as server:
        yield server


def application(url: str) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": CONTROL, "annotations": {"example.com/notes": LARGE}},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "app", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


def secret_of(name: str, data: dict[str, str], kind: str = "") -> dict[str, Any]:
    labels = {"argocd.argoproj.io/secret-type": kind} if kind else {}
    metadata = {"name": name, "namespace": CONTROL, "labels": labels}
    encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


def deliver(stack: Stack, event: str, content: dict[str, Any], secret: str) -> int:
    body = json.dumps(content).encode()
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    headers = {"Content-Type": "application/json", "X-GitHub-Event": event}
    headers["X-Hub-Signature-256"] = f"sha256={signature}"
    request = urllib.request.Request(stack.url("/api/webhook"), body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


SHOP: Final = Key(CLUSTER, "argoproj.io", "Application", CONTROL, "shop")


def assert_what_is_lost_comes_again(stack: Stack, runtime: Runtime) -> None:
    """A timer, a wake, and a timer's message; the Application's own row is as large as rows become."""
    states = States(runtime.store, runtime.clock, RECONCILE_APP)
    assert quiet(runtime, RECONCILE_APP, SHOP)
    past = runtime.clock.now().timestamp() - 120
    before = states.load(SHOP)
    states.save(SHOP, before, replace(before, problem=secrets.token_hex(800_000), next_due=past))
    runtime.store.write([Put(Row(f"{WAKE_PREFIX}{RECONCILE_APP}", str(SHOP), {}, due_at=past))])
    assert ticking(stack, runtime, lambda: not states.load(SHOP).problem)
    assert quiet(runtime, RECONCILE_APP, SHOP)
    before, past = states.load(SHOP), runtime.clock.now().timestamp() - 1
    large = replace(before, problem=secrets.token_hex(800_000), next_due=past, timer=before.timer + 1)
    timers_of(runtime, RECONCILE_APP).send(SHOP, states.save(SHOP, before, large))
    assert patiently(runtime, lambda: not states.load(SHOP).problem)


def test_an_application(
    agent: None,
    cluster: DirectCluster,
    stack: Stack,
    localstack: LocalStack,
    runtime: Runtime,
    repositories: GitServer,
) -> None:
    repo = Repo(repositories.root / "shop")
    url = repositories.url("shop", localstack.host_address)

    def commit(*objects: dict[str, Any]) -> str:
        return repo.commit({"app/all.yaml": yaml.safe_dump_all(objects)})

    def status() -> dict[str, Any]:
        found: dict[str, Any] = cluster.get(API, "Application", CONTROL, "shop").get("status") or {}
        return found

    def synced(revision: str) -> bool:
        sync = status().get("sync") or {}
        return (sync.get("status"), sync.get("revision")) == ("Synced", revision)

    def value() -> str:
        return str(cluster.get("v1", "ConfigMap", NAMESPACE, "a")["data"]["v"])

    secret = secrets.token_hex(16)
    host = RequestHost()
    repositories.api = host.answer
    known = {"webhook.github.secret": secret, "pullrequests.github.token": host.token}
    repositories.password = secrets.token_hex(16)
    cluster.create(secret_of("argocd-secret", known))
    cluster.create(secret_of("shop", {"url": url, "password": repositories.password}, "repository"))
    first = commit(config_map("a"), config_map("large", LARGE), job("before", hook="PreSync"))
    cluster.create(application(url))
    assert patiently(runtime, lambda: synced(first)), status()
    assert quiet(runtime, RECONCILE_APP, SHOP)
    second = commit(config_map("a", "2"), config_map("large", LARGE))
    web = {"html_url": url.removesuffix(".git"), "full_name": "shop", "default_branch": "main"}
    push = {"ref": "refs/heads/main", "after": second, "commits": [], "repository": web}
    assert deliver(stack, "push", push, secret) == 200
    assert patiently(runtime, lambda: synced(second)), status()
    assert value() == "2"
    cluster.patch("v1", "ConfigMap", NAMESPACE, "a", {"data": {"v": "by hand"}})
    assert patiently(runtime, lambda: value() == "2" and synced(second)), status()
    host.base = second
    repo.git("checkout", "--quiet", "-B", "change")
    head = {"sha": commit(config_map("a", "3"), config_map("large", LARGE)), "repo": {"full_name": "shop"}}
    request = {"number": 5, "base": {"ref": "main"}, "head": head}
    opened = {"action": "opened", "number": 5, "pull_request": request, "repository": web}
    assert deliver(stack, "pull_request", opened, secret) == 200
    assert patiently(runtime, lambda: host.statuses != [])
    assert "-  v: '2'\n+  v: '3'" in host.comments[0]["body"]
    assert_what_is_lost_comes_again(stack, runtime)
    said = json.dumps(status())
    assert [one for one in (secret, host.token, repositories.password) if one in said] == []
