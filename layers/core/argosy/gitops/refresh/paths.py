"""Which paths of a repository make an Application compare anew, and whether a commit has changed one.

In: the annotation `argocd.argoproj.io/manifest-generate-paths`, a source, the files that changed; out: paths, and yes or no.
Called for each source when a webhook comes, and before a new revision is rendered. Follows `util/app/path/path.go` of
Argo CD 3.6.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import filematch
from argosy.resources.application import Application, Hydrator
from argosy.resources.source import Source

__all__ = ["GENERATE_PATHS", "files_changed", "is_untouched", "refresh_paths", "refresh_paths_of"]

GENERATE_PATHS: Final = "argocd.argoproj.io/manifest-generate-paths"


def refresh_paths_of(app: Application, source: Source) -> list[str]:
    """The paths that count for a source of an Application; none = all (GetAppRefreshPaths)."""
    return refresh_paths(app.metadata.annotations.get(GENERATE_PATHS), source.path, app.spec.source_hydrator)


def refresh_paths(annotation: str | None, path: str, hydrator: Hydrator | None = None) -> list[str]:
    """The paths that count for the source at `path`, from the repository's root; none = all."""
    if hydrator is not None and path == hydrator.sync_source.path:
        return [hydrator.sync_source.path]
    found: list[str] = []
    for item in (annotation or "").split(";"):
        text = item.strip()
        if text.startswith("/"):
            found.append(text[1:])
        elif text:
            found.append(_clean(posixpath.join(path, text)))
    return found


def _clean(path: str) -> str:
    """As Go's `filepath.Clean`: two slashes at the beginning are one."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def files_changed(paths: Sequence[str], files: Sequence[str]) -> bool:
    """Whether a file among those that changed counts (AppFilesHaveChanged); so it is where either list is empty."""
    if not paths or not files:
        return True
    wanted = [_rooted(one) for one in paths]
    return any(_touches(_rooted(file), path) for file in files for path in wanted)


def is_untouched(paths: Sequence[str], before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> bool:
    """Whether nothing below these paths differs between two commits, by the digests of their folders (`folders`).

    False where nobody can tell: without paths, and for a path that is a file or a pattern.
    """
    folders = [posixpath.normpath(_rooted(path)).strip("/") for path in paths]
    return bool(folders) and all(one in before and one in after and before[one][0] == after[one][0] for one in folders)


def _rooted(path: str) -> str:
    return _clean("/" + path)


def _touches(file: str, path: str) -> bool:
    if file == path or file.startswith(path.rstrip("/") + "/"):
        return True
    try:
        return filematch.matches(path, file)
    except EvaluationError:
        return False
