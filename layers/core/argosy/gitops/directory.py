"""Plain directories: which files are manifests, and Jsonnet among them as calls.

In: `spec.source.directory` and the files below a folder; out: paths in Argo's order, and for a `.jsonnet` file a `Call`.
Called by `argosy.services.rendering`. Matches `getPotentiallyValidManifests` and `makeJsonnetVM` of
`reposerver/repository/repository.go` in Argo CD 3.6: globs match the path from the folder and `*` crosses `/`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from argosy.errors import InvalidObject
from argosy.gitops.calls import Call
from argosy.gitops.environment import substitute
from argosy.gitops.paths import inside
from argosy.gitops.tree import Tree
from argosy.lang import glob
from argosy.resources.source import Directory, Jsonnet, JsonnetVariable

__all__ = ["MOST_BYTES", "jsonnet", "manifests"]

MOST_BYTES: Final = 10_000_000
"""All manifests of a directory together, Jsonnet aside (`reposerver.max.combined.directory.manifests.size`)."""

_SKIP = "+argocd:skip-file-rendering"
_MANIFEST = re.compile(r".*\.(yaml|yml|json|jsonnet)\Z", re.DOTALL)


def manifests(tree: Tree, folder: str, directory: Directory) -> Iterator[tuple[str, str]]:
    """The manifests of `folder`: each one's path from there, and its text.

    Raises InvalidObject for more than `MOST_BYTES` of them and a file that is no text, EvaluationError for a bad glob.
    """
    size = 0
    for path in tree.files(folder, recurse=directory.recurse):
        if not _wanted(path, directory):
            continue
        text = tree.read(posixpath.join(folder, path))
        if _SKIP in text:
            continue
        size += 0 if path.endswith(".jsonnet") else len(text.encode())
        if size > MOST_BYTES:
            raise InvalidObject(f"the manifests of the directory hold more than {MOST_BYTES} bytes together", file=path)
        yield path, text


def _wanted(path: str, directory: Directory) -> bool:
    if not directory.disable_extension_filter and not _MANIFEST.match(posixpath.basename(path)):
        return False
    if directory.exclude and glob.matches(directory.exclude, path):
        return False
    return not directory.include or glob.matches(directory.include, path)


def jsonnet(folder: str, path: str, asked: Jsonnet, env: Mapping[str, str]) -> Call:
    """The call that evaluates the Jsonnet file at `path` in `folder`. Raises InvalidObject for a library outside."""
    order = {
        "file": posixpath.join(folder, path),
        "libraries": [
            folder,
            *(inside("", one, f"spec.source.directory.jsonnet.libs[{index}]") for index, one in enumerate(asked.libs)),
        ],
        "variables": _variables(asked.ext_vars, env),
        "arguments": _variables(asked.tlas, env),
    }
    return Call("jsonnet", (posixpath.join(folder, path),), "", json.dumps(order))


def _variables(given: Sequence[JsonnetVariable], env: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Values by name, those that are Jsonnet apart; of two with one name the last counts."""
    texts, code = (
        {one.name: substitute(one.value, env) for one in given if one.code is kind} for kind in (False, True)
    )
    return {"texts": texts, "code": code}
