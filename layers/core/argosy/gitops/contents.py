"""What a commit holds, for those who have not rendered it yet: its folders and its charts, in one reading of its archive.

In: a `Snapshot`'s archive; out: what `folders` and `charts` tell. Called by `argosy.services.fetching` for each commit that
is new.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.errors import EvaluationError
from argosy.gitops.charts import Chart, Charts
from argosy.gitops.folders import Folders

__all__ = ["Contents", "contents_of"]


@dataclass(frozen=True, slots=True)
class Contents:
    """See `Folders.told` and `Charts.told`."""

    folders: Mapping[str, list[Any]]
    charts: Mapping[str, Chart]


def contents_of(archive: bytes) -> Contents:
    """Read an archive. Raises EvaluationError for a broken one."""
    folders, charts = Folders(), Charts()
    try:
        with tarfile.open(fileobj=gzip.GzipFile(fileobj=io.BytesIO(archive)), mode="r|") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() else None
                data = file.read() if file is not None else None
                digest = hashlib.sha256(member.linkname.encode() if data is None else data).hexdigest()
                folders.add(member.name, digest, plain=member.isreg())
                charts.add(member.name, data, link=member.issym())
    except (tarfile.TarError, OSError, EOFError) as x:
        raise EvaluationError(f"the archive cannot be read: {x}") from x
    return Contents(folders.told(), charts.told())
