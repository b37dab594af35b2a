"""What the folders of a commit hold, told by one digest each: what has not changed is not rendered again.

In: a `Snapshot`'s archive. Out: for each folder its digest, and whether its files are all that its manifests are made of:
plain manifests, without a chart, a kustomization, Jsonnet, links or `.argocd-source` files, which reach elsewhere or depend
on the Application. Filled by `argosy.gitops.contents` for each commit that is new.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.resources.source import Source

__all__ = ["MOST_FOLDERS", "Folders", "content_of"]

MOST_FOLDERS: Final = 20_000
_MARKS: Final = frozenset({"Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"})
_TEXTS: Final = (".jsonnet", ".libsonnet")


@dataclass(slots=True)
class _Folder:
    lines: list[str] = field(default_factory=list)
    plain: bool = True


class Folders:
    """The folders of an archive that is being read."""

    def __init__(self) -> None:
        self._found: dict[str, _Folder] = {}

    def add(self, path: str, digest: str, *, plain: bool) -> None:
        """A file counts in its folder and in all those around it; a chart or a kustomization in its own alone.

        `plain`: whether it is a file, and no link or folder.
        """
        if len(self._found) > MOST_FOLDERS:
            return
        name, folder = posixpath.basename(path), posixpath.dirname(path)
        is_plain = plain and not name.endswith(_TEXTS) and not name.startswith(".argocd-source")
        own = True
        while True:
            one = self._found.setdefault(folder, _Folder())
            one.lines.append(f"{digest} {path[len(folder) + 1 :] if folder else path}")
            one.plain = one.plain and is_plain and not (own and name in _MARKS)
            if not folder:
                return
            folder, own = posixpath.dirname(folder), False

    def told(self) -> dict[str, list[Any]]:
        """Folder → [digest, whether it is plain]; of more folders than `MOST_FOLDERS` nothing is told."""
        if len(self._found) > MOST_FOLDERS:
            return {}
        return {
            path: [hashlib.sha256("\n".join(sorted(one.lines)).encode()).hexdigest(), one.plain]
            for path, one in self._found.items()
        }


def content_of(folders: Mapping[str, list[Any]], source: Source) -> str:
    """The digest of all that a source's manifests are made of; "" when more than its folder may count."""
    if source.helm or source.kustomize or source.plugin or source.chart or source.ref:
        return ""
    if source.directory is not None and source.directory.jsonnet:
        return ""
    digest, plain = folders.get(posixpath.normpath(source.path).removeprefix("./").strip("/"), ("", False))
    return str(digest) if plain else ""
