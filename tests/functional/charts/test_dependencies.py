"""What charts depend on: from real repositories, rendered by the real Helm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.gitops.charts import read_chart
from argosy.ports.repository import Credentials
from argosy.services.applications.sources import Round
from support.charts import USER, ChartServer, Helm, chart_files, serving_charts
from support.chartsite import Site, entry, maps, publish, wanting
from support.registry import Registry

PASSWORD = "canary-charts"


def test_of_a_repository(server: ChartServer) -> None:
    made = Site(wanting(entry(server.url()))).made()
    assert maps(made) == {"shop-web": "0.1.0", "shop-db": "1.2.0"}


def test_of_a_registry(registry: Registry) -> None:
    url = f"oci://{registry.address}/charts"
    site = Site(wanting(entry(url, "1.0.0")), {url: Credentials(plain_http=True)})
    assert maps(site.made()) == {"shop-web": "0.1.0", "shop-db": "1.0.0"}


def test_aliases_and_conditions_are_helms(server: ChartServer) -> None:
    two = [
        entry(server.url(), "1.0.0", alias="first"),
        entry(server.url(), "2.0.0", alias="second", condition="second.enabled"),
    ]
    site = Site(wanting(*two))
    assert maps(site.made()) == {"shop-web": "0.1.0", "shop-first": "1.0.0", "shop-second": "2.0.0"}
    off = {"parameters": [{"name": "second.enabled", "value": "false"}]}
    assert maps(site.made(helm=off)) == {"shop-web": "0.1.0", "shop-first": "1.0.0"}


def test_a_repository_by_name(server: ChartServer) -> None:
    for way in ("@shelf", "alias:shelf"):
        files = wanting(entry(way))
        assert maps(Site(files, names={"shelf": server.url()}).made())["shop-db"] == "1.2.0"
        assert f"no repository definition for {way}" in Site(files).problem()


def locked(helm: Helm, files: Mapping[str, str], name: str) -> dict[str, str]:
    """The same with the lock that Helm writes."""
    folder = helm.write(name, {path.removeprefix("app/"): text for path, text in files.items()})
    helm.run("dependency", "update", str(folder))
    return {**files, "app/Chart.lock": (folder / "Chart.lock").read_text()}


def test_a_lock_counts(server: ChartServer, helm: Helm) -> None:
    files = locked(helm, wanting(entry(server.url(), "1.0.x")), "locked")
    helm.package(chart_files("db", "1.0.9"), server.root, "later")
    helm.index(server.root)
    assert maps(Site(files).made())["shop-db"] == "1.0.0"
    other = {**files, **wanting(entry(server.url(), "2.x"))}
    assert "the lock file (Chart.lock) is out of sync" in Site(other).problem()


@pytest.mark.parametrize(
    "more",
    [
        "condition: 'a<b>&ä,c.enabled'",
        "tags: [x, y]",
        "import-values: [{parent: b, child: a}]",
        "import-values: [data, 5, 1.50, true, ~]",
        "alias: first",
        "enabled: true",
        "condition: on",
    ],
)
def test_the_lock_of_an_elaborate_chart(server: ChartServer, helm: Helm, more: str) -> None:
    """Its digest is one of all that Chart.yaml says, as Helm reads it."""
    files = wanting(f"{{name: db, version: 1.20, repository: '{server.url()}', {more}}}")
    helm.package(chart_files("db", "1.20.0"), server.root, "later")
    helm.index(server.root)
    made = read_chart({path[4:]: text for path, text in locked(helm, files, f"elaborate-{len(more)}").items()})
    assert not made.stale
    assert [one.version for one in made.locked or ()] == ["1.2.0"]  # 1.20 is the number 1.2


def test_what_is_in_charts_counts_as_it_is(server: ChartServer) -> None:
    own = {f"app/charts/db/{path}": text for path, text in chart_files("db", "1.0.7").items()}
    assert maps(Site({**wanting(entry(server.url())), **own}).made())["shop-db"] == "1.0.7"
    assert server.asked == []


def test_a_chart_beside_it_that_has_dependencies_itself(server: ChartServer) -> None:
    site = Site(
        {
            **wanting(entry("file://../lib", "0.x", "lib")),
            **wanting(entry(server.url(), "1.0.0"), at="lib", name="lib"),
        }
    )
    assert maps(site.made()) == {"shop-web": "0.1.0", "shop-lib": "0.1.0", "shop-db": "1.0.0"}


@pytest.mark.parametrize(
    ("dependency", "says"),
    [
        (entry("file://../../../etc", "*"), "leads out of the repository"),
        (entry("file:///etc", "*"), "leads out of the repository"),
        (entry("file://../none", "*"), "there is no chart in none"),
        (entry("file://.", "*", "web"), "leads in a circle"),
        (entry("ftp://example.com/x", "*"), "no address of a chart repository"),
        (entry("http://169.254.169.254/x", "*"), "may not be reached from here"),
        (entry("https://example.com/x", "*", "../../evil"), "no name of a chart"),
        ("{name: db, version: '*'}", "commit them to charts/"),
    ],
)
def test_what_cannot_be_had(dependency: str, says: str) -> None:
    assert says in Site(wanting(dependency)).problem()


def test_a_kustomization_beside_a_chart_wants_none_of_its_dependencies() -> None:
    files = wanting(entry("https://127.0.0.1:1/x"))
    files["app/kustomization.yaml"] = "resources: []\nconfigMapGenerator: [{name: made, literals: [version=k]}]\n"
    made = Site(files).made()
    assert made.types == ["Kustomize"]


def test_a_version_of_a_dependency_that_is_not_there(server: ChartServer) -> None:
    said = Site(wanting(entry(server.url(), "^7"))).problem()
    assert "dependency db of app: invalid revision '^7'" in said


def test_a_repository_that_the_project_does_not_permit_is_asked_as_by_anybody(server: ChartServer) -> None:
    server.password = PASSWORD
    url = server.url()
    who = {url: Credentials(USER, PASSWORD)}
    files, together = wanting(entry(url)), Round()
    site = Site(files, who)
    assert maps(site.made(together))["shop-db"] == "1.2.0"
    site.permitted = []
    made = site.made(together, project="others")
    assert "it asks for credentials" in made.problems[0]
    assert "project 'others' does not permit the repository" in made.problems[0]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "/etc", "../.."])
@pytest.mark.parametrize("way", ["itself", "dependency"])
def test_a_link_that_leads_out_of_a_package(tmp_path: Path, target: str, way: str) -> None:
    with serving_charts(tmp_path / "other") as other:
        files = chart_files("web", "3.0.0")
        files["templates/leak.yaml"] = 'leaked: {{ .Files.Get "leak" | quote }}{{ .Files.Get "leak/passwd" | quote }}'
        publish(other, tmp_path, files, {"leak": target})
        site = Site(wanting(entry(other.url(), "3.0.0", "web"), name="shop"))
        chart: dict[str, Any] = {"repoURL": other.url(), "chart": "web", "targetRevision": "3.0.0"}
        made = site.made(**(chart if way == "itself" else {}))
        assert "root:" not in str(made)
        assert made.problems


@pytest.mark.parametrize("version", ["../../../evil", "latest"])
def test_a_version_that_is_none(tmp_path: Path, version: str) -> None:
    with serving_charts(tmp_path / "other") as other:
        publish(other, tmp_path, chart_files("web", "3.0.0"))
        index = other.answers["/index.yaml"].replace(b"version: 3.0.0", f"version: {version}".encode())
        other.answers["/index.yaml"] = index
        assert f"'{version}' is no version of a chart" in Site(wanting(entry(other.url(), version, "web"))).problem()


def test_a_published_chart_without_what_it_depends_on(server: ChartServer, helm: Helm, tmp_path: Path) -> None:
    with serving_charts(tmp_path / "other") as other:
        files = chart_files("web", "3.0.0", f"dependencies:\n- {entry(server.url(), '1.0.0')}\n")
        publish(other, tmp_path, files)
        made = Site().made(repoURL=other.url(), chart="web", targetRevision="3.0.0")
        assert maps(made) == {"shop-web": "3.0.0", "shop-db": "1.0.0"}


def test_a_circle_of_published_charts(server: ChartServer, tmp_path: Path) -> None:
    with serving_charts(tmp_path / "other") as other:
        publish(
            other, tmp_path, chart_files("web", "3.0.0", f"dependencies:\n- {entry(other.url(), '3.0.0', 'web')}\n")
        )
        said = Site(wanting(entry(other.url(), "3.0.0", "web", alias="x"))).problem()
        assert "leads in a circle" in said
