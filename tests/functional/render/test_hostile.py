"""Repositories of an enemy: each is refused, in time, with its reason, and nothing is left."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.render.children import Limits
from argosy.errors import ArgosyError, InvalidObject
from argosy.gitops.remotes import Need
from support.rendering import CHART, CONFIG_MAP, Rendery, archive

CANARY = "canary-7f3a"
LIMITS = Limits(seconds=3, memory=400_000_000, output=2_000_000, file=2_000_000)


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def link(name: str, target: str) -> tarfile.TarInfo:
    return member(name, tarfile.SYMTYPE, target)


@pytest.fixture
def rendery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rendery]:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    (tmp_path / "secret").write_text(CANARY)
    found = Rendery(tmp_path, LIMITS)
    yield found
    assert found.left == [], "a bench is removed, also after an error"


def refused(rendery: Rendery, packed: bytes, path: str = "app", **source: Any) -> str:
    """Why a source is not rendered: the words of the error, which hold nothing of this machine."""
    with pytest.raises(ArgosyError) as refusal:
        rendery.rendered(packed, path, **source)
    words = str(refusal.value)
    assert CANARY not in words
    assert str(rendery.scratch) not in words
    assert tempfile.gettempdir() not in words
    assert len(words) < 5_000
    return words


# Archives


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([link("app/x.yaml", "/etc/passwd")], "leads out of the repository"),
        ([link("app/x.yaml", "../../secret")], "leads out of the repository"),
        ([link("d", "."), link("app/x.yaml", "../d/../../../secret")], "leads out of the repository"),
        ([link("a", "b/c"), link("b", "app"), link("app/c", "../../..")], "leads out of the repository"),
        ([member("app/dev", tarfile.CHRTYPE)], "neither a file, a folder nor a link"),
        ([member("app/pipe", tarfile.FIFOTYPE)], "neither a file, a folder nor a link"),
        ([member("app/hard", tarfile.LNKTYPE, "app/a.yaml")], "neither a file, a folder nor a link"),
        ([member("../x", tarfile.REGTYPE)], "leads out of its folder"),
        ([member("/etc/x", tarfile.REGTYPE)], "leads out of its folder"),
        ([member("app/../../x", tarfile.REGTYPE)], "leads out of its folder"),
        ([member("app/a.yaml", tarfile.REGTYPE)], "given twice"),
        ([link("app", "elsewhere")], "given twice"),
        ([member("app/a.yaml/x", tarfile.REGTYPE)], "given twice"),
    ],
)
def test_an_archive_that_is_not_taken(rendery: Rendery, members: list[tarfile.TarInfo], says: str) -> None:
    assert says in refused(rendery, archive({"app/a.yaml": CONFIG_MAP.format(name="a")}, *members))


def test_a_link_that_stays_inside_is_followed(rendery: Rendery) -> None:
    packed = archive({"shared/a.yaml": CONFIG_MAP.format(name="a")}, link("app/a.yaml", "../shared/a.yaml"))
    assert rendery.rendered(packed, "app").count == 1


def test_circles_of_links_are_no_files(rendery: Rendery) -> None:
    packed = archive(
        {"app/a.yaml": CONFIG_MAP.format(name="a")}, link("app/b.yaml", "c.yaml"), link("app/c.yaml", "b.yaml")
    )
    assert rendery.rendered(packed, "app").count == 1


@pytest.mark.parametrize("packed", [b"", b"nonsense", archive({"a": "b" * 100_000})[:-200]])
def test_an_archive_that_is_broken(rendery: Rendery, packed: bytes) -> None:
    assert "the archive is broken" in refused(rendery, packed)


def test_an_archive_that_becomes_large(rendery: Rendery) -> None:
    """300 MB that come as 300 KB."""
    assert "the archive holds more than 280000000 bytes" in refused(rendery, archive({"app/a": b"\0" * 300_000_000}))


# Paths


@pytest.mark.parametrize(
    "helm",
    [
        {"valueFiles": ["../../secret"]},
        {"valueFiles": ["/../secret"]},
        {"valueFiles": ["values.yaml,../../../secret"]},
        {"valueFiles": ["file:///etc/passwd"]},
        {"fileParameters": [{"name": "a", "path": "../../secret"}]},
        {"fileParameters": [{"name": "a=../../../secret,b", "path": "values.yaml"}]},
    ],
)
def test_values_from_elsewhere(rendery: Rendery, helm: dict[str, Any]) -> None:
    files = {"app/Chart.yaml": CHART, "app/values.yaml": "a: 1"}
    with pytest.raises(InvalidObject):
        rendery.rendered(archive(files), "app", helm=helm)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resources: [../../../secret]", "leads out of the repository"),
        ("resources: [/etc/passwd]", "leads out of the repository"),
        ("configMapGenerator: [{name: a, files: [../../../secret]}]", "leads out of the repository"),
        ("configMapGenerator: [{name: a, files: [../outside.yaml]}]", "security; file"),
        ("helmCharts: [{name: x, repo: 'https://example.com', version: 1.0.0}]", "is not in the repository"),
        ("helmCharts: [{name: app}]\nhelmGlobals: {chartHome: ..}", "enable-helm"),
        ("generators: [exec.yaml]", "external plugins disabled"),
    ],
)
def test_a_kustomization_that_reaches_out(rendery: Rendery, text: str, says: str) -> None:
    notes = "{config.kubernetes.io/function: 'exec: {path: id}'}"
    plugin = f"apiVersion: x/v1\nkind: X\nmetadata: {{name: x, annotations: {notes}}}"
    files = {"app/kustomization.yaml": text, "outside.yaml": "a: 1", "app/exec.yaml": plugin}
    assert says in refused(rendery, archive(files))


def test_what_lies_elsewhere_is_told_and_not_fetched_by_the_tool(rendery: Rendery) -> None:
    files = {"app/kustomization.yaml": "resources: ['https://example.com/x.yaml', 'github.com/a/b//c?ref=v1']"}
    made = rendery.rendered(archive(files), "app")
    assert made.needs == (
        Need("file", "https://example.com/x.yaml"),
        Need("git", "https://github.com/a/b", "v1"),
    )
    assert (made.manifests, made.count) == ("", 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resources: [../../../secret]", "leads out of the repository"),
        ("configMapGenerator: [{name: a, files: [/etc/passwd]}]", "leads out of the repository"),
        ("secretGenerator: [{name: a, envs: [/proc/self/environ]}]", "leads out of the repository"),
        ("patches: [{path: /etc/passwd}]", "leads out of the repository"),
        ("replacements: [{path: ../../../secret}]", "leads out of the repository"),
        ("openapi: {path: /etc/passwd}", "leads out of the repository"),
        ("helmCharts: [{name: chart, valuesFile: /etc/passwd}]\nhelmGlobals: {chartHome: ..}", "leads out of"),
        (
            "helmCharts: [{name: chart, additionalValuesFiles: [/etc/passwd]}]\nhelmGlobals: {chartHome: ..}",
            "leads out",
        ),
        ("helmCharts: [{name: ../../../etc}]", "leads out of the repository"),
        ("helmCharts: []\nhelmGlobals: {chartHome: /etc}", "leads out of the repository"),
        ("helmCharts: []\nhelmGlobals: {configHome: ../../../secret}", "leads out of the repository"),
        ("generators: [exec.yaml]", "LoadRestrictionsNone"),
        ("transformers: [{kind: PatchTransformer, path: /etc/passwd}]", "cannot unmarshal"),
        ("resources: [../base]", "LoadRestrictionsNone"),
    ],
)
def test_a_kustomization_without_the_tool_s_restriction_reaches_no_further(
    rendery: Rendery, text: str, says: str
) -> None:
    files = {
        "app/kustomization.yaml": text,
        "app/exec.yaml": "",
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": "",
        "base/kustomization.yaml": "validators: [x.yaml]",
    }
    manner = {"buildOptions": "--enable-helm --load-restrictor LoadRestrictionsNone"}
    assert says in refused(rendery, archive(files), manner=manner)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret", "/proc/self/environ", "../../../../../etc/passwd"])
def test_jsonnet_imports_nothing_from_outside(rendery: Rendery, path: str) -> None:
    said = refused(rendery, archive({"app/a.jsonnet": f'{{a: importstr "{path}"}}'}))
    assert "not in the repository" in said


# The cage


def test_a_chart_sees_no_environment(rendery: Rendery) -> None:
    name = '{{ env "AWS_SECRET_ACCESS_KEY" }}-{{ expandenv "$AWS_SECRET_ACCESS_KEY" }}'
    files = {"app/Chart.yaml": CHART, "app/templates/a.yaml": CONFIG_MAP.format(name="{{ .Release.Name }}")}
    refused(rendery, archive(files), helm={"releaseName": name})


def test_a_chart_that_looks_up_the_cluster_or_a_name_finds_nothing(rendery: Rendery) -> None:
    template = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  looked: {{ lookup "v1" "Secret" "" "" | toJson | quote }}
  address: {{ getHostByName "localhost" | quote }}
"""
    files = {"app/Chart.yaml": CHART, "app/templates/a.yaml": template}
    (made,) = rendery.render(files, "app")
    assert made["data"] == {"looked": "{}", "address": ""}


def test_a_schema_from_an_address_is_not_fetched(rendery: Rendery) -> None:
    schema = '{"$ref": "http://127.0.0.1:1/schema.json"}'
    files = {
        "app/Chart.yaml": CHART,
        "app/values.schema.json": schema,
        "app/templates/a.yaml": CONFIG_MAP.format(name="a"),
    }
    said = refused(rendery, archive(files))
    assert "permission denied" in said or "schema" in said


RANGES = (
    '{{ define "a" }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}{{ include "a" . }}'
)
LOOPS: Mapping[str, Mapping[str, str]] = {
    "helm": {"app/Chart.yaml": CHART, "app/templates/a.yaml": RANGES},
    "jsonnet": {"app/a.jsonnet": "local f(n) = if n == 0 then 0 else f(n - 1) tailstrict; [f(1e12)]"},
}


@pytest.mark.parametrize("tool", LOOPS)
def test_what_loops_is_ended(rendery: Rendery, tool: str) -> None:
    said = refused(rendery, archive(LOOPS[tool]))
    assert said.startswith(f"{tool}: it ")
    assert "longer than" in said or "memory" in said


DOUBLES = '{{- $s := repeat 1000000 "x" -}}{{- range until 12 -}}{{- $s = cat $s $s -}}{{- end -}}{{ $s }}'
MEMORY: Mapping[str, Mapping[str, str]] = {
    "helm": {"app/Chart.yaml": CHART, "app/templates/a.yaml": DOUBLES},
    "jsonnet": {"app/a.jsonnet": "std.foldl(function(a, b) a + a, std.range(1, 40), 'xxxxxxxx')"},
}


@pytest.mark.parametrize("tool", MEMORY)
def test_what_needs_all_memory_is_ended(rendery: Rendery, tool: str) -> None:
    said = refused(rendery, archive(MEMORY[tool]))
    assert said.startswith(f"{tool}: it ")


LINES = '{{ range until 100000 }}    {{ repeat 100 "x" }}\n{{ end }}'


def test_output_without_an_end_is_cut_off(rendery: Rendery) -> None:
    files = {"app/Chart.yaml": CHART, "app/templates/a.yaml": CONFIG_MAP.format(name="a") + "  x: |\n" + LINES}
    assert refused(rendery, archive(files)) == "helm: it makes more than 2000000 bytes"


def test_an_alias_bomb_in_a_manifest(rendery: Rendery) -> None:
    lines = ["apiVersion: v1", "kind: A", "metadata: {name: a}", "a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "larger than 200000 values" in refused(rendery, archive({"app/a.yaml": "\n".join(lines)}))


# Errors of tools


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"app/Chart.yaml": CHART, "app/templates/a.yaml": "{{ .Values.a.b }}"}, "nil pointer evaluating"),
        ({"app/Chart.yaml": CHART, "app/templates/a.yaml": '{{ fail "because" }}'}, "because"),
        ({"app/Chart.yaml": "apiVersion: v2\nname: x\n"}, "chart.metadata.version is required"),
        ({"app/kustomization.yaml": "resources: [nope.yaml]"}, "nope.yaml"),
        ({"app/a.jsonnet": "{a: error 'because'}"}, "because"),
        ({"app/a.jsonnet": "{a: }"}, "app/a.jsonnet:1:5"),
    ],
)
def test_a_tool_s_own_words_reach_the_user(rendery: Rendery, files: dict[str, str], says: str) -> None:
    assert says in refused(rendery, archive(files))
