"""`spec.source.kustomize` as calls, and what a kustomization may build on."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject, Placed, Unsupported
from argosy.gitops import kustomizations, kustomize
from argosy.gitops.kustomize import Options, Plan, options_of
from argosy.gitops.remotes import Need
from argosy.ports.fakes.workshop import FakeBench
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest, read_value
from argosy.resources.source import Source

PLAIN = Options()
ENV = {"ARGOCD_APP_NAME": "guestbook"}


def planned(fields: dict[str, Any] | None, options: Options = PLAIN, **more: Any) -> Plan:
    tree = FakeBench({"app/kustomization.yaml": "", "parts/a/x": "", "parts/b/x": "", "c": ""}, lambda _: "")
    return kustomize.plan(parse(Source, Manifest({"kustomize": fields})), "app", tree, ENV, options, **more)


def edits(fields: dict[str, Any] | None) -> list[str]:
    plan = planned(fields)
    assert (plan.build.tool, plan.build.arguments, plan.build.folder) == ("kustomize", ("build", "."), "app")
    assert {call.folder for call in plan.edits} <= {"app"}
    return [" ".join(call.arguments) for call in plan.edits]


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        (None, []),
        ({"namePrefix": "a-", "nameSuffix": "-b"}, ["edit set nameprefix -- a-", "edit set namesuffix -- -b"]),
        ({"images": ["a=b:1", "c:$ARGOCD_APP_NAME"]}, ["edit set image -- a=b:1 c:guestbook"]),
        ({"namespace": "--x"}, ["edit set namespace -- --x"]),
        ({"replicas": [{"name": "a", "count": 2}, {"name": "b", "count": "3"}]}, ["edit set replicas -- a=2 b=3"]),
        ({"commonLabels": {"a": "$ARGOCD_APP_NAME"}}, ["edit add label -- a:guestbook"]),
        (
            {
                "commonLabels": {"a": "b"},
                "forceCommonLabels": True,
                "labelWithoutSelector": True,
                "labelIncludeTemplates": True,
            },
            ["edit add label --force --without-selector --include-templates -- a:b"],
        ),
        ({"commonAnnotations": {"a": "$X"}}, ["edit add annotation -- a:$X"]),
        (
            {
                "commonAnnotations": {"a": "$ARGOCD_APP_NAME"},
                "commonAnnotationsEnvsubst": True,
                "forceCommonAnnotations": True,
            },
            ["edit add annotation --force -- a:guestbook"],
        ),
    ],
)
def test_edits(fields: dict[str, Any] | None, given: list[str]) -> None:
    assert edits(fields) == given


def test_a_count_that_is_no_number() -> None:
    with pytest.raises(InvalidObject) as refusal:
        edits({"replicas": [{"name": "a", "count": "many"}]})
    assert refusal.value.field == "spec.source.kustomize.replicas[0].count"


@pytest.mark.parametrize(
    ("images", "image", "merged"),
    [
        ([], "foo:1", ["foo:1"]),
        (["foo:1"], "foo:2", ["foo:2"]),
        (["foo:1"], "bar=1", ["foo:1", "bar=1"]),
        (["foo@1", "x"], "foo@2", ["foo@2", "x"]),
        (["foo=a:1"], "foo=b:2", ["foo=b:2"]),
        (["foobar:2"], "foo:2", ["foobar:2", "foo:2"]),
    ],
)
def test_merging_an_image(images: list[str], image: str, merged: list[str]) -> None:
    assert kustomize.merge_image(images, image) == merged


PATCH = {"patch": "- op: remove", "target": {"kind": "Deployment", "labelSelector": "a=b"}, "options": {"x": True}}


@pytest.mark.parametrize("known", ["", "patches: []\n", "patches: [{path: p.yaml}]\n"])
def test_patches_come_behind_those_of_the_kustomization(known: str) -> None:
    plan = planned({"patches": [PATCH, {"path": "y"}]})
    text = kustomize.extended(f"namePrefix: 'y'\n{known}", "f", plan.patches, plan.components)
    body = read_value(text)
    assert body["namePrefix"] == "y"
    assert body["patches"] == [*([{"path": "p.yaml"}] if "p.yaml" in known else []), PATCH, {"path": "y"}]


@pytest.mark.parametrize(
    ("components", "added"),
    [
        (["../parts/a"], ["../parts/a"]),
        (["../parts/*"], ["../parts/a", "../parts/b"]),
        (["../parts/b", "../parts/b"], ["../parts/b"]),
        (["https://example.com/o/r.git//c?ref=v1"], ["https://example.com/o/r.git//c?ref=v1"]),
    ],
)
def test_components(components: list[str], added: list[str]) -> None:
    plan = planned({"components": components})
    text = kustomize.extended("components: [known]", "f", plan.patches, plan.components)
    assert read_value(text)["components"] == ["known", *added]


@pytest.mark.parametrize("missing", ["../nowhere", "../parts/x*", "../../out", "/etc", "../c"])
def test_components_that_are_not_there(missing: str) -> None:
    with pytest.raises(InvalidObject) as refusal:
        planned({"components": ["../parts/a", missing]})
    assert refusal.value.field == "spec.source.kustomize.components[1]"
    assert planned({"components": ["../parts/a", missing], "ignoreMissingComponents": True}).components == [
        "../parts/a"
    ]


def test_an_address_is_no_missing_component() -> None:
    asked = {"components": ["github.com/o/r//c"], "ignoreMissingComponents": True}
    assert planned(asked).components == [], "as in Argo, which looks for a folder of this name"


@pytest.mark.parametrize("text", ["- a", "patches: {a: b}", "components: x"])
def test_what_is_no_kustomization_is_not_extended(text: str) -> None:
    with pytest.raises(InvalidObject, match=r"^f:"):
        kustomize.extended(text, "f", [{"path": "p"}], ["c"])


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", Options()),
        ("--enable-helm", Options(("--enable-helm",), helm=True)),
        (
            "--load-restrictor LoadRestrictionsNone --helm-debug",
            Options(("--load-restrictor=LoadRestrictionsNone", "--helm-debug"), unrestricted=True),
        ),
        ("--load-restrictor=LoadRestrictionsRootOnly", Options(("--load-restrictor=LoadRestrictionsRootOnly",))),
    ],
)
def test_build_options(given: str, options: Options) -> None:
    assert options_of(given) == options


@pytest.mark.parametrize(
    "given",
    [
        "--enable-exec",
        "--enable-alpha-plugins",
        "--network",
        "-o /tmp/x",
        "--helm-command=/bin/sh",
        "--mount type=bind",
        "-e HOME",
        "../other",
        "--load-restrictor",
    ],
)
def test_build_options_that_start_or_open_something(given: str) -> None:
    with pytest.raises(Unsupported, match=r"argocd-cm: kustomize\.buildOptions: .* is not taken"):
        options_of(f"--enable-helm {given}")


def test_charts_of_a_kustomization_know_the_cluster() -> None:
    options = options_of("--enable-helm")
    about = {"kube_version": "1.34", "api_versions": ["a/v1"]}
    assert planned({}, options, **about).build.arguments[2:] == (
        "--enable-helm",
        "--helm-kube-version=1.34",
        "--helm-api-versions=a/v1",
    )
    own = planned({"kubeVersion": "1.30", "apiVersions": ["b/v1"]}, options, **about).build
    assert own.arguments[3:] == ("--helm-kube-version=1.30", "--helm-api-versions=b/v1")
    assert own.starts == ("helm",)


def look(files: dict[str, str], *fetched: Need, unrestricted: bool = False) -> kustomizations.Looked:
    """Look through `app`; in `files`, what lies at `git/` and `file/` is of the first and the second of `fetched`."""
    there = {"base/kustomization.yaml": "", "base/cm.yaml": "", "cm.yaml": "", **files}
    for need in fetched:
        there = {name.replace(f"{need.kind}/", f"{need.at}/", 1): text for name, text in there.items()}
    bench = FakeBench(there, lambda _: "")
    return kustomizations.look_through(bench, "app", {need.at for need in fetched}, unrestricted=unrestricted)


def check(files: dict[str, str]) -> None:
    assert look(files) == kustomizations.Looked()


@pytest.mark.parametrize(
    "text",
    [
        "resources: [../base, ../cm.yaml, .]",
        "resources:\n- |\n  apiVersion: v1\n  kind: https://example.com\n",
        "patches: [{patch: 'https://example.com'}]",
        "configMapGenerator: [{name: a, files: ['k=../cm.yaml'], literals: ['u=https://example.com']}]",
        "helmCharts: [{name: c, repo: https://example.com}]",
        "helmGlobals: {chartHome: ../vendor}\nhelmCharts: [{name: d, version: '1', repo: https://example.com}]",
        "resources: {}",
        "- x",
        "",
    ],
)
def test_a_kustomization_that_stays_inside(text: str) -> None:
    check({"app/kustomization.yaml": text, "app/charts/c/Chart.yaml": "", "vendor/d-1/d/Chart.yaml": ""})


GITHUB = Need("git", "https://github.com/a/b", "v1")
FILE = Need("file", "https://example.com/x.yaml")


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("resources: [https://example.com/x.yaml]", FILE),
        ("Resources: [HTTPS://example.com/x.yaml]", Need("file", "HTTPS://example.com/x.yaml")),
        ("resources: ['github.com/a/b//c?ref=v1']", GITHUB),
        ("bases: ['git@github.com:a/b.git']", Need("git", "git@github.com:a/b.git")),
        ("resources: ['git::https://example.com/a/b']", Need("git", "https://example.com/a/b")),
        ("components: ['ssh://git@example.com/a/b.git']", Need("git", "ssh://git@example.com/a/b.git")),
        ("patches: [{path: 'https://example.com/x.yaml'}]", FILE),
        ("replacements: [{path: 'https://example.com/x.yaml'}]", FILE),
        ("openapi: {path: 'https://example.com/x.yaml'}", FILE),
        ("configMapGenerator: [{name: a, files: ['k=https://example.com/x.yaml']}]", FILE),
        ("secretGenerator: [{name: a, envs: ['https://example.com/x.yaml']}]", FILE),
        ("resources: [../base2]", Need("file", "https://example.com/deep.yaml")),
    ],
)
def test_a_kustomization_that_builds_on_another_repository(text: str, need: Need) -> None:
    more = {"base2/kustomization.yml": "resources: ['https://example.com/deep.yaml']"}
    assert look({"app/kustomization.yaml": text, **more}) == kustomizations.Looked((need,))


def test_addresses_become_paths_of_what_was_fetched() -> None:
    files = {
        "app/kustomization.yaml": "resources: ['github.com/a/b//c?ref=v1', 'https://example.com/x.yaml', ../cm.yaml]",
        "git/c/kustomization.yaml": "resources: [../d, x.yaml]",
        "git/d/kustomization.yaml": "",
        "file/x.yaml": "fetched",
    }
    looked = look(files, GITHUB, FILE)
    assert looked.needs == ()
    body = read_value(looked.texts["app/kustomization.yaml"])
    assert body == {"resources": [f"../../{GITHUB.at.removeprefix('../')}/c", ".fetched-0-x.yaml", "../cm.yaml"]}
    assert looked.texts["app/.fetched-0-x.yaml"] == "fetched"


@pytest.mark.parametrize(
    "files",
    [
        {"git/c/kustomization.yaml": "resources: [../../tree/app]"},
        {"git/c/kustomization.yaml": "resources: [../../d]"},
        {"git/c/kustomization.yaml": "resources: [/d]"},
        {"git/d/kustomization.yaml": ""},
    ],
)
def test_what_was_fetched_stays_in_its_repository(files: dict[str, str]) -> None:
    with pytest.raises(InvalidObject, match=r"leads out|has no folder"):
        look({"app/kustomization.yaml": "resources: ['github.com/a/b//c?ref=v1']", **files}, GITHUB)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resources: ['../nowhere?ref=main']", "no address"),
        ("resources: ['file:///etc/passwd']", "no address"),
        ("resources: ['gitlab.com/a/b']", "no address"),
        ("resources: ['github.com/a']", "names no repository"),
        ("resources: ['https://example.com/a/b.git//../x']", "leads out"),
        ("crds: ['github.com/a/b//c']", "a file is wanted"),
        ("helmCharts: [{name: c, repo: https://example.com}]", "the chart charts/c is not in the repository"),
    ],
)
def test_what_is_not_fetched_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Placed, match=says) as refusal:
        look({"app/kustomization.yaml": text})
    assert refusal.value.file == "app/kustomization.yaml"


@pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
def test_without_a_restriction_nothing_may_read_unseen(field: str) -> None:
    files = {"app/kustomization.yaml": f"{field}:\n- |-\n  kind: PatchTransformer\n  path: /etc/passwd\n"}
    check(files)
    with pytest.raises(Unsupported, match="LoadRestrictionsNone") as refusal:
        look(files, unrestricted=True)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "text", ["resources: [../../x]", "resources: [/etc]", "bases: ['../..']", "crds: [/etc/passwd]"]
)
def test_a_kustomization_that_leads_out(text: str) -> None:
    with pytest.raises(InvalidObject, match="leads out of the repository") as refusal:
        check({"app/kustomization.yaml": text})
    assert refusal.value.file == "app/kustomization.yaml"


def test_a_kustomization_that_cannot_be_read_is_refused() -> None:
    """What we cannot read, the tool might read otherwise."""
    with pytest.raises(Placed, match=r"app/Kustomization:2: key 'resources' is given twice"):
        check({"app/Kustomization": "resources: [a]\nresources: ['https://example.com']"})


def test_circles_end() -> None:
    check({"app/kustomization.yaml": "resources: [../app, ./x]", "app/x/kustomization.yaml": "resources: [../]"})
