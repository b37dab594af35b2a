"""What the folders of a commit hold, told by one digest each: what has not changed is not rendered again.

In: a `Snapshot`'s archive. Out: for each folder its digest, and whether its files are all that its manifests are made of:
plain manifests, without a chart, a kustomization, Jsonnet, links or `.argocd-source` files, which reach elsewhere or depend
on the Application. Called by `argosy.services.fetching` for each commit that is new.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import posixpath
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.source import Source

__all__ = ["MOST_FOLDERS", "content_of", "folders_of"]

MOST_FOLDERS: Final = 20_000
_MARKS: Final = frozenset({"Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"})
_TEXTS: Final = (".jsonnet", ".libsonnet")


@dataclass(slots=True)
class _Folder:
    lines: list[str] = field(default_factory=list)
    plain: bool = True


def folders_of(archive: bytes) -> dict[str, list[Any]]:
    """Folder → [digest, whether it is plain]; of more folders than `MOST_FOLDERS` nothing is told."""
    found: dict[str, _Folder] = {}
    try:
        with tarfile.open(fileobj=gzip.GzipFile(fileobj=io.BytesIO(archive)), mode="r|") as tar:
            for member in tar:
                data = tar.extractfile(member) if member.isreg() else None
                digest = hashlib.sha256(data.read() if data is not None else member.linkname.encode()).hexdigest()
                _note(found, member.name, digest, plain=member.isreg())
                if len(found) > MOST_FOLDERS:
                    return {}
    except (tarfile.TarError, OSError, EOFError) as x:
        raise EvaluationError(f"the archive cannot be read: {x}") from x
    return {
        path: [hashlib.sha256("\n".join(sorted(one.lines)).encode()).hexdigest(), one.plain]
        for path, one in found.items()
    }


def _note(found: dict[str, _Folder], path: str, digest: str, *, plain: bool) -> None:
    """A file counts in its folder and in all those around it; a chart or a kustomization in its own alone."""
    name, folder = posixpath.basename(path), posixpath.dirname(path)
    is_plain = plain and not name.endswith(_TEXTS) and not name.startswith(".argocd-source")
    own = True
    while True:
        one = found.setdefault(folder, _Folder())
        one.lines.append(f"{digest} {posixpath.relpath(path, folder or '.')}")
        one.plain = one.plain and is_plain and not (own and name in _MARKS)
        if not folder:
            return
        folder, own = posixpath.dirname(folder), False


def content_of(folders: Mapping[str, list[Any]], source: Source) -> str:
    """The digest of all that a source's manifests are made of; "" when more than its folder may count."""
    if source.helm or source.kustomize or source.plugin or source.chart or source.ref:
        return ""
    if source.directory is not None and source.directory.jsonnet:
        return ""
    digest, plain = folders.get(posixpath.normpath(source.path).removeprefix("./").strip("/"), ("", False))
    return str(digest) if plain else ""
