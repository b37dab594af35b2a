"""Tracking: whose an object is, for odd objects and when an installation moves from labels to annotations."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.annotations import INSTALLATION_ID, TRACKING_ID
from argosy.gitops.tracking import Method, Tracking, is_self_referenced, parse

LABEL = "app.kubernetes.io/instance"


@pytest.mark.parametrize("body", [{}, {"metadata": None}, {"metadata": {"labels": None, "annotations": None}}])
@pytest.mark.parametrize("method", ["annotation", "label", "annotation+label"])
def test_an_object_without_marks_is_nobodys(method: Method, body: dict[str, Any]) -> None:
    assert Tracking(method).owner(body) == ""
    assert is_self_referenced(body, None, "a", method)


@pytest.mark.parametrize("text", ["a:g/K:n/x", "a:/K:/x", "ns_a:g/K:n/x:y"])
def test_an_id_is_written_as_it_is_read(text: str) -> None:
    assert str(parse(text)) == text


def test_other_installations_objects_are_not_ours() -> None:
    marked = Tracking(installation="one").mark({"kind": "K", "metadata": {"name": "x"}}, "a", "n")
    assert marked["metadata"]["annotations"][INSTALLATION_ID] == "one"
    assert [Tracking(installation=name).owner(marked) for name in ("one", "two", "")] == ["a", "", "a"]


def test_the_legacy_label_goes_to_pods_too() -> None:
    key = "applications.argoproj.io/app-name"
    made = Tracking("label", key).mark({"apiVersion": "apps/v1", "kind": "Deployment"}, "a", "n")
    assert made["spec"]["template"]["metadata"]["labels"] == {key: "a"}
    assert "spec" not in Tracking("label", LABEL).mark({"apiVersion": "apps/v1", "kind": "Deployment"}, "a", "n")


def test_moving_to_annotations_is_no_difference() -> None:
    live = {"metadata": {"labels": {LABEL: "a", "x": "y"}}}
    config = {"metadata": {"annotations": {TRACKING_ID: "a:/K:n/x"}}}
    moved = Tracking().moved(live, config)
    assert moved == {"metadata": {"labels": {"x": "y"}, "annotations": {TRACKING_ID: "a:/K:n/x"}}}
    assert live == {"metadata": {"labels": {LABEL: "a", "x": "y"}}}
    assert Tracking("label").moved(live, config) == live


def test_what_has_no_namespace_matches_any() -> None:
    note = {TRACKING_ID: "a:rbac/ClusterRole:n/r"}
    live = {"apiVersion": "rbac/v1", "kind": "ClusterRole", "metadata": {"name": "r", "annotations": note}}
    assert is_self_referenced(live, None, "a", "annotation")
    assert not is_self_referenced({**live, "kind": "Other"}, None, "a", "annotation")
