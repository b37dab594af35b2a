"""Repository Secrets of a control namespace, read and written as a client of the Kubernetes API.

In: addresses and what flags say. Out: Secrets. An address finds a Secret however it is written and whoever has made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.cli.apps.store import Applications
from argosy.errors import AlreadyExists, NotFound
from argosy.gitops.editing.repositories import MANAGED, secret
from argosy.gitops.repositories import KIND_LABEL, RepositorySecret, known_as
from argosy.services.applications.controlsecrets import secret_of

__all__ = ["Found", "found", "put", "removed", "the"]

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A Secret as it is written, and what it says."""

    body: Json
    secret: RepositorySecret


def found(apps: Applications, kind: str) -> Sequence[Found]:
    """All of a kind, in order of their addresses."""
    listed = apps.cluster.list("v1", "Secret", apps.control, label_selector=f"{KIND_LABEL}={kind}")
    known = [Found(one, secret_of(one)) for one in listed]
    return sorted(known, key=lambda one: (one.secret.url, one.secret.data.get("project", "")))


def the(apps: Applications, kind: str, url: str, project: str = "") -> Found:
    """The one of an address. Raises NotFound."""
    wanted = known_as(url)
    for one in found(apps, kind):
        if known_as(one.secret.url) == wanted and one.secret.data.get("project", "") == project:
            return one
    what = "repository" if kind == "repository" else "repository credentials"
    where = f" of project '{project}'" if project else ""
    raise NotFound(f"{what} '{url}'{where} not found in namespace {apps.control}")


def put(apps: Applications, kind: str, data: Mapping[str, str], *, upsert: bool) -> None:
    """Write one. Raises AlreadyExists for one that is there and different, unless it may be changed."""
    body = secret(kind, apps.control, data)
    try:
        there = the(apps, kind, data["url"], data.get("project", ""))
    except NotFound:
        apps.cluster.create(body)
        return
    if there.body.get("data") == body["data"]:
        return
    if not upsert:
        what = "repository" if kind == "repository" else "repository credentials"
        raise AlreadyExists(f"existing {what} spec of '{data['url']}' is different; use --upsert to force an update")
    apps.cluster.replace({**there.body, "data": body["data"]})


def removed(apps: Applications, kind: str, url: str, project: str = "") -> None:
    """Remove one: the Secret itself if Argo CD or we have made it, else its label. Raises NotFound."""
    one = the(apps, kind, url, project)
    metadata = one.body["metadata"]
    if MANAGED.items() <= (metadata.get("annotations") or {}).items():
        apps.cluster.delete("v1", "Secret", apps.control, metadata["name"])
    else:
        change = {"metadata": {"labels": {KIND_LABEL: None}}}
        apps.cluster.patch("v1", "Secret", apps.control, metadata["name"], change)
