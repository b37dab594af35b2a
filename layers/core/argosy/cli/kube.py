"""The cluster of a kubeconfig, for the commands that act on Kubernetes objects themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster

__all__ = ["KubeContext", "Kubeconfig", "opened"]

KubeContext = Annotated[
    str, typer.Option("--kube-context", help="Context of the kubeconfig (default: the current one).")
]
Kubeconfig = Annotated[Path | None, typer.Option("--kubeconfig", help="The kubeconfig (default: as kubectl).")]


@contextmanager
def opened(context: str, kubeconfig: Path | None) -> Iterator[DirectCluster]:
    """A connection to the cluster. Raises as `argosy.adapters.kube.client.connect`."""
    from argosy.adapters.kube.client import connect

    cluster = connect(kubeconfig, context or None)
    try:
        yield cluster
    finally:
        cluster.close()
