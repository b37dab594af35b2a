"""Rendering sources: which tool runs, what is kept and under which key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from argosy.errors import EvaluationError, InvalidObject, NotFound, Unsupported
from argosy.gitops.requests import read
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.repository import packed
from argosy.ports.fakes.workshop import FakeWorkshop
from argosy.ports.workshop import Run
from argosy.services.rendering import Rendered, Rendering, read_manifests

CM = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
ARCHIVE = "fetch/r/c/a.tar.gz"
FILES = {
    "chart/Chart.yaml": "name: x",
    "kust/kustomization.yaml": "resources: [cm.yaml]",
    "kust/cm.yaml": CM % "a",
    "plain/a.yaml": CM % "a" + "---\n" + CM % "b",
    "plain/b.jsonnet": "{}",
    "over/.argocd-source.yaml": "directory: {include: b.yaml}",
    "over/.argocd-source-app.yaml": "directory: {include: a.yaml}",
    "over/a.yaml": CM % "a",
    "over/b.yaml": CM % "b",
    "broken/a.yaml": CM % "a" + "x: [",
}


class Case:
    """An archive among the blobs, and what renders it."""

    def __init__(self, tools: Callable[[Run], str] = lambda _: CM % "made", files: Mapping[str, str] = FILES) -> None:
        self.blobs, self.workshop = FakeBlobs(FakeClock()), FakeWorkshop(tools)
        self.archive = packed(files)
        self.blobs.put(ARCHIVE, self.archive)
        self.rendering = Rendering(self.blobs, self.workshop)

    def render(self, path: str, app: Mapping[str, Any] | None = None, **source: Any) -> Rendered:
        digest = hashlib.sha256(self.archive).hexdigest()
        facts = {"archive": ARCHIVE, "digest": digest, "revision": "c" * 40}
        body = {**facts, "source": {"repoURL": "u", "path": path, **source}, "app": {"name": "app", **(app or {})}}
        return self.rendering.render(read(body))

    def names(self, rendered: Rendered) -> list[str]:
        return [one["metadata"]["name"] for one in read_manifests(self.blobs, rendered)]

    @property
    def ran(self) -> list[tuple[str, str]]:
        return [(call.tool, call.arguments[0]) for bench in self.workshop.benches for call in bench.ran]


@pytest.mark.parametrize(
    ("path", "source", "kind", "ran"),
    [
        ("chart", {}, "Helm", [("helm", "template")]),
        ("kust", {"kustomize": {"namePrefix": "a-"}}, "Kustomize", [("kustomize", "edit"), ("kustomize", "build")]),
    ],
)
def test_a_tool(path: str, source: dict[str, Any], kind: str, ran: list[tuple[str, str]]) -> None:
    case = Case()
    rendered = case.render(path, **source)
    assert (rendered.kind, rendered.count, case.ran) == (kind, 1, ran)
    assert case.names(rendered) == ["made"]
    assert [text.split()[:2] for text in rendered.commands] == [list(one) for one in ran]


def test_a_directory() -> None:
    case = Case(lambda _: '[{"apiVersion":"v1","kind":"A","metadata":{"name":"j"}}]')
    rendered = case.render("plain")
    assert (rendered.kind, case.names(rendered)) == ("Directory", ["a", "b", "j"])
    assert case.ran == [("jsonnet", "plain/b.jsonnet")]


def test_parameters_of_the_repository() -> None:
    case = Case()
    assert case.names(case.render("over")) == ["a"]
    assert case.names(case.render("over", {"name": "other"})) == ["b"]


def test_what_is_rendered_is_kept() -> None:
    case = Case()
    first = case.render("chart")
    assert case.render("chart") == first
    assert len(case.workshop.benches) == 1
    assert first.manifests.startswith("render/")


@pytest.mark.parametrize(
    "change",
    [
        {"app": {"namespace": "other"}},
        {"app": {"name": "other"}},
        {"app": {"kubeVersion": "1.30"}},
        {"app": {"apiVersions": ["a/v1"]}},
        {"helm": {"values": "a: 2"}},
        {"targetRevision": "v1"},
        {"path": "chart/."},
    ],
)
def test_whatever_the_result_hangs_on_is_in_the_key(change: dict[str, Any]) -> None:
    case = Case()
    case.render("chart")
    case.render(**{"path": "chart", **change})
    assert len(case.workshop.benches) == 2


def test_another_version_of_a_tool_renders_again() -> None:
    case = Case()
    case.render("chart")
    case.workshop.versions = {"helm": "2"}
    case.render("chart")
    assert len(case.workshop.benches) == 2


def test_the_summary_is_written_last() -> None:
    case = Case()
    rendered = case.render("chart")
    summary = rendered.manifests.replace("manifests.json.gz", "summary.json")
    assert list(case.blobs._blobs) == [ARCHIVE, rendered.manifests, summary]


@pytest.mark.parametrize("written", [b'{"manifests": "of a later release"}', b"[]", b"{"])
def test_a_summary_of_another_release_is_made_again(written: bytes) -> None:
    case = Case()
    rendered = case.render("chart")
    case.blobs.put(rendered.manifests.replace("manifests.json.gz", "summary.json"), written)
    assert case.render("chart") == rendered


def test_an_archive_that_is_gone() -> None:
    case = Case()
    case.blobs.delete(ARCHIVE)
    with pytest.raises(NotFound, match=ARCHIVE):
        case.render("chart")


def test_an_archive_that_is_another() -> None:
    case = Case()
    case.blobs.put(ARCHIVE, packed({"chart/Chart.yaml": "evil"}))
    with pytest.raises(EvaluationError, match="SHA-256 differs"):
        case.render("chart")


def test_manifests_that_are_others() -> None:
    case = Case()
    rendered = case.render("chart")
    case.blobs.put(rendered.manifests, b"other")
    with pytest.raises(EvaluationError, match="SHA-256 differs"):
        read_manifests(case.blobs, rendered)


def test_only_archives_of_fetches_are_read() -> None:
    request = read({"archive": "rows/secret", "digest": "", "revision": "c", "source": {}})
    with pytest.raises(InvalidObject, match="no archive of a fetch"):
        Case().rendering.render(request)


@pytest.mark.parametrize(
    ("path", "source", "kind", "says"),
    [
        ("nope", {}, InvalidObject, "no such folder"),
        ("../x", {}, InvalidObject, "leads out of the repository"),
        ("plain", {"plugin": {}}, Unsupported, r"spec\.source\.plugin: .*argosy up --plugins"),
        ("broken", {}, InvalidObject, r"^broken/a\.yaml:\d+: not YAML"),
    ],
)
def test_what_cannot_be_rendered(path: str, source: dict[str, Any], kind: type[Exception], says: str) -> None:
    case = Case()
    with pytest.raises(kind, match=says):
        case.render(path, **source)
    assert list(case.blobs._blobs) == [ARCHIVE], "nothing is kept of it"


def test_a_chart_without_its_dependencies_says_what_to_do() -> None:
    def refuse(call: Run) -> str:
        raise EvaluationError("helm: found in Chart.yaml, but missing in charts/ directory: redis")

    with pytest.raises(EvaluationError, match=r"redis; .*commit them to charts/"):
        Case(refuse).render("chart")


PART = "fetch/r/d/b.tar.gz"


def with_part(case: Case, files: Mapping[str, str], at: str = "chart/charts/dep") -> dict[str, Any]:
    part = packed(files)
    case.blobs.put(PART, part)
    digest = hashlib.sha256(case.archive).hexdigest()
    return {
        "archive": ARCHIVE,
        "digest": digest,
        "revision": "c" * 40,
        "source": {"repoURL": "u", "path": "chart"},
        "parts": [{"archive": PART, "digest": hashlib.sha256(part).hexdigest(), "at": at}],
    }


@pytest.mark.parametrize("at", ["chart/charts/dep", "../values"])
def test_a_part_lies_where_it_is_said(at: str) -> None:
    case = Case()
    case.rendering.render(read(with_part(case, {"x.yaml": "a: 1"}, at)))
    assert case.workshop.benches[0].read(f"{at}/x.yaml") == "a: 1"


def test_parts_are_in_the_key() -> None:
    case = Case()
    bodies = [
        with_part(case, {"a": ""}),
        with_part(case, {"a": ""}, at="chart/charts/other"),
        with_part(case, {"a": "b"}),
        {**with_part(case, {}), "parts": []},
    ]
    keys = {read(body).key({}) for body in bodies}
    assert len(keys) == 4
    assert read({**bodies[0], "content": "c"}).key({}) == read(bodies[0]).key({}), "a digest of the main archive alone"
    assert read({**bodies[3], "content": "c"}).key({}) not in keys


def test_a_part_that_is_another() -> None:
    case = Case()
    body = with_part(case, {"x.yaml": "a: 1"})
    case.blobs.put(PART, packed({"x.yaml": "a: 2"}))
    with pytest.raises(EvaluationError, match="SHA-256 differs"):
        case.rendering.render(read(body))
    body["parts"][0]["archive"] = "rows/secret"
    with pytest.raises(InvalidObject, match="no archive of a fetch"):
        case.rendering.render(read(body))


def test_too_many_parts() -> None:
    part = {"archive": "fetch/a", "digest": "", "at": "x"}
    with pytest.raises(InvalidObject, match=r"parts: 101 parts are given"):
        read({"archive": "fetch/a", "digest": "", "revision": "c", "source": {}, "parts": [part] * 101})


@pytest.mark.parametrize("body", [{}, {"archive": "a", "digest": "d", "revision": "r"}])
def test_a_request_that_is_none(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidObject):
        read(body)
