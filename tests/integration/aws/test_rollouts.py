"""A canary on the deployed stack: the functions decide, an agent in a real cluster does, and time is told by queues."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.control.keys import Key
from argosy.control.state import States
from argosy.control.wakes import WAKE_PREFIX
from argosy.local.devcluster import ClusterInfo
from argosy.ports.store import Put, Row
from argosy.services.queues import RECONCILE_ROLLOUT
from argosy.services.runtime import Runtime
from argosy.services.timing import timers_of
from support.awsagent import agent_in
from support.awsflow import patiently, quiet, ticking
from support.localstack import LocalStack, Stack
from support.up import Sink

pytestmark = pytest.mark.cluster

CLUSTER: Final = "canaries"
NAMESPACE: Final = "canaries"
ARGO: Final = "argoproj.io/v1alpha1"
LARGE: Final = secrets.token_hex(110_000)  # too large for a message or a row, however it is compressed


@pytest.fixture
def cluster(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    connected.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield connected
    connected.delete("v1", "Namespace", "", NAMESPACE)
    connected.close()


@pytest.fixture
def agent(
    environment: None, localstack: LocalStack, stack: Stack, dev_cluster: ClusterInfo, tmp_path: Path
) -> Iterator[None]:
    del environment
    with agent_in(CLUSTER, localstack, stack, dev_cluster, tmp_path):
        yield


def rollout(image: str) -> dict[str, Any]:
    return {
        "apiVersion": ARGO,
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {
                "canary": {
                    "steps": [
                        {"setWeight": 50},
                        {"pause": {"duration": "2s"}},
                        {"analysis": {"templates": [{"templateName": "asks"}]}},
                    ]
                }
            },
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"example.com/notes": LARGE}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            },
        },
    }


def template(url: str) -> dict[str, Any]:
    """What counts asks the sink with a Secret; CloudWatch and Datadog are only tried."""
    web = {"url": url, "headers": [{"key": "X-Token", "value": "{{args.token}}"}]}
    watched = {"metricDataQueries": [{"id": "errors", "expression": "1", "period": 60}]}
    return {
        "apiVersion": ARGO,
        "kind": "AnalysisTemplate",
        "metadata": {"name": "asks", "namespace": NAMESPACE},
        "spec": {
            "args": [{"name": "token", "valueFrom": {"secretKeyRef": {"name": "sink", "key": "token"}}}],
            "dryRun": [{"metricName": "watched"}, {"metricName": "dog"}],
            "metrics": [
                {"name": "asked", "provider": {"web": {"method": "POST", "jsonBody": {}, **web}}},
                {"name": "watched", "consecutiveErrorLimit": 0, "provider": {"cloudWatch": watched}},
                {"name": "dog", "consecutiveErrorLimit": 0, "provider": {"datadog": {"query": "avg:x{*}"}}},
            ],
        },
    }


def assert_a_lost_wake_is_sent_again(stack: Stack, runtime: Runtime) -> None:
    """Its row is there and due; nobody has sent the message. The object's own row is as large as rows become."""
    key = Key(CLUSTER, "argoproj.io", "Rollout", NAMESPACE, "web")
    states = States(runtime.store, runtime.clock, RECONCILE_ROLLOUT)
    assert quiet(runtime, RECONCILE_ROLLOUT, key)
    before = states.load(key)
    states.save(key, before, replace(before, problem=secrets.token_hex(800_000)))
    past = runtime.clock.now().timestamp() - 60
    wake = Row(f"{WAKE_PREFIX}{RECONCILE_ROLLOUT}", str(key), {}, due_at=past)
    runtime.store.write([Put(wake)])
    assert ticking(stack, runtime, lambda: not states.load(key).problem)


def assert_a_timer_rings(runtime: Runtime) -> None:
    """A pause may end by another's wake before its timer comes; here nothing else happens."""
    key = Key(CLUSTER, "argoproj.io", "Rollout", NAMESPACE, "web")
    states = States(runtime.store, runtime.clock, RECONCILE_ROLLOUT)
    assert quiet(runtime, RECONCILE_ROLLOUT, key)
    before = states.load(key)
    due = runtime.clock.now().timestamp() - 1
    timed = states.save(key, before, replace(before, next_due=due, timer=before.timer + 1))
    timers_of(runtime, RECONCILE_ROLLOUT).send(key, timed)
    assert patiently(runtime, lambda: states.load(key).next_due != due)


def test_a_canary_with_an_analysis(
    agent: None, cluster: DirectCluster, stack: Stack, localstack: LocalStack, runtime: Runtime, sink: Sink
) -> None:
    stack.client("secretsmanager").create_secret(
        Name=f"argosy/it/{NAMESPACE}@{CLUSTER}/sink", SecretString=json.dumps({"token": "canary-value"})
    )
    cluster.create(template(f"http://{localstack.host_address}:{sink.port}/asked"))
    cluster.create(rollout("app:1"))

    def status() -> dict[str, Any]:
        found: dict[str, Any] = cluster.get(ARGO, "Rollout", NAMESPACE, "web").get("status") or {}
        return found

    assert patiently(runtime, lambda: status().get("phase") == "Healthy"), status()
    first = status()["stableRS"]
    cluster.patch(ARGO, "Rollout", NAMESPACE, "web", {"spec": {"template": rollout("app:2")["spec"]["template"]}})
    assert patiently(runtime, lambda: status().get("phase") == "Healthy" and status()["stableRS"] != first), status()
    assert status()["currentStepIndex"] == 3
    assert sink.wait("asked")[0].token == "canary-value"
    (run,) = cluster.list(ARGO, "AnalysisRun", NAMESPACE)
    assert run["status"]["phase"] == "Successful"
    assert {one["name"]: one["phase"] for one in run["status"]["metricResults"]}["dog"] == "Error"

    def reasons() -> set[str]:
        return {one["reason"] for one in cluster.list("v1", "Event", NAMESPACE)}

    told = {"RolloutCompleted", "RolloutStepCompleted", "AnalysisRunSuccessful", "ScalingReplicaSet"}
    assert patiently(runtime, lambda: told <= reasons()), reasons()
    assert_a_lost_wake_is_sent_again(stack, runtime)
    assert_a_timer_rings(runtime)
    assert "canary-value" not in json.dumps([run, status(), *cluster.list("v1", "Event", NAMESPACE)])
