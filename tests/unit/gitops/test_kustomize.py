"""`spec.source.kustomize` as calls, and what a kustomization may build on."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject, Placed, Unsupported
from argosy.gitops import kustomize
from argosy.ports.fakes.workshop import FakeBench
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

ENV = {"ARGOCD_APP_NAME": "guestbook"}


def edits(fields: dict[str, Any] | None) -> list[str]:
    calls = kustomize.plan(parse(Source, Manifest({"kustomize": fields})), "app", ENV)
    assert (calls[-1].tool, calls[-1].arguments, calls[-1].folder) == ("kustomize", ("build", "."), "app")
    assert {call.folder for call in calls} == {"app"}
    return [" ".join(call.arguments) for call in calls[:-1]]


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


def check(files: dict[str, str]) -> None:
    kustomize.check(
        FakeBench({"base/kustomization.yaml": "", "base/cm.yaml": "", "cm.yaml": "", **files}, lambda _: ""), "app"
    )


@pytest.mark.parametrize(
    "text",
    [
        "resources: [../base, ../cm.yaml, .]",
        "resources:\n- |\n  apiVersion: v1\n  kind: https://example.com\n",
        "patches: [{patch: 'https://example.com'}]",
        "configMapGenerator: [{name: a, files: ['k=../cm.yaml'], literals: ['u=https://example.com']}]",
        "helmCharts: [{repo: https://example.com}]",
        "resources: {}",
        "- x",
        "",
    ],
)
def test_a_kustomization_that_stays_inside(text: str) -> None:
    check({"app/kustomization.yaml": text})


@pytest.mark.parametrize(
    "text",
    [
        "resources: [https://example.com/x.yaml]",
        "Resources: [HTTPS://example.com/x.yaml]",
        "resources: ['github.com/a/b//c?ref=v1']",
        "bases: ['git@github.com:a/b.git']",
        "resources: ['git::https://example.com/a']",
        "components: ['ssh://git@example.com/a']",
        "resources: ['../nowhere?ref=main']",
        "crds: ['http://169.254.169.254/latest']",
        "patches: [{path: 'https://example.com/p.yaml'}]",
        "replacements: [{path: 'https://example.com/p.yaml'}]",
        "openapi: {path: 'https://example.com/s.json'}",
        "configMapGenerator: [{name: a, files: ['k=https://example.com/x']}]",
        "secretGenerator: [{name: a, envs: ['https://example.com/x']}]",
        "resources: ['file:///etc/passwd']",
        "resources: [../base2]",
    ],
)
def test_a_kustomization_that_builds_on_another_repository(text: str) -> None:
    more = {"base2/kustomization.yml": "resources: ['https://example.com/deep.yaml']"}
    with pytest.raises(Unsupported, match="another repository") as refusal:
        check({"app/kustomization.yaml": text, **more})
    assert refusal.value.file.endswith(("kustomization.yaml", "kustomization.yml"))


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
