"""What the suites of the Cluster port need, whatever the way into the cluster."""

from __future__ import annotations

import uuid

import pytest

from argosy.ports.cluster import Cluster


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name
