"""What charts are told of their cluster, and which sources are made without it."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.capabilities import api_versions, kube_version, trimmed
from argosy.gitops.requests import AppInfo, Manner, RenderRequest
from argosy.ports.cluster import ServedKind, watchable
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

ABOUT = AppInfo(name="shop", kube_version="v1.34.0", api_versions=["v1", "v1/Pod"])
HELMED = Manner(build_options="--enable-helm")


def _source(**more: Any) -> Source:
    return parse(Source, Manifest({"repoURL": "https://h/r", "path": "app", **more}))


def _kind(api_version: str, kind: str, *versions: str) -> ServedKind:
    return ServedKind(api_version, kind, kind.lower(), True, frozenset({"list", "watch"}), versions=versions)


def test_versions_with_and_without_their_kinds() -> None:
    """`TestAPIResourcesToStrings` of util/argo/argo_test.go."""
    told = api_versions([("apps/v1", "Deployment"), ("v1", "Pod"), ("apps/v1", "StatefulSet")])
    assert told == ["apps/v1", "apps/v1/Deployment", "apps/v1/StatefulSet", "v1", "v1/Pod"]


def test_every_version_in_one_order() -> None:
    kinds = [
        _kind("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaling/v2", "autoscaling/v1"),
        _kind("v1", "Pod", "v1"),
    ]
    assert api_versions(watchable(kinds)) == api_versions(watchable(reversed(kinds)))
    assert api_versions(watchable(kinds)) == [
        "autoscaling/v1",
        "autoscaling/v1/HorizontalPodAutoscaler",
        "autoscaling/v2",
        "autoscaling/v2/HorizontalPodAutoscaler",
        "v1",
        "v1/Pod",
    ]


def test_what_cannot_be_watched_is_not_told() -> None:
    """As `GetAPIResources` of gitops-engine: reviews and bindings are asked for, never there."""
    assert not list(watchable([ServedKind("authentication.k8s.io/v1", "TokenReview", "tokenreviews", False)]))


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("v1.34.0", "v1.34.0"),
        ("v1.31.5-eks-8cce635", "v1.31.5"),
        ("v1.30.2+k3s1", "v1.30.2"),
        ("1.29", "v1.29.0"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_the_version_of_a_distribution(told: str, version: str) -> None:
    assert kube_version(told) == version


@pytest.mark.parametrize(
    ("source", "manner", "may_be_other", "told"),
    [
        (_source(helm={}), Manner(), False, True),
        (_source(plugin={}), Manner(), False, True),
        (_source(chart="db"), Manner(), False, True),
        (_source(), Manner(), True, True),
        (_source(), Manner(), False, False),
        (_source(), HELMED, False, True),
        (_source(kustomize={}), Manner(), False, False),
        (_source(kustomize={}), HELMED, False, True),
        (_source(directory={}), HELMED, False, False),
    ],
)
def test_who_is_told(source: Source, manner: Manner, may_be_other: bool, told: bool) -> None:
    found = trimmed(ABOUT, source, manner, may_be_other=may_be_other)
    assert (found.kube_version, list(found.api_versions)) == (("v1.34.0", ["v1", "v1/Pod"]) if told else ("", []))
    assert found.name == "shop"


def test_a_render_hangs_on_them() -> None:
    def key(about: AppInfo) -> str:
        return RenderRequest(archive="a", digest="d", revision="r", source=_source(helm={}), app=about).key({})

    assert key(ABOUT) == key(ABOUT.model_copy())
    assert len({key(ABOUT), key(AppInfo(name="shop")), key(ABOUT.model_copy(update={"kube_version": "v1.35.0"}))}) == 3
