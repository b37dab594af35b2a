"""`argosy up` with an agent beside it: Secrets of its cluster guard webhooks and go out in triggers' headers."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator

import pytest
import yaml

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.ports.cluster import ServiceAccount
from support.access import wait_for_access
from support.events import Body, dependency, event_source, sensor, trigger
from support.up import Sink, Up, argosy, ask, free_port, running, until
from support.up import sink as running_sink

pytestmark = pytest.mark.cluster

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def up(dev_cluster: ClusterInfo, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("up") / "data"
    context = yaml.safe_load(dev_cluster.kubeconfig.read_text())["current-context"]
    with running(data, arguments=["--cluster", "none"]) as installation:
        words = ["--agent", "lab", "--kubeconfig", dev_cluster.kubeconfig, "--namespace", namespace, "--yes"]
        added = argosy("cluster", "add", context, *words, data=data)
        assert added.code == 0, added.err
        yield installation


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as found:
        yield found


def secret(namespace: str, **values: str) -> Body:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token", "namespace": namespace}, "data": data}


def allow(cluster: DirectCluster, namespace: str) -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    metadata = {"name": "read", "namespace": namespace}
    cluster.create({"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]})
    ref = {"apiGroup": RBAC, "kind": "Role", "name": "read"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata}
    cluster.create({**binding, "roleRef": ref, "subjects": [subject]})
    wait_for_access(cluster, ServiceAccount(namespace), "get", "secrets", namespace)


def test_a_secret_that_comes_late_is_used_without_a_restart_and_is_nowhere_in_the_clear(
    up: Up, administrator: DirectCluster, namespace: str, sink: Sink
) -> None:
    port, values = free_port(), {name: f"canary-{uuid.uuid4().hex}" for name in ("in", "out", "next")}
    auth = {"name": "token", "key": "in"}
    example = {"endpoint": "/example", "port": str(port), "method": "POST", "authSecret": auth}
    header = {"name": "X-Token", "valueFrom": {"secretKeyRef": {"name": "token", "key": "out"}}}
    payload = [{"src": {"dependencyName": "dep", "dataKey": "body.n"}, "dest": "n"}]
    http = {"url": f"http://127.0.0.1:{sink.port}/{namespace}", "secureHeaders": [header], "payload": payload}
    administrator.create(event_source({"webhook": {"example": example}}, namespace=namespace))
    administrator.create(sensor([trigger(http=http)], [dependency("dep")], namespace=namespace))

    def status(token: str) -> int:
        try:
            authorization = {"authorization": f"Bearer {token}"}
            return ask(port, "/example", '{"n": "1"}', content_type="application/json", **authorization).status
        except OSError:
            return 0

    until(lambda: status(values["in"]) == 500, "the webhook says that its secret cannot be read")
    allow(administrator, namespace)
    administrator.create(secret(namespace, **{"in": values["in"], "out": values["out"]}))
    until(lambda: status(values["in"]) == 200, "the secret has come")
    assert status("guessed") == 401
    assert sink.wait(namespace)[0].token == values["out"]
    administrator.patch("v1", "Secret", namespace, "token", {"data": secret("", **{"in": values["next"]})["data"]})
    until(lambda: status(values["next"]) == 200, "the next value has come")
    assert status(values["in"]) == 401
    assert {one.token for one in sink.wait(namespace, 2)} == {values["out"]}
    files = {path: path.read_bytes() for path in up.data.rglob("*") if path.is_file() and path.suffix != ".shm"}
    assert f"Secret/{namespace}/token".encode() in b"".join(files.values()), "the right things are looked through"
    for name, value in values.items():
        once = base64.b64encode(value.encode()).rstrip(b"=")[:-2]
        found = [str(path) for path, text in files.items() if value.encode() in text or once in text]
        assert found == [], name
        assert value not in up.output
