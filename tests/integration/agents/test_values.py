"""Secrets and ConfigMaps of a cluster behind a real agent, which has the rights of its manifests and no others.

Each test declares in the cluster, as a user does, and asks the hub's Secrets port, as a source or a trigger does.
"""

from __future__ import annotations

import base64
import json
import signal
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.aws.clients import Clients
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import ArgosyError, Denied, Unavailable
from argosy.local.devcluster import ClusterInfo
from argosy.ports.cluster import ServiceAccount
from argosy.services.agents.manifests import ACCOUNT, AgentOptions, agent_manifests
from argosy.services.agents.manifests import Hub as AgentHub
from argosy.services.agents.registry import Entry
from support.access import wait_for_access
from support.agents import AgentProcess, Hub, hub_on, pod_environment, settled
from support.eks import behind
from support.events import dependency, event_source, sensor, trigger
from support.up import free_port, until

pytestmark = pytest.mark.cluster

RBAC = "rbac.authorization.k8s.io"
Body = dict[str, Any]


@pytest.fixture(scope="module")
def hub(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub_on(aws, tmp_path_factory.mktemp("hub"), [Entry("edge", "agent")]) as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "agent.log"


@pytest.fixture(scope="module")
def watched(administrator: DirectCluster) -> str:
    """The namespace whose Secret `watched` the agent may watch; all others it may only read as somebody."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    administrator.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture(scope="module")
def agent(
    hub: Hub,
    dev_cluster: ClusterInfo,
    administrator: DirectCluster,
    watched: str,
    log: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AgentProcess]:
    own = f"argosy-{uuid.uuid4().hex[:8]}"
    options = AgentOptions(namespace=own, secrets=(f"{watched}/watched",))
    for manifest in agent_manifests(AgentHub("edge", "r", "c", "r", "b", ("a=",)), options):
        administrator.apply(manifest)
    folder = tmp_path_factory.mktemp("agent") / "pod"
    environment = pod_environment(dev_cluster, folder)
    (folder / "token").write_text(token(dev_cluster, own))
    process = AgentProcess(hub, "edge", environment, log)
    process.start()
    settled(hub, "edge")
    yield process
    process.kill(signal.SIGTERM)


def token(cluster: ClusterInfo, namespace: str) -> str:
    """What the kubelet would give the agent's pod."""
    asked = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}).encode()
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{ACCOUNT}/token"
    code, told = behind(cluster.kubeconfig)("POST", path, {"Content-Type": "application/json"}, asked)
    assert code == 201, told
    return str(json.loads(told)["status"]["token"])


def allow(cluster: DirectCluster, namespace: str, account: str = "default", names: Sequence[str] = ()) -> None:
    """Let an account read Secrets and ConfigMaps of its namespace."""
    rule = {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get"], "resourceNames": list(names)}
    metadata = {"name": f"read-{account}", "namespace": namespace}
    cluster.create({"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]})
    ref = {"apiGroup": RBAC, "kind": "Role", "name": metadata["name"]}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata}
    cluster.create({**binding, "roleRef": ref, "subjects": [subject]})
    wait_for_access(cluster, ServiceAccount(namespace, account), "get", "secrets", namespace, next(iter(names), ""))


def encoded(**values: str) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def secret(name: str, **values: str) -> Body:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded(**values)}


def hook(namespace: str, secret: str, key: str = "value", *, account: str = "", name: str = "hook") -> Body:
    auth = {"name": secret, "key": key}
    example = {"method": "POST", "port": str(free_port()), "endpoint": "/", "authSecret": auth}
    body = event_source({"webhook": {"example": example}}, name=name, namespace=namespace)
    if account:
        body["spec"]["template"] = {"serviceAccountName": account}
    return body


def read(hub: Hub, namespace: str, name: str, key: str = "value", account: str = "default") -> str | ArgosyError:
    try:
        return hub.runtime.secrets.secret(f"{namespace}@edge", name, key, account)
    except ArgosyError as x:
        return x


def refused(hub: Hub, kind: type[ArgosyError], text: str, namespace: str, name: str, **more: str) -> str:
    """Wait until reading is refused so; the whole reason."""

    def so() -> str:
        found = read(hub, namespace, name, **more)
        return str(found) if isinstance(found, kind) and text in str(found) else ""

    return until(so, f"{kind.__name__} with {text!r}")


def state(hub: Hub, namespace: str, name: str) -> str:
    return str((hub.heartbeat("edge").get("values") or {}).get(f"Secret/{namespace}/{name}", ""))


def test_a_secret_comes_changes_and_goes(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, watched: str
) -> None:
    """One that the agent may watch: each change counts at once."""
    allow(administrator, watched, names=["watched"])
    administrator.create(hook(watched, "watched"))
    reason = refused(hub, Unavailable, "not there yet", watched, "watched")
    assert reason.startswith(f"cluster edge: Secret/{watched}/watched, key value: ")
    until(lambda: state(hub, watched, "watched") == "watching", "the heartbeat says how it fares")
    administrator.create(secret("watched", other="x"), namespace=watched)
    refused(hub, Unavailable, "has no key value yet", watched, "watched")
    for value in ("one", "two"):
        administrator.patch("v1", "Secret", watched, "watched", {"data": encoded(value=value)})
        until(lambda value=value: read(hub, watched, "watched") == value, f"it is {value}")  # type: ignore[misc]
    administrator.delete("v1", "Secret", watched, "watched")
    refused(hub, Unavailable, "not there yet", watched, "watched")
    told = [one for _, one in hub.reports if one.get("report") == "values"]
    assert all("plain" not in item for one in told for item in one["items"])


def test_a_secret_that_the_agent_may_not_watch_is_read_as_its_account(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    administrator.create(hook(namespace, "token"))
    refused(hub, Denied, f'"{ServiceAccount(namespace).user}" cannot get resource "secrets"', namespace, "token")
    allow(administrator, namespace)
    administrator.create(secret("token", value="late"), namespace=namespace)
    until(lambda: read(hub, namespace, "token") == "late", "it is read again")
    until(lambda: "cannot list resource" in state(hub, namespace, "token"), "the heartbeat says how it fares")


def test_each_account_reads_what_it_may(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": namespace}}
    administrator.create(account)
    allow(administrator, namespace, "robot", ["token"])
    administrator.create(secret("token", value="one", more="two"), namespace=namespace)
    administrator.create(hook(namespace, "token", account="robot"))
    reference = {"secretKeyRef": {"name": "token", "key": "more"}}
    http = {"url": "http://x.example", "secureHeaders": [{"name": "A", "valueFrom": reference}]}
    administrator.create(sensor([trigger(http=http)], [dependency("dep")], namespace=namespace))
    until(lambda: read(hub, namespace, "token", account="robot") == "one", "robot's")
    refused(hub, Denied, ServiceAccount(namespace).user, namespace, "token", key="more")


def test_a_config_map(hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str) -> None:
    """The agent may watch ConfigMaps: their changes count at once, too."""
    allow(administrator, namespace)
    write = {"operation": "create", "source": {"configmap": {"name": "source", "key": "manifest"}}}
    administrator.create(sensor([trigger(k8s=write)], [dependency("dep")], namespace=namespace))
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "source"}, "data": {"manifest": "one"}}
    administrator.create(made, namespace=namespace)

    def text() -> str:
        try:
            return hub.runtime.secrets.config(f"{namespace}@edge", "source", "manifest")
        except ArgosyError:
            return ""

    until(lambda: text() == "one", "the ConfigMap's value")
    administrator.patch("v1", "ConfigMap", namespace, "source", {"data": {"manifest": "two"}})
    until(lambda: text() == "two", "its next value")


def test_what_nobody_names_any_more_is_forgotten(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    allow(administrator, namespace)
    administrator.create(secret("token", value="one"), namespace=namespace)
    administrator.create(hook(namespace, "token"))
    until(lambda: read(hub, namespace, "token") == "one", "it is there")
    administrator.delete("argoproj.io/v1alpha1", "EventSource", namespace, "hook")
    until(lambda: not hub.runtime.store.query("values/edge", f"Secret/{namespace}/"), "no row is left")
    until(lambda: not state(hub, namespace, "token"), "nor does the agent look")


def test_after_a_restart_it_is_told_anew(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    allow(administrator, namespace)
    administrator.create(secret("token", value="one"), namespace=namespace)
    administrator.create(hook(namespace, "token"))
    until(lambda: read(hub, namespace, "token") == "one", "it is there")
    agent.kill()
    administrator.patch("v1", "Secret", namespace, "token", {"data": encoded(value="two")})
    agent.start()
    until(lambda: read(hub, namespace, "token") == "two", "what has changed meanwhile")


def test_no_value_is_anywhere_in_the_clear(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str, log: Path
) -> None:
    """Reports, rows, queues, blobs, logs, statuses and errors of the whole run."""
    canaries = {name: f"canary-{uuid.uuid4().hex}" for name in ("value", "other", "large")}
    values = {**canaries, "large": canaries["large"] + "x" * 40_000}
    allow(administrator, namespace)
    administrator.create(secret("token", **values), namespace=namespace)
    for key in ("value", "large"):
        administrator.create(hook(namespace, "token", key, name=key))
    until(lambda: read(hub, namespace, "token") == canaries["value"], "it is there")
    until(lambda: read(hub, namespace, "token", "large") == values["large"], "the large one")
    problems = [read(hub, namespace, "token", "other"), read(hub, namespace, "none"), read(hub, "nowhere", "token")]
    assert all(isinstance(one, ArgosyError) for one in problems)
    statuses = administrator.list("argoproj.io/v1alpha1", "EventSource", namespace)
    out = b"\n".join([everything(hub, log), *(str(one).encode() for one in [*problems, *statuses])])
    assert f"Secret/{namespace}/token".encode() in out, "the right things are looked through"
    for name, canary in canaries.items():
        once = base64.b64encode(canary.encode()).rstrip(b"=")[:-2]
        twice = base64.b64encode(once).rstrip(b"=")[:-2]
        assert [one for one in (canary.encode(), once, twice) if one in out] == [], name


def everything(hub: Hub, log: Path) -> bytes:
    s3 = Clients(hub.environ).s3
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=hub.bucket).get("Contents", [])]
    blobs = [s3.get_object(Bucket=hub.bucket, Key=key)["Body"].read() for key in keys]
    files = [path.read_bytes() for path in hub.folder.rglob("*") if path.is_file() and path.suffix != ".shm"]
    told = [json.dumps([body for _, body in hub.reports]).encode(), json.dumps(dict(hub.heartbeat("edge"))).encode()]
    return b"\n".join([*told, *blobs, *files, log.read_bytes()])
