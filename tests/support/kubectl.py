"""kubectl of the development cluster's version, for tests that need the original: built where the cluster's binaries are.

It is no part of the product, so it is not among its binaries; it shares their caches, and is built once.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from argosy.local.devcluster.binaries import BinaryCache
from argosy.local.devcluster.gobuild import GoBuild
from argosy.local.devcluster.locations import Locations
from argosy.local.devcluster.versions import BINARIES, KUBERNETES, MODULES, Binary, platform_tag

__all__ = ["find_kubectl"]

_PACKAGE = "k8s.io/kubernetes/cmd/kubectl"
# A module of its own: what kubectl needs besides shall not change what the cluster is built from.
_MODULE = replace(MODULES[BINARIES["kube-apiserver"].module], name="test-kubectl", tools=(_PACKAGE,))


def find_kubectl() -> Path:
    """The executable; the first time it is built. Raises Unavailable."""
    locations = Locations.default()
    system, architecture = platform_tag()
    build = GoBuild(
        locations.go,
        binaries={"kubectl": Binary("kubectl", _MODULE.name, _PACKAGE, 120)},
        modules={_MODULE.name: _MODULE},
    )
    folder = locations.go.parent / "kube" / f"kubectl-{KUBERNETES}-{system}-{architecture}"
    return BinaryCache(folder, [build]).obtain(["kubectl"])["kubectl"]
