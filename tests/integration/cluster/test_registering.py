"""`argosy cluster add CONTEXT` and `argosy agent uninstall` on a real API server, as a person runs them."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from argosy.adapters.files.secrets import FileSecrets
from argosy.adapters.kube import registered
from argosy.adapters.kube.direct import DirectCluster
from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.errors import Denied, InvalidObject, NotFound, Unavailable
from argosy.local.devcluster import ClusterInfo
from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.services.agents.manifests import ACCOUNT, AgentOptions, Hub, agent_manifests
from contracts.cluster import grant
from support.agents import ApiServer

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ARGOSY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def argosy(*words: str, stdin: str = "") -> str:
    result = CliRunner().invoke(app, hoisted(words), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def current(info: ClusterInfo) -> str:
    """The current context of its kubeconfig."""
    return str(yaml.safe_load(info.kubeconfig.read_text())["current-context"])


def add(info: ClusterInfo, name: str, *words: str) -> None:
    argosy("cluster", "add", current(info), "--kubeconfig", str(info.kubeconfig), "--name", name, "-y", *words)


def way_in(data: Path, name: str) -> DirectCluster:
    """The registered cluster, as `argosy up` reaches it."""
    found = json.loads(argosy("cluster", "get", name, "-o", "json"))
    return registered.connect(name, found["way"], found["settings"], FileSecrets(data, {}))


def test_a_cluster_is_reached_by_an_account_of_its_own(
    complete_cluster: ClusterInfo, cluster: Cluster, namespace: str, data: Path
) -> None:
    add(complete_cluster, "dev")
    token = data / "secrets" / "@clusters" / "cluster-dev" / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.read_text() not in argosy("cluster", "get", "dev", "-o", "yaml")
    grant(cluster, namespace, "", "configmaps", "create", "get")
    made = way_in(data, "dev")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": namespace}}

    def creates() -> bool:
        try:
            made.acting_as(ServiceAccount(namespace)).create(body)
        except Denied:
            return False
        return True

    assert wait_until(creates, 30, 0.1)
    with pytest.raises(Denied):
        made.create({**body, "metadata": {"name": "by-itself", "namespace": namespace}})
    made.close()


@pytest.fixture
def with_certificate(dev_cluster: ClusterInfo, tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of an API server that knows its users by their certificates; its user is an administrator."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, "admin"),
        ]
    )
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "users.pem").write_bytes(pem)
    server = ApiServer(dev_cluster, tmp_path, f"--client-ca-file={tmp_path / 'users.pem'}")
    server.start()
    config = yaml.safe_load(dev_cluster.kubeconfig.read_text())
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    user = {"client-certificate-data": pem, "client-key-data": own}
    config["users"][0]["user"] = {name: base64.b64encode(value).decode() for name, value in user.items()}
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{server.port}"
    path = tmp_path / "certificate.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    yield path
    server.kill()


def test_a_cluster_is_reached_by_a_client_certificate(
    dev_cluster: ClusterInfo, with_certificate: Path, data: Path
) -> None:
    def added() -> bool:
        try:
            argosy(
                "cluster", "add", current(dev_cluster), "--kubeconfig", str(with_certificate),
                "--name", "dev", "--client-certificate",
            )  # fmt: skip
        except (Denied, Unavailable):
            return False  # the API server begins, or has not made its roles yet
        return True

    assert wait_until(added, 60, 0.2)
    kept = data / "secrets" / "@clusters" / "cluster-dev"
    assert {one.name: one.stat().st_mode & 0o777 for one in kept.iterdir()} == {"certificate": 0o600, "key": 0o600}
    made = way_in(data, "dev")
    assert made.get("v1", "Namespace", "", "default")["metadata"]["name"] == "default"
    made.close()
    assert (kept / "key").read_text() not in argosy("cluster", "get", "dev", "-o", "yaml")


def test_a_user_without_a_certificate(complete_cluster: ClusterInfo) -> None:
    with pytest.raises(NotFound, match="without --client-certificate an account is made"):
        add(complete_cluster, "dev", "--client-certificate")


def test_namespaces_limit_whom_it_may_act_as(
    complete_cluster: ClusterInfo, cluster: Cluster, namespace: str, data: Path
) -> None:
    system = f"system-{uuid.uuid4().hex[:8]}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": system}})
    add(complete_cluster, "narrow", "--namespace", namespace, "--system-namespace", system)
    made = way_in(data, "narrow").acting_as(ServiceAccount("default"))
    with pytest.raises(Denied, match="impersonate"):
        made.get("v1", "ConfigMap", "default", "kube-root-ca.crt")


def test_it_asks_before_it_makes_anything(complete_cluster: ClusterInfo, data: Path) -> None:
    asked = argosy(
        "cluster", "add", current(complete_cluster), "--kubeconfig", str(complete_cluster.kubeconfig), stdin="n"
    )
    assert "argosy-manager" in asked
    assert not (data / "secrets").exists()


def test_a_server_that_nobody_can_be_sure_of(complete_cluster: ClusterInfo, tmp_path: Path) -> None:
    config = yaml.safe_load(complete_cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"] = {"server": complete_cluster.server, "insecure-skip-tls-verify": True}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(InvalidObject, match="name the cluster's CA"):
        argosy("cluster", "add", config["current-context"], "--kubeconfig", str(path), "-y")


def test_an_agent_of_this_machine_goes_by_a_context(complete_cluster: ClusterInfo) -> None:
    context = current(complete_cluster)
    argosy("cluster", "add", context, "--agent", "edge", "--kubeconfig", str(complete_cluster.kubeconfig))
    found = json.loads(argosy("cluster", "get", "edge", "-o", "json"))
    assert found["settings"] == {"context": context, "kubeconfig": str(complete_cluster.kubeconfig)}


# Uninstalling


def installed(cluster: Cluster, name: str) -> str:
    """Apply the manifests of an agent; its namespace."""
    hub = Hub(name, "eu-central-1", "https://sqs/c.fifo", "https://sqs/r.fifo", "bucket", ("a=",))
    place = f"argosy-{uuid.uuid4().hex[:8]}"
    for manifest in agent_manifests(hub, AgentOptions(namespace=place, namespaces=("default",))):
        cluster.apply(manifest)
    return place


def definitions(cluster: Cluster) -> set[str]:
    return {one["metadata"]["uid"] for one in cluster.list("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")}


def gone(cluster: Cluster, place: str) -> bool:
    try:
        return "deletionTimestamp" in cluster.get("v1", "Namespace", "", place)["metadata"]
    except NotFound:
        return True


def test_an_agent_is_uninstalled_with_its_namespace(complete_cluster: ClusterInfo, cluster: Cluster) -> None:
    """Another agent is there, so that definitions, which other tests need, are left alone."""
    first, other = (f"edge-{uuid.uuid4().hex[:8]}" for _ in range(2))
    place, kept, before = installed(cluster, first), installed(cluster, other), definitions(cluster)
    words = ("agent", "uninstall", "--cluster", first, "--kubeconfig", str(complete_cluster.kubeconfig))
    asked = argosy(*words, stdin="n\n")
    assert f"Deployment {place}/{ACCOUNT}" in asked
    assert cluster.get("apps/v1", "Deployment", place, ACCOUNT)
    done = argosy(*words, "-y")
    assert f"Namespace {place} removed" in done
    assert gone(cluster, place)
    assert cluster.get("apps/v1", "Deployment", kept, ACCOUNT)
    assert definitions(cluster) == before


def test_a_namespace_with_something_of_others_stays(complete_cluster: ClusterInfo, cluster: Cluster) -> None:
    name = f"edge-{uuid.uuid4().hex[:8]}"
    place = installed(cluster, name)
    installed(cluster, f"{name}-other")
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine", "namespace": place}})
    words = ("agent", "uninstall", "--cluster", name, "--kubeconfig", str(complete_cluster.kubeconfig), "-y")
    assert f"Namespace {place} holds something of others" in argosy(*words)
    assert not gone(cluster, place)


def test_an_agent_that_is_not_there_takes_nothing_with_it(complete_cluster: ClusterInfo, cluster: Cluster) -> None:
    before = definitions(cluster)
    words = ("agent", "uninstall", "--cluster", "nowhere", "--kubeconfig", str(complete_cluster.kubeconfig), "-y")
    assert "nothing of an agent of nowhere" in argosy(*words)
    assert definitions(cluster) == before


def test_a_context_that_is_not_there(complete_cluster: ClusterInfo) -> None:
    with pytest.raises(NotFound, match="elsewhere"):
        argosy("cluster", "add", "elsewhere", "--kubeconfig", str(complete_cluster.kubeconfig), "-y")
