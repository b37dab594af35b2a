"""kubeconfig files of the development cluster.

In: server address, certificate, token. Out: the cluster's own file, and on request its entries in a file of the
user. Called by the supervisor (own file) and by `lifecycle` (the user's, `--kubeconfig`). All entries bear the name
`argosy-NAME`; other entries are never touched.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml

from argosy.errors import InvalidObject
from argosy.local.devcluster.files import private_directory, write_private

__all__ = ["context_name", "merge_into", "remove_from", "write_kubeconfig"]

_LISTS = ("clusters", "contexts", "users")


def context_name(cluster: str) -> str:
    """Name of the context, cluster and user entries."""
    return f"argosy-{cluster}"


def write_kubeconfig(path: Path, *, cluster: str, server: str, authority: str, token: str) -> None:
    """The file with the one cluster. `authority` is PEM."""
    entry = context_name(cluster)
    data = base64.b64encode(authority.encode()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": entry, "cluster": {"server": server, "certificate-authority-data": data}}],
        "users": [{"name": entry, "user": {"token": token}}],
        "contexts": [{"name": entry, "context": {"cluster": entry, "user": entry, "namespace": "default"}}],
        "current-context": entry,
    }
    write_private(path, yaml.safe_dump(document, sort_keys=False))


def merge_into(target: Path, own: Path) -> None:
    """Put the entries of `own` into the user's file `target` and make their context the current one.

    A missing file is made. Raises `InvalidObject` when `target` is something else or cannot be written.
    """
    mine = _read(own)
    try:
        document = {"apiVersion": "v1", "kind": "Config"} | (_read(target) if target.exists() else {})
        _merge(document, mine)
        private_directory(target.parent)
        write_private(target.resolve(), yaml.safe_dump(document, sort_keys=False))
    except OSError as error:
        raise InvalidObject(f"cannot be written: {error.strerror}", obj="kubeconfig", file=str(target)) from error


def _merge(document: dict[str, Any], mine: dict[str, Any]) -> None:
    for key in _LISTS:
        names = {entry["name"] for entry in mine[key]}
        others = [entry for entry in _as_list(document.get(key)) if entry.get("name") not in names]
        document[key] = others + mine[key]
    document["current-context"] = mine["current-context"]


def remove_from(target: Path, cluster: str) -> None:
    """Take the entries of `cluster` out of the user's file again.

    A file that is gone or was broken meanwhile is left as it is.
    """
    try:
        document = _read(target)
    except (OSError, InvalidObject):
        return
    entry = context_name(cluster)
    for key in _LISTS:
        document[key] = [one for one in _as_list(document.get(key)) if one.get("name") != entry]
    if document.get("current-context") == entry:
        document["current-context"] = ""
    write_private(target.resolve(), yaml.safe_dump(document, sort_keys=False))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_bytes()) or {}
    except yaml.YAMLError as error:
        raise InvalidObject("is not YAML, nothing was changed", obj="kubeconfig", file=str(path)) from error
    lists_fit = isinstance(document, dict) and all(
        isinstance(entry, dict) for key in _LISTS for entry in _as_list(document.get(key))
    )
    if not lists_fit:
        raise InvalidObject("is no kubeconfig, nothing was changed", obj="kubeconfig", file=str(path))
    result: dict[str, Any] = document
    return result


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
