"""What a source names besides its own repository: other sources, remote bases, files at addresses; with the real tools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from argosy.adapters.render.workshop import ToolWorkshop
from argosy.gitops.observed import Made
from argosy.gitops.refresh.needs import LATEST_RESOLVED
from argosy.gitops.requests import AppInfo
from argosy.local.rendertools import find
from argosy.ports.fakes.downloads import FakeDownloads
from argosy.ports.fakes.repository import FakeRepository, Held
from argosy.ports.repository import Credentials, Ref
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source
from argosy.services.applications.sources import For, Round
from support.rendering import CHART, CONFIG_MAP
from support.services import FakeInstallation

APP, VALUES, BASE = "https://git.example.com/app.git", "https://git.example.com/values.git", "https://github.com/o/base"
FILE = "https://example.com/prod.yaml"
COMMITS = {APP: "a" * 40, VALUES: "b" * 40, BASE: "c" * 40}
TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {a: {{ .Values.a | quote }}}\n"
CHART_FILES = {"chart/Chart.yaml": CHART, "chart/templates/cm.yaml": TEMPLATE, "chart/values.yaml": "a: own\n"}


class Place:
    """An Application's sources from repositories and files in memory."""

    def __init__(self, held: Mapping[str, Mapping[str, str]], files: Mapping[str, str] | None = None) -> None:
        repositories = {
            url: Held([Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", at)], {at: held.get(url, {})})
            for url, at in COMMITS.items()
        }
        self.held = repositories
        self.repository = FakeRepository(repositories)
        self.downloads = FakeDownloads({url: text.encode() for url, text in (files or {}).items()})
        self.installation = FakeInstallation(
            repository=self.repository, downloads=self.downloads, workshop=ToolWorkshop(find)
        )
        self.sources = self.installation.runtime.applications.sources

    def made(
        self,
        *sources: Mapping[str, Any],
        passwords: Mapping[str, str] | None = None,
        anew: bool = False,
        lfs: bool = False,
    ) -> Made:
        parsed: Sequence[Source] = [parse(Source, Manifest(one)) for one in sources]

        def signing_in(url: str) -> Credentials:
            found = (passwords or {}).get(url, "")
            return Credentials("bot" if found else "", found, lfs=lfs)

        whom = For(AppInfo(name="guestbook", namespace="default"), signing_in, anew=anew)
        return self.sources.made(parsed, (), whom, Round(), LATEST_RESOLVED)


def values(made: Made) -> list[str]:
    assert not made.problems
    return [one["data"]["a"] for one in made.objects]


def test_values_in_another_source() -> None:
    place = Place({APP: CHART_FILES, VALUES: {"env/guestbook.yaml": "a: theirs\n"}})
    chart = {"repoURL": APP, "path": "chart", "helm": {"valueFiles": ["$values/env/$ARGOCD_APP_NAME.yaml"]}}
    made = place.made(chart, {"repoURL": VALUES, "ref": "values"})
    assert values(made) == ["theirs"]
    assert made.revisions == [COMMITS[APP], COMMITS[VALUES]]
    assert made.types == ["Helm", ""]


def test_large_files_come_as_soon_as_they_are_wanted() -> None:
    """What was rendered of the pointers counts no longer."""
    place = Place({APP: {"app/cm.yaml": CONFIG_MAP.format(name="pointer")}})
    place.held[APP].large = {CONFIG_MAP.format(name="pointer"): CONFIG_MAP.format(name="content")}
    for wanted, name in ((False, "pointer"), (True, "content"), (False, "pointer")):
        (made,) = place.made({"repoURL": APP, "path": "app"}, lfs=wanted).objects
        assert made["metadata"]["name"] == name


def test_values_that_are_not_in_the_other_source() -> None:
    place = Place({APP: CHART_FILES})
    chart = {"repoURL": APP, "path": "chart", "helm": {"valueFiles": ["$values/no.yaml"]}}
    problem = place.made(chart, {"repoURL": VALUES, "ref": "values"}).problems[0]
    assert "source 1 of 2: spec.source.helm.valueFiles[0]: '$values/no.yaml' is no file of the repository" in problem
    ignoring = {**chart, "helm": {**chart["helm"], "ignoreMissingValueFiles": True}}  # type: ignore[dict-item]
    assert values(place.made(ignoring, {"repoURL": VALUES, "ref": "values"})) == ["own"]


def test_a_new_commit_of_the_values_is_rendered() -> None:
    place = Place({APP: CHART_FILES, VALUES: {"v.yaml": "a: first\n"}})
    sources = (
        {"repoURL": APP, "path": "chart", "helm": {"valueFiles": ["$values/v.yaml"]}},
        {"repoURL": VALUES, "ref": "values"},
    )
    assert values(place.made(*sources)) == ["first"]
    held = place.held[VALUES]
    held.refs[1] = Ref("refs/heads/main", "d" * 40)
    held.commits["d" * 40] = {"v.yaml": "a: second\n"}
    assert values(place.made(*sources)) == ["second"]


def test_values_at_an_address() -> None:
    place = Place({APP: CHART_FILES}, {FILE: "a: fetched\n"})
    assert values(place.made({"repoURL": APP, "path": "chart", "helm": {"valueFiles": [FILE]}})) == ["fetched"]


def test_what_was_fetched_counts_until_a_hard_refresh() -> None:
    place = Place({APP: CHART_FILES}, {FILE: "a: fetched\n"})
    source = {"repoURL": APP, "path": "chart", "helm": {"valueFiles": [FILE]}}
    for anew, times in ((False, 1), (False, 1), (True, 2)):
        place.made(source, anew=anew)
        assert len(place.downloads.asked) == times


def test_a_remote_base() -> None:
    files = {
        "app/kustomization.yaml": f"resources: ['github.com/o/base//k?ref=main', {FILE}]\nnamePrefix: my-\n",
    }
    base = {"k/kustomization.yaml": "resources: [../deep]\n", "deep/kustomization.yaml": "resources: [cm.yaml]\n"}
    base |= {"deep/cm.yaml": CONFIG_MAP.format(name="theirs")}
    place = Place({APP: files, BASE: base}, {FILE: CONFIG_MAP.format(name="file")})
    made = place.made({"repoURL": APP, "path": "app"})
    assert not made.problems
    assert sorted(one["metadata"]["name"] for one in made.objects) == ["my-file", "my-theirs"]
    assert place.repository.asked == [(APP, COMMITS[APP]), (BASE, COMMITS[BASE])]


def test_a_component_in_another_repository() -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n"
    files = {"app/kustomization.yaml": "resources: [cm.yaml]\n", "app/cm.yaml": CONFIG_MAP.format(name="a")}
    place = Place({APP: files, BASE: {"c/kustomization.yaml": component}})
    asked = {"components": ["https://github.com/o/base.git//c"]}
    place.held["https://github.com/o/base.git"] = place.held[BASE]
    made = place.made({"repoURL": APP, "path": "app", "kustomize": asked})
    assert not made.problems
    assert [one["metadata"]["name"] for one in made.objects] == ["a-c"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("github.com/o/none//k", "https://github.com/o/none cannot be fetched: repository https://github.com/o/none"),
        ("github.com/o/base//none", "has no folder none"),
        ("github.com/o/base//k?ref=no", "cannot be fetched: the repository has no branch, tag or commit 'no'"),
        ("https://example.com/none.yaml", "https://example.com/none.yaml cannot be fetched: .*404"),
        ("github.com/o/base//deep", "builds on other repositories more than"),
    ],
)
def test_a_remote_base_that_is_refused(entry: str, says: str) -> None:
    deep = {f"d{at}/kustomization.yaml": f"resources: ['github.com/o/base//d{at + 1}?ref=r{at}']" for at in range(9)}
    deep["deep/kustomization.yaml"] = "resources: ['github.com/o/base//d0?ref=main']"
    place = Place({APP: {"app/kustomization.yaml": f"resources: ['{entry}']\n"}, BASE: deep})
    place.held[BASE].refs += [Ref(f"refs/tags/r{at}", COMMITS[BASE]) for at in range(9)]
    (problem,) = place.made({"repoURL": APP, "path": "app"}).problems
    assert re.search(says, problem)


def test_what_a_base_is_signed_in_with() -> None:
    """Its own Secret's, else at the source's host what the source signs in with; nothing elsewhere."""
    near = "https://git.example.com/values"
    files = {"app/kustomization.yaml": f"resources: ['{near}.git//k']\n"}
    base = {"k/kustomization.yaml": "resources: [cm.yaml]\n", "k/cm.yaml": CONFIG_MAP.format(name="a")}
    place = Place({APP: files, VALUES: base})
    place.held[VALUES].password = "pw"
    source = {"repoURL": APP, "path": "app"}
    assert "the credentials are refused" in place.made(source).problems[0]
    assert not place.made(source, passwords={APP: "pw"}).problems
    assert not place.made(source, passwords={VALUES: "pw", APP: "other"}, anew=True).problems
    far = Place({APP: {"app/kustomization.yaml": "resources: ['github.com/o/base//k']\n"}, BASE: base})
    far.held[BASE].password = "pw"
    assert "the credentials are refused" in far.made(source, passwords={APP: "pw"}).problems[0]


def test_a_base_may_not_reach_into_the_source_that_names_it() -> None:
    files = {
        "app/kustomization.yaml": "resources: ['github.com/o/base//k']\n",
        "secret.yaml": CONFIG_MAP.format(name="s"),
    }
    place = Place({APP: files, BASE: {"k/kustomization.yaml": "resources: [../../tree/secret.yaml]\n"}})
    (problem,) = place.made({"repoURL": APP, "path": "app"}).problems
    assert "leads out of the repository" in problem
