"""The development cluster: a real Kubernetes API, without containers or with one node that runs them.

In: a name. Out: a kubeconfig. etcd, kube-apiserver, kube-controller-manager and kube-scheduler run as plain processes,
KWOK plays the nodes: real admission, server-side apply, garbage collection, ReplicaSets, Jobs and scheduling, and pods
that turn Running; only containers do not run, unless a real node is asked for. Called by `argosy dev cluster`, `make
run` and the integration tests. Everything here is standard library, PyYAML and (for a terminal) rich.
"""

from __future__ import annotations

from argosy.local.devcluster.lifecycle import (
    ClusterInfo,
    ensure_up,
    export_kubeconfig,
    list_clusters,
    load_image,
    status,
    stop,
)
from argosy.local.devcluster.locations import Locations
from argosy.local.devcluster.progress import QUIET, Progress, shown_on

__all__ = [
    "QUIET",
    "ClusterInfo",
    "Locations",
    "Progress",
    "ensure_up",
    "export_kubeconfig",
    "list_clusters",
    "load_image",
    "shown_on",
    "status",
    "stop",
]
