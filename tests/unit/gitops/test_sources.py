"""Which tool renders a source, and what is not served."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject, Unsupported
from argosy.gitops.sources import check_served, kind_of
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source, are_same

type Json = dict[str, Any]


def source(**fields: Any) -> Source:
    return parse(Source, Manifest(fields))


@pytest.mark.parametrize(
    ("fields", "files", "kind"),
    [
        ({}, [], "Directory"),
        ({}, ["Chart.yaml", "values.yaml"], "Helm"),
        ({}, ["kustomization.yaml"], "Kustomize"),
        ({}, ["Kustomization"], "Kustomize"),
        ({}, ["Chart.yaml", "kustomization.yaml"], "Kustomize"),
        ({}, ["Chart.yaml", "Kustomization"], "Kustomize"),
        ({}, ["Kustomization", "MyChart.yaml"], "Helm"),
        ({}, ["chart/Chart.yaml"], "Directory"),
        ({"helm": {}}, ["kustomization.yaml"], "Helm"),
        ({"directory": {}}, ["Chart.yaml"], "Directory"),
        ({"plugin": {}}, [], "Plugin"),
        ({"helm": None, "kustomize": {}}, [], "Kustomize"),
    ],
)
def test_the_kind(fields: dict[str, Any], files: list[str], kind: str) -> None:
    assert kind_of(source(**fields), files) == kind


def test_a_kind_that_is_turned_off_is_a_directory() -> None:
    assert kind_of(source(helm={}), [], {"Helm": False}) == "Directory"
    assert kind_of(source(), ["Chart.yaml"], {"Helm": False}) == "Directory"


def test_more_than_one_kind() -> None:
    with pytest.raises(InvalidObject, match=r"not 2: Helm, Directory"):
        kind_of(source(helm={}, directory={}), [])


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"helm": {"version": "v2"}}, "spec.source.helm.version"),
        ({"kustomize": {"version": "v4"}}, "spec.source.kustomize.version"),
    ],
)
def test_what_is_not_served_is_named(fields: dict[str, Any], named: str) -> None:
    asked = source(**fields)
    with pytest.raises(Unsupported) as refusal:
        check_served(asked)
    assert refusal.value.field == named


def test_what_is_served() -> None:
    for fields in (
        {},
        {"helm": {"version": "v3"}},
        {"kustomize": {"namePrefix": "a-"}},
        {"directory": {"recurse": True}},
    ):
        check_served(source(**fields))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"helm": {"valueFiles": "a"}}, "helm.valueFiles"),
        ({"path": 1}, "path"),
        ({"kustomize": {"images": [1]}}, "kustomize.images"),
    ],
)
def test_a_type_that_does_not_fit(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidObject) as refusal:
        source(**fields)
    assert refusal.value.field.startswith(named)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"valuesObject": {"resources": None, "a": {"b": None}}}, {"valuesObject": {"a": {}}}, True),
        ({"valuesObject": {"a": 1}}, {"valuesObject": {"a": 2}}, False),
        ({"valuesObject": {"a": [None, 1]}}, {"valuesObject": {"a": [1]}}, False),
        ({"values": "a"}, {}, False),
    ],
)
def test_a_null_that_no_status_keeps_makes_no_other_source(one: Json, other: Json, same: bool) -> None:
    sources = [[Source.model_validate({"repoURL": "r", "helm": helm})] for helm in (one, other)]
    assert are_same(*sources) == same
