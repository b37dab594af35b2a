"""Applications of charts on a real API server: from a Helm repository and from a registry, with a dependency."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from support.charts import USER, ChartServer, Helm, chart_files, serving_charts
from support.gitops import Site
from support.registry import PASSWORD, Registry
from support.registry import USER as REGISTRY_USER
from support.tlsserving import CERTIFICATE
from support.up import Result, Up, in_process, until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Iterator[ChartServer]:
    """A Helm repository that wants a password, with `db` in two versions."""
    folder = tmp_path_factory.mktemp("shelf")
    for version in ("1.0.0", "1.1.0"):
        helm.package(chart_files("db", version), folder)
    helm.index(folder)
    with serving_charts(folder, PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, helm: Helm, shelf: ChartServer) -> Iterator[Registry]:
    """A registry that wants a password, with `web`, which depends on `db` of the Helm repository and does not hold it."""
    running = Registry("password")
    folder = tmp_path_factory.mktemp("pushed")
    who = ["--username", REGISTRY_USER, "--password", PASSWORD]
    wants = f"dependencies:\n- {{name: db, version: ~1.0, repository: '{shelf.url()}'}}\n"
    package = bare_package(folder, chart_files("web", "2.0.0", wants))
    helm.run("push", str(package), f"oci://{running.address}/charts", "--plain-http", *who)
    yield running
    running.close()


def bare_package(folder: Path, files: dict[str, str]) -> Path:
    """`helm package` refuses a chart without what it depends on; a tool that only packs does not."""
    for path, text in files.items():
        place = folder / "web" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    with tarfile.open(folder / "web-2.0.0.tgz", "w:gz") as tar:
        tar.add(folder / "web", "web")
    return folder / "web-2.0.0.tgz"


@pytest.fixture
def add(complete_cluster: ClusterInfo, cluster: DirectCluster, control: str) -> Iterator[Any]:
    """`argosy repo add`; what it has added is removed."""
    env = {"KUBECONFIG": str(complete_cluster.kubeconfig), "ARGOCD_NAMESPACE": control}

    def run(*words: object) -> Result:
        return in_process("repo", "add", *words, env=env)

    yield run
    for one in cluster.list("v1", "Secret", control, label_selector="argocd.argoproj.io/secret-type"):
        cluster.delete("v1", "Secret", control, one["metadata"]["name"])


def test_repositories_are_looked_at_before_they_are_added(add: Any, shelf: ChartServer, registry: Registry) -> None:
    helm, oci = ["--type", "helm", "--name", "shelf"], ["--type", "oci", "--insecure-oci-force-http"]
    old = ["--type", "helm", "--name", "reg", "--enable-oci", "--insecure-oci-force-http"]
    who = ["--username", USER, "--password", PASSWORD]
    reg = ["--username", REGISTRY_USER, "--password", PASSWORD]
    for words in (
        [shelf.url(), *helm],
        [shelf.url(), *helm, "--username", USER, "--password", "hunter2"],
        [f"oci://{registry.address}/charts/web", *oci],
        [registry.address, *old, "--username", REGISTRY_USER, "--password", "hunter2"],
        [shelf.url("nowhere"), *helm, *who],
    ):
        done = add(*words)
        assert done.code == 20, done.out
        assert "hunter2" not in done.out + done.err
    for words in ([shelf.url(), *helm, *who], [f"oci://{registry.address}/charts/web", *oci, *reg]):
        assert "added" in add(*words).out
    assert "added" in add(f"{registry.address}/charts", *old, *reg).out


def test_an_application_of_a_helm_repository(up: Up, site: Site, add: Any, shelf: ChartServer) -> None:
    assert add(shelf.url(), "--type", "helm", "--name", "shelf", "--username", USER, "--password", PASSWORD).code == 0
    source = {"repoURL": shelf.url(), "chart": "db", "targetRevision": "~1.0"}
    name = site.app(source=source)
    status = site.reaches("OutOfSync", "Missing", revision="1.0.0")
    assert status["sourceType"] == "Helm"
    site.sync()
    site.ends("Succeeded")
    site.reaches("Synced", "Healthy", revision="1.0.0")
    assert site.names("v1", "ConfigMap") == [f"{name}-db"]
    site.patch({"spec": {"source": {"targetRevision": "1.x"}}})
    site.reaches("OutOfSync", revision="1.1.0")
    site.patch({"spec": {"source": {"targetRevision": "^9.1"}}})
    said = condition(site, "^9.1")
    assert f"chart {shelf.url()}/db: version matching constraint not found in 2 tags" in said


def test_an_application_of_a_registry_with_a_dependency(
    up: Up, site: Site, add: Any, shelf: ChartServer, registry: Registry
) -> None:
    url = f"{registry.address}/charts"
    reg = ["--username", REGISTRY_USER, "--password", PASSWORD, "--enable-oci", "--insecure-oci-force-http"]
    assert add(shelf.url(), "--type", "helm", "--name", "shelf", "--username", USER, "--password", PASSWORD).code == 0
    assert add(url, "--type", "helm", "--name", "reg", *reg).code == 0
    name = site.app(source={"repoURL": url, "chart": "web", "targetRevision": "2.0.0"}, automated={})
    site.reaches("Synced", "Healthy", revision="2.0.0")
    assert site.names("v1", "ConfigMap") == [f"{name}-db", f"{name}-web"]
    assert site.cluster.get("v1", "ConfigMap", site.namespace, f"{name}-db")["data"]["version"] == "1.0.0"


def test_bad_credentials_are_told_in_a_condition(up: Up, site: Site, shelf: ChartServer) -> None:
    with serving_charts(shelf.root, PASSWORD) as other:
        site.app(source={"repoURL": other.url(), "chart": "db", "targetRevision": "1.0.0"})
        assert "it asks for credentials (401" in condition(site, "credentials")


def test_certificates_that_the_installation_trusts(
    up: Up, site: Site, shelf: ChartServer, cluster: DirectCluster, control: str
) -> None:
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-tls-certs-cm", "namespace": control, "labels": labels}
    data = {"127.0.0.1": CERTIFICATE}
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    try:
        with serving_charts(shelf.root, tls="server") as other:
            site.app(source={"repoURL": other.url(), "chart": "db", "targetRevision": "1.0.0"})
            site.reaches("OutOfSync", "Missing", revision="1.0.0")
    finally:
        cluster.delete("v1", "ConfigMap", control, "argocd-tls-certs-cm")


def condition(site: Site, word: str) -> str:
    """The text of a ComparisonError that holds a word."""

    def there() -> str | None:
        found = site.status().get("conditions") or []
        return next(
            (one["message"] for one in found if one["type"] == "ComparisonError" and word in one["message"]), None
        )

    found = until(there, f"a condition that says {word}", 60)
    assert found
    return found
