"""What of an object leaves its cluster, and what counts as a change of it."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import orjson
import pytest

from argosy.control.agents.normal import digest, pruned, version_of

Body = dict[str, Any]
FIELDS = [{"manager": "kubectl", "fieldsV1": {"f:data": {"f:password": {}}}}]
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def secret(value: str, *, api_version: str = "v1", kind: str = "Secret") -> Body:
    encoded = base64.b64encode(value.encode()).decode()
    applied = orjson.dumps({"kind": "Secret", "stringData": {"password": value}}).decode()
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "s", "annotations": {APPLIED: applied, "kept": "yes"}, "managedFields": FIELDS},
        "data": {"password": encoded},
        "stringData": {"other": value},
        "type": "Opaque",
    }


def text(obj: object) -> str:
    """As JSON, with whatever is base64 in it beside its meaning."""
    found = orjson.dumps(obj).decode()
    parts = [part for part in found.replace('"', " ").split() if len(part) % 4 == 0]
    for part in parts:
        try:
            found += base64.b64decode(part, validate=True).decode(errors="replace")
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_no_value_of_a_secret_leaves(whole: bool) -> None:
    canary = uuid.uuid4().hex
    left = pruned(secret(canary), "key", whole=whole)
    assert canary not in text(left)
    assert base64.b64encode(canary.encode()).decode() not in text(left)
    assert left["metadata"] == {"name": "s", "annotations": {"kept": "yes"}}
    assert left["data"].keys() == {"password"}
    assert left["type"] == "Opaque"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("a", "key"), ("a", "key"), True),
        (("a", "key"), ("b", "key"), False),
        (("a", "key"), ("a", "other key"), False),
    ],
)
def test_drift_of_a_secret_is_seen(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    left, right = (pruned(secret(value), key)["data"] for value, key in (one, other))
    assert (left == right) is same
    for value in left.values():
        assert base64.b64decode(value).startswith(b"hmac-sha256:")


@pytest.mark.parametrize(("api_version", "kind"), [("v1", "ConfigMap"), ("bitnami.com/v1alpha1", "Secret")])
def test_what_is_no_secret_of_kubernetes_leaves_as_it_is(api_version: str, kind: str) -> None:
    obj = secret("plain", api_version=api_version, kind=kind)
    assert pruned(obj, "key", whole=True) == obj
    assert pruned(obj, "key") == {**obj, "metadata": {"name": "s", "annotations": obj["metadata"]["annotations"]}}
    assert obj["metadata"]["managedFields"] == FIELDS, "what came in is left alone"


def test_an_object_without_metadata_or_values() -> None:
    assert pruned({"kind": "X"}, "key") == {"kind": "X", "metadata": {}}
    assert (
        pruned({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": None}, "key")["data"] is None
    )


BASE: Body = {"kind": "X", "metadata": {"name": "a", "resourceVersion": "1"}, "spec": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        ({**BASE, "metadata": {"name": "a", "resourceVersion": "2", "managedFields": FIELDS}}, False),
        ({**BASE, "spec": {"b": 2, "a": 1}}, False),
        ({**BASE, "spec": {"a": 1}}, True),
        ({**BASE, "status": {}}, True),
        ({**BASE, "metadata": {"name": "a", "resourceVersion": "1", "labels": {"x": "y"}}}, True),
        ({**BASE, "metadata": {"name": "a", "resourceVersion": "1", "generation": 2}}, True),
    ],
)
def test_the_digest(other: Body, changed: bool) -> None:
    assert (digest(BASE) != digest(other)) is changed
    assert len(digest(BASE)) == 16


@pytest.mark.parametrize(
    ("obj", "version"),
    [({"metadata": {"resourceVersion": "12"}}, 12), ({"metadata": {}}, 0), ({"metadata": None}, 0), ({}, 0)],
)
def test_the_version(obj: Body, version: int) -> None:
    assert version_of(obj) == version
