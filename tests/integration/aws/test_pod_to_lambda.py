"""The example pod-to-lambda, whole: a real cluster, its agent as a process, the deployed stack, a function."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.mirror import Mirror
from argosy.services.runtime import Runtime
from support.agents import pod_environment
from support.awsflow import patiently
from support.localstack import ROOT, LocalStack, Stack
from support.processes import environment as process_environment
from support.up import Sink

pytestmark = pytest.mark.cluster

CLUSTER = "pods"
FUNCTION = """
import json, urllib.request
def handler(event, context):
    body = json.dumps(event).encode()
    urllib.request.urlopen(urllib.request.Request({url!r}, body, {{"Content-Type": "application/json"}}), timeout=10)
"""


def argosy(*words: str) -> str:
    result = CliRunner().invoke(app, hoisted(words))
    if result.exception is not None:
        raise result.exception
    return str(result.stdout)


@pytest.fixture
def cluster(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture
def agent(
    environment: None, localstack: LocalStack, stack: Stack, dev_cluster: ClusterInfo, tmp_path: Path
) -> Iterator[None]:
    """Added by the command; its process reads what the Deployment of the printed manifests sets."""
    del environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        printed = argosy("cluster", "add", "--agent", CLUSTER, "--stack", stack.name)
        (deployment,) = [one for one in yaml.safe_load_all(printed) if one["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        settings = {one["name"]: one["value"] for one in container["env"]}
        pod = pod_environment(dev_cluster, tmp_path / "pod")
        env = process_environment(**(localstack.environment | settings | pod))
        with (tmp_path / "agent.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "argosy.agent"], env=env, stdout=log, stderr=log)
        yield
        process.terminate()
        process.wait()
        argosy("cluster", "rm", CLUSTER, "--stack", stack.name, "-y")


def test_a_pod_is_created_and_a_function_is_told(
    agent: None, cluster: DirectCluster, stack: Stack, localstack: LocalStack, runtime: Runtime, sink: Sink
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", FUNCTION.format(url=f"http://{localstack.host_address}:{sink.port}/pod"))
    stack.client("lambda").create_function(
        FunctionName="pod-created",
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
    )
    for body in yaml.safe_load_all((ROOT / "examples" / "pod-to-lambda" / "pod-to-lambda.yaml").read_text()):
        cluster.create(body, namespace="default")

    def watched() -> bool:
        scopes = Mirror(runtime.store, runtime.blobs, CLUSTER).scopes().values()
        there = runtime.objects.find("Sensor", f"default@{CLUSTER}", "pods")[0] is not None
        return there and any(scope.resource == "pods" and listed for scope, listed in scopes)

    assert patiently(runtime, watched)
    for name, label in (("other", "other"), ("mine", "my-pod")):
        cluster.create(pod(name, label), namespace="default")
    assert sink.wait("pod")[0].body == {"pod": "mine", "image": "busybox:1"}
    assert len(sink.at("pod")) == 1


def pod(name: str, label: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": label}},
        "spec": {"containers": [{"name": "main", "image": "busybox:1"}]},
    }
