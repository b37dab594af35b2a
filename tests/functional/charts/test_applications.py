"""Applications of charts and of artifacts: from real repositories, rendered by the real Helm."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from argosy.gitops.requests import AppInfo
from argosy.ports.fakes.repository import packed as packed_files
from argosy.ports.repository import Credentials
from argosy.services.applications.sources import Round
from support.charts import USER, ChartServer, serving_charts
from support.chartsite import APP, Site, maps
from support.registry import Registry
from support.rendering import CONFIG_MAP

PASSWORD = "canary-charts"


@pytest.mark.parametrize(
    ("revision", "version"),
    [
        ("1.0.0", "1.0.0"),
        ("*", "2.0.0"),
        ("^1.0", "1.2.0"),
        ("~1.0", "1.0.0"),
        (">=1.0, <1.2", "1.0.0"),
        ("1.x", "1.2.0"),
        ("1", "1.2.0"),
        ("", "2.0.0"),
    ],
)
def test_an_application_of_a_chart(server: ChartServer, registry: Registry, revision: str, version: str) -> None:
    for url in (server.url(), f"{registry.address}/charts", f"oci://{registry.address}/charts"):
        if revision == "1" and "http" not in url:
            continue  # a tag, to a registry
        site = Site(credentials={url: Credentials(plain_http=True)})
        made = site.made(repoURL=url, chart="db", targetRevision=revision)
        assert maps(made) == {"shop-db": version}
        assert (made.revisions, made.types) == ([version], ["Helm"])


@pytest.mark.parametrize("chart", [True, False])
def test_a_version_that_is_not_there(server: ChartServer, registry: Registry, *, chart: bool) -> None:
    url = server.url() if chart else f"{registry.address}/charts"
    site = Site(credentials={url: Credentials(plain_http=True)})
    said = site.problem(repoURL=url, chart="db", targetRevision="^3.1")
    assert f"invalid revision '^3.1' of chart {url}/db: version matching constraint not found in 3 tags" in said
    assert "9.9.9" in site.problem(repoURL=url, chart="db", targetRevision="9.9.9")
    assert "constraint" in site.problem(repoURL=url, chart="db", targetRevision="no version")


def test_an_artifact_of_a_registry(registry: Registry) -> None:
    url = f"oci://{registry.address}/charts/db"
    site = Site(credentials={url: Credentials(plain_http=True)})
    made = site.made(repoURL=url, path=".", targetRevision="~1.0")
    assert maps(made) == {"shop-db": "1.0.0"}
    assert made.revisions[0].startswith("sha256:")


def test_an_artifact_of_plain_manifests(tmp_path: Path) -> None:
    with serving_charts(tmp_path) as server:
        layer = packed_files(
            {"prod/cm.yaml": CONFIG_MAP.format(name="plain"), "dev/cm.yaml": CONFIG_MAP.format(name="dev")}
        )
        digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
        entries = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest}]
        manifest = json.dumps({"schemaVersion": 2, "layers": entries}).encode()
        server.scripted["/v2/apps/manifests/latest"] = 200, {}, manifest
        named = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        server.scripted[f"/v2/apps/manifests/{named}"] = server.scripted["/v2/apps/manifests/latest"]
        server.scripted[f"/v2/apps/blobs/{digest}"] = 200, {}, layer
        url = f"oci://127.0.0.1:{server.port}/apps"
        made = Site(credentials={url: Credentials(plain_http=True)}).made(repoURL=url, path="prod")
        assert [one["metadata"]["name"] for one in made.objects] == ["plain"]
        assert (made.revisions, made.types) == ([named], ["Directory"])


def test_values_of_an_application_of_a_chart(server: ChartServer) -> None:
    helm = {"parameters": [{"name": "v", "value": "mine"}], "releaseName": "other"}
    (made,) = Site().made(repoURL=server.url(), chart="db", targetRevision="1.0.0", helm=helm).objects
    assert (made["metadata"]["name"], made["data"]["v"]) == ("other-db", "mine")


def test_values_of_a_chart_in_git(server: ChartServer) -> None:
    helm = {"valueFiles": ["values.yaml", "$ours/env/prod.yaml"], "ignoreMissingValueFiles": False}
    chart = {"repoURL": server.url(), "chart": "db", "targetRevision": "~1.0", "helm": helm}
    site = Site({"env/prod.yaml": "v: prod\n"})
    made = site.together([chart, {"repoURL": APP, "ref": "ours"}], Round())
    assert made.revisions == ["1.0.0", "a" * 40]
    assert [one["data"]["v"] for one in made.objects] == ["prod"]


def test_bad_credentials(server: ChartServer) -> None:
    server.password = PASSWORD
    url = server.url()
    assert "asks for credentials (401" in Site().problem(repoURL=url, chart="db", targetRevision="1.0.0")
    wrong = Site(credentials={url: Credentials(USER, "hunter2")})
    said = wrong.problem(repoURL=url, chart="db", targetRevision="1.0.0")
    assert "the credentials are refused" in said
    assert "hunter2" not in said
    assert maps(
        Site(credentials={url: Credentials(USER, PASSWORD)}).made(repoURL=url, chart="db", targetRevision="1.0.0")
    )


def test_a_chart_is_fetched_once(server: ChartServer) -> None:
    site = Site()
    for _ in range(3):
        site.made(repoURL=server.url(), chart="db", targetRevision="1.0.0")
    assert server.paths().count("/db-1.0.0.tgz") == 1


def test_a_chart_knows_its_cluster() -> None:
    has = '{{ .Capabilities.APIVersions.Has "example.com/v1/Widget" }}'
    data = f'data: {{version: "{{{{ .Capabilities.KubeVersion.Version }}}}", has: "{has}"}}\n'
    files = {
        "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\nkubeVersion: '>=1.33.0'\n",
        "app/templates/cm.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: known}}\n{data}",
    }
    versions = ["example.com/v1", "example.com/v1/Widget"]
    about = AppInfo(name="shop", namespace="default", kube_version="v1.33.4", api_versions=versions)
    made = Site(files, about=about).made()
    assert not made.problems, made.problems
    assert made.objects[0]["data"] == {"version": "v1.33.4", "has": "true"}
    older = about.model_copy(update={"kube_version": "v1.30.0", "api_versions": ()})
    assert "chart requires kubeVersion: >=1.33.0" in Site(files, about=older).problem()
