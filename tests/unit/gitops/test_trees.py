"""What the objects of an Application have led to."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cli.output import aligned
from argosy.gitops.showing.trees import below, tree
from argosy.resources.application import Application

type Json = dict[str, Any]

APP = Application.of(
    {
        "metadata": {"name": "a", "namespace": "argocd"},
        "status": {
            "resources": [
                {
                    "kind": "Service",
                    "namespace": "n",
                    "name": "web",
                    "status": "Synced",
                    "health": {"status": "Healthy"},
                },
                {"group": "apps", "kind": "Deployment", "namespace": "n", "name": "web", "status": "OutOfSync"},
                {"kind": "Pod", "namespace": "n", "name": "lone", "status": "Synced"},
            ]
        },
    }
)


def one(kind: str, name: str, owner: str = "", namespace: str = "n", phase: str = "") -> Json:
    owners = [dict(zip(("kind", "name"), owner.split("/"), strict=True))] if owner else []
    metadata = {"name": name, "namespace": namespace, "ownerReferences": owners}
    return {
        "apiVersion": "apps/v1" if kind == "ReplicaSet" else "v1",
        "kind": kind,
        "metadata": metadata,
        "status": {"phase": phase} if phase else {},
    }


OBJECTS = [
    one("ReplicaSet", "web-2", "Deployment/web"),
    one("ReplicaSet", "web-1", "Deployment/web"),
    one("Pod", "web-2-b", "ReplicaSet/web-2", phase="Pending"),
    one("Pod", "web-2-a", "ReplicaSet/web-2", phase="Pending"),
    one("Pod", "lone"),
    one("Pod", "other", "Deployment/web", "elsewhere"),
    one("Pod", "strange", "ReplicaSet/strange"),
]


def test_the_tree() -> None:
    assert aligned(tree(APP, OBJECTS)) == [
        "KIND/NAME           STATUS     HEALTH       MESSAGE",
        "Service/web         Synced     Healthy",
        "Deployment/web      OutOfSync",
        "├─ReplicaSet/web-1             Healthy",
        "└─ReplicaSet/web-2             Healthy",
        "  ├─Pod/web-2-a                Progressing",
        "  └─Pod/web-2-b                Progressing",
        "Pod/lone            Synced",
    ]


@pytest.mark.parametrize(
    ("kind", "pods"),
    [("Deployment", ["web-2-a", "web-2-b"]), ("Pod", ["lone"]), ("Service", [])],
)
def test_whose_pods_they_are(kind: str, pods: list[str]) -> None:
    found = below(APP, OBJECTS, lambda resource: resource.kind == kind)
    assert [body["metadata"]["name"] for body in found if body["kind"] == "Pod"] == pods
