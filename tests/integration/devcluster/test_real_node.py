"""A node with real containers: what runs, fails, answers and writes there, and that nothing of it stays."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from infra.image import AGENT_IMAGE, agent_image

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import AlreadyExists
from argosy.local.devcluster import ClusterInfo, Locations, ensure_up, load_image, stop
from argosy.local.devcluster.node.images import BUSYBOX_IMAGE
from argosy.local.devcluster.node.network import bridge_name
from argosy.local.devcluster.node.settings import LABEL, NodeFiles
from argosy.local.devcluster.processes import Process, wait_until
from argosy.local.devcluster.state import Folder

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("real-node")]

SECONDS = 60


@pytest.fixture(scope="module")
def cluster(real_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(real_cluster.kubeconfig)
    yield connected
    connected.close()


def spec(*command: str, image: str = BUSYBOX_IMAGE, **container: Any) -> dict[str, Any]:
    main = {"name": "main", "image": image, "imagePullPolicy": "Never", "command": list(command), **container}
    return {
        "nodeSelector": {LABEL: "real"},
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [main],
    }


def pod(name: str, pod_spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod_spec}


def job(name: str, script: str) -> dict[str, Any]:
    template = {"spec": spec("sh", "-c", script)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": template},
    }


def condition(found: dict[str, Any], kind: str) -> str:
    return next((one["status"] for one in found["status"].get("conditions", []) if one["type"] == kind), "")


def exit_code(cluster: DirectCluster, name: str) -> int | None:
    statuses = cluster.get("v1", "Pod", "default", name)["status"].get("containerStatuses") or [{}]
    code: int | None = statuses[0].get("state", {}).get("terminated", {}).get("exitCode")
    return code


@pytest.mark.parametrize(
    ("name", "script", "ends", "code"),
    [
        ("succeeds", "echo all is well", "Complete", 0),
        ("fails", "echo all is well; exit 7", "Failed", 7),
    ],
)
def test_a_job_ends_as_its_container_does(cluster: DirectCluster, name: str, script: str, ends: str, code: int) -> None:
    cluster.create(job(name, script))
    assert wait_until(lambda: condition(cluster.get("batch/v1", "Job", "default", name), ends) == "True", SECONDS, 0.1)
    made = cluster.list("v1", "Pod", "default", label_selector=f"job-name={name}")
    (one,) = [found["metadata"]["name"] for found in made]
    assert exit_code(cluster, one) == code
    assert cluster.log("default", one) == "all is well\n"


def test_the_log_of_a_running_container(cluster: DirectCluster) -> None:
    cluster.create(pod("writer", spec("sh", "-c", "seq 5; exec sleep 1000")))

    def written() -> bool:
        running = cluster.get("v1", "Pod", "default", "writer")["status"].get("phase") == "Running"
        return running and cluster.log("default", "writer").endswith("5\n")

    assert wait_until(written, SECONDS, 0.1)
    assert cluster.log("default", "writer", container="main", tail=2) == "4\n5\n"
    assert cluster.log("default", "writer", limit_bytes=3) == "1\n2"


SWITCH = """
mkdir -p /www/cgi-bin
printf '#!/bin/sh\\ntouch /ready; echo; echo on' > /www/cgi-bin/on
printf '#!/bin/sh\\nrm -f /ready; echo; echo off' > /www/cgi-bin/off
chmod +x /www/cgi-bin/*
exec httpd -f -h /www
"""


def test_a_pod_is_ready_as_its_probe_says(cluster: DirectCluster) -> None:
    probe = {"exec": {"command": ["test", "-e", "/ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.create(pod("switch", spec("sh", "-c", SWITCH, readinessProbe=probe)))

    def shown() -> dict[str, Any]:
        return cluster.get("v1", "Pod", "default", "switch")

    def is_ready(expected: str) -> bool:
        return condition(shown(), "Ready") == expected

    def turned(to: str) -> bool:
        connection = http.client.HTTPConnection(shown()["status"].get("podIP", "127.0.0.1"), 80, timeout=5)
        try:
            connection.request("GET", f"/cgi-bin/{to}")
            return connection.getresponse().read() == f"{to}\n".encode()
        except OSError:
            return False
        finally:
            connection.close()

    assert wait_until(lambda: shown()["status"].get("phase") == "Running", SECONDS, 0.1)
    assert condition(shown(), "Ready") == "False"
    for to, ready in (("on", "True"), ("off", "False")):
        assert wait_until(partial(turned, to), SECONDS, 0.1)
        assert wait_until(partial(is_ready, ready), SECONDS, 0.1)


def test_pods_that_do_not_choose_it_stay_with_kwok(cluster: DirectCluster) -> None:
    names = [f"any-{number}" for number in range(6)]
    for name in names:
        cluster.create(pod(name, {"containers": [{"name": "main", "image": "none"}]}))

    def places() -> set[str]:
        return {cluster.get("v1", "Pod", "default", name)["spec"].get("nodeName", "") for name in names}

    assert wait_until(lambda: "" not in places(), SECONDS, 0.1)
    assert places() <= {"kwok-0", "kwok-1"}


IN_POD = """
import aiohttp, botocore.session, httptools
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
import argosy.agent.__main__
from argosy.adapters.kube import pod
from argosy.errors import Denied
cluster = pod.connect()
try:
    cluster.list("v1", "Secret", "default")
except Denied as x:
    print(cluster.version(), x)
"""


def test_the_agents_image_reaches_the_api_as_its_service_account(
    cluster: DirectCluster, real_cluster: ClusterInfo, cluster_locations: Locations, tmp_path: Path
) -> None:
    load_image(real_cluster.name, agent_image(tmp_path / "agent.tar"), locations=cluster_locations)
    closed = {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    of_the_agent = spec("python", "-c", IN_POD, image=AGENT_IMAGE, securityContext=closed)
    user = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    cluster.create(pod("agent", {**of_the_agent, "securityContext": user}))
    assert wait_until(lambda: exit_code(cluster, "agent") is not None, SECONDS, 0.1)
    said = cluster.log("default", "agent")
    assert said.startswith(f"{real_cluster.version} ")
    assert 'User "system:serviceaccount:default:default" cannot list' in said


def test_nobody_else_talks_to_the_kubelet(cluster: DirectCluster, real_cluster: ClusterInfo) -> None:
    node = cluster.get("v1", "Node", "", "real-0")["status"]
    address = next(one["address"] for one in node["addresses"] if one["type"] == "InternalIP")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = node["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    connection = http.client.HTTPSConnection(address, port, timeout=5, context=context)
    connection.request("GET", "/pods")
    assert connection.getresponse().status == 401
    connection.close()


def test_a_running_cluster_gets_no_node_afterwards(dev_cluster: ClusterInfo, cluster_locations: Locations) -> None:
    with pytest.raises(AlreadyExists, match="runs without a real node; end it first: argosy dev cluster down --name"):
        ensure_up(dev_cluster.name, real_node=True, locations=cluster_locations)


def traces(folder: Path, containers: list[str]) -> dict[str, list[str]]:
    """What of the node is on this machine."""
    named = [*containers, str(folder)]
    processes = [one for one in Path("/proc").iterdir() if one.name.isdigit() and Process.of(int(one.name))]
    told = {one: read(one / "cmdline") + read(one / "cgroup") for one in processes}
    outside = [*Path("/var/lib/cni/results").glob("*"), *Path("/var/log/containers").glob("*")]
    cgroups = [
        found for place in Path("/sys/fs/cgroup").glob("**/k8s.io") for found in place.iterdir() if found.is_dir()
    ]
    return {
        "processes": [one.name for one, text in told.items() if any(name in text for name in named)],
        "mounts": [line for line in read(Path("/proc/self/mountinfo")).splitlines() if str(folder) in line],
        "cgroups": [str(one) for one in cgroups if one.name in containers],
        "interfaces": [one.name for one in Path("/sys/class/net").iterdir() if one.name == bridge_name(folder)],
        "files": [str(one) for one in outside if any(name in f"{one} {one.resolve()}" for name in named)],
    }


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # a process that has just ended


@pytest.fixture
def brief(cluster_locations: Locations) -> Iterator[ClusterInfo]:
    """A second cluster with a node, with a container that does not end by itself."""
    name = f"brief-{os.getpid()}"
    info = ensure_up(name, owner_pid=os.getpid(), real_node=True, wait_all=True, locations=cluster_locations)
    cluster = connect(info.kubeconfig)
    cluster.create(pod("stays", spec("sleep", "1000")))
    assert wait_until(
        lambda: cluster.get("v1", "Pod", "default", "stays")["status"].get("phase") == "Running", SECONDS, 0.1
    )
    cluster.close()
    yield info
    stop(name, locations=cluster_locations)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_nothing_is_left(brief: ClusterInfo, cluster_locations: Locations, how: str) -> None:
    folder = Folder(brief.kubeconfig.parent)
    files = NodeFiles(folder.path)
    containers = [task.name for task in files.tasks.iterdir()]
    assert all(traces(folder.path, containers).values())
    if how == "stopped":
        stop(brief.name, locations=cluster_locations)
        assert not folder.path.exists()
    else:
        supervisor = folder.supervisor()
        assert supervisor is not None
        supervisor.signal(signal.SIGKILL)
        assert wait_until(lambda: not files.home.exists(), SECONDS, 0.1)
    wait_until(lambda: not any(traces(folder.path, containers).values()), SECONDS, 0.1)
    assert not any(traces(folder.path, containers).values())
