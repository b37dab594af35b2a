"""Discovery of all kinds as servers tell it: aggregated, and group by group."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.adapters.kube.kinds import Kinds

VERBS = ["get", "list", "watch"]


def _aggregated(version: str, *kinds: str, **more: Any) -> dict[str, Any]:
    resources = [
        {"resource": f"{kind.lower()}s", "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": VERBS}
        for kind in kinds
    ]
    return {"version": version, "resources": resources, **more}


def _listed(*kinds: str) -> dict[str, Any]:
    return {
        "resources": [{"name": f"{one.lower()}s", "kind": one, "namespaced": True, "verbs": VERBS} for one in kinds]
    }


AGGREGATED: dict[str, Any] = {
    "/api": {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {}, "versions": [_aggregated("v1", "Pod")]}]},
    "/apis": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "x.io"},
                "versions": [
                    _aggregated("v2", "Thing"),
                    _aggregated("v1", "Thing", "Old"),
                    _aggregated("v0", "Thing", freshness="Stale"),
                ],
            }
        ],
    },
}
LISTED: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "x.io",
                "versions": [{"groupVersion": "x.io/v1"}, {"groupVersion": "x.io/v2"}, {"groupVersion": "x.io/v0"}],
                "preferredVersion": {"groupVersion": "x.io/v2"},
            }
        ],
    },
    "/api/v1": _listed("Pod"),
    "/apis/x.io/v2": _listed("Thing"),
    "/apis/x.io/v1": _listed("Thing", "Old"),
}


@pytest.mark.parametrize("server", [AGGREGATED, LISTED], ids=["aggregated", "listed"])
def test_a_kind_is_told_once_with_all_its_versions(server: dict[str, Any]) -> None:
    def fetch(path: str, accept: str) -> bytes | None:
        assert "application/json" in accept
        return json.dumps(server[path]).encode() if path in server else None

    found = [(one.api_version, one.kind, one.versions) for one in Kinds(fetch).all()]
    assert found == [
        ("v1", "Pod", ("v1",)),
        ("x.io/v2", "Thing", ("x.io/v2", "x.io/v1")),
        ("x.io/v1", "Old", ("x.io/v1",)),
    ]
