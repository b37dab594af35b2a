"""Parameters that a repository itself gives."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject
from argosy.gitops import overrides
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

SOURCE = {
    "repoURL": "https://x/y",
    "path": "p",
    "targetRevision": "HEAD",
    "kustomize": {"images": ["a:1"], "namePrefix": "n-"},
}


def merged(*texts: str, source: dict[str, Any] | None = None) -> dict[str, Any]:
    files = [(f"{number}.yaml", text) for number, text in enumerate(texts)]
    return overrides.merged(parse(Source, Manifest(source or SOURCE)), files).model_dump(
        by_alias=True, exclude_unset=True
    )


def test_the_files() -> None:
    assert overrides.names("a") == (".argocd-source.yaml", ".argocd-source-a.yaml")
    assert overrides.names("") == (".argocd-source.yaml",)


@pytest.mark.parametrize(
    ("texts", "kustomize"),
    [
        (["kustomize: {images: ['a:2']}"], {"images": ["a:2"], "namePrefix": "n-"}),
        (["kustomize: {images: ['a:2']}", "kustomize: {images: ['a:3']}"], {"images": ["a:3"], "namePrefix": "n-"}),
        (["kustomize: null"], {"images": ["a:1"], "namePrefix": "n-"}),
        (
            ["kustomize: {namePrefix: null, nameSuffix: -s}"],
            {"images": ["a:1"], "namePrefix": "n-", "nameSuffix": "-s"},
        ),
        (["unknown: 1"], {"images": ["a:1"], "namePrefix": "n-"}),
    ],
)
def test_merging(texts: list[str], kustomize: dict[str, Any]) -> None:
    assert merged(*texts) == {**SOURCE, "kustomize": kustomize}


def test_where_a_source_comes_from_stays() -> None:
    text = "repoURL: https://evil\npath: ../..\nchart: c\ntargetRevision: other\nhelm: {releaseName: r}"
    assert merged(text) == {**SOURCE, "helm": {"releaseName": "r"}}


@pytest.mark.parametrize("text", ["", "- a", "x", "kustomize: {images: a}", "kustomize: [", "path: 1\nhelm: 1"])
def test_a_file_that_does_not_fit(text: str) -> None:
    with pytest.raises(InvalidObject, match=r"^0\.yaml"):
        merged(text)
