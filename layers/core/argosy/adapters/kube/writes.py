"""Writing for a firing: what is there is read first, made once, and decided again when it changes in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.errors import AlreadyExists, Conflict, NotFound
from argosy.events.triggers.objects import is_of
from argosy.ports.cluster import Cluster

__all__ = ["Place", "create_once", "live_object", "place", "settled"]

type Place = tuple[str, str, str, str]
"""apiVersion, kind, namespace and name."""

_TRIES: Final = 5


def place(manifest: Mapping[str, Any], namespace: str) -> Place:
    """Where the object of a manifest is, in a namespace that was decided before."""
    return manifest["apiVersion"], manifest["kind"], namespace, manifest["metadata"]["name"]


def live_object(cluster: Cluster, where: Place) -> Mapping[str, Any] | None:
    """The object as it is in the cluster, None when it is not there. Raises as `Cluster.get`."""
    try:
        return cluster.get(*where)
    except NotFound:
        return None


def settled[T](write: Callable[[], T]) -> T:
    """What `write` gives, which reads before it writes. Raises Conflict when others were first every time."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except Conflict:
            continue
    return write()


def create_once(cluster: Cluster, manifest: Mapping[str, Any], namespace: str, firing: str) -> str:
    """Create an object and say how that went.

    Raises AlreadyExists when the name is taken by an object that is not this firing's.
    """
    try:
        cluster.create(manifest, namespace=namespace or None)
    except AlreadyExists:
        if not is_of(live_object(cluster, place(manifest, namespace)), firing):
            raise
        return "was created by an earlier attempt"
    return "created"
