"""Where a path of a manifest leads: always inside the repository, or nowhere.

In: paths as users write them; out: paths from the repository's root, without `.` and `..`. Called by everything in this
package that takes a path. The rules are those of `util/io/path/resolved.go` in Argo CD 3.6: a relative path starts at the
application's folder, an absolute one at the repository's root, and the root itself is no file. Symbolic links are followed
nowhere here; whoever opens a file looks where it really lies (`argosy.ports.workshop`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from argosy.errors import InvalidObject
from argosy.gitops.environment import substitute

__all__ = ["SCHEMES", "ValueFile", "folder", "inside", "relative", "value_file"]

SCHEMES = ("https", "http")
"""Addresses that a value file may have (Argo's default for `helm.valuesFileSchemes`)."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")


@dataclass(frozen=True, slots=True)
class ValueFile:
    """A value file: `path` from the root of the repository that `ref` names ("" = the source's own), or an address."""

    path: str
    ref: str = ""
    remote: bool = False


def folder(path: str, field: str = "path") -> str:
    """The folder of an application, "" for the root. Raises InvalidObject for one outside the repository."""
    if path.startswith("/"):
        raise InvalidObject(f"{path!r} is absolute; a path starts at the repository's root", field=field)
    return "" if posixpath.normpath(path or ".") == "." else inside("", path, field)


def inside(start: str, path: str, field: str) -> str:
    """`path`, seen from the folder `start`, from the root. Raises InvalidObject when it is not below the root."""
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(start, path)
    clean = posixpath.normpath(joined)
    if "\0" in path or clean in {".", ".."} or clean.startswith("../"):
        raise InvalidObject(f"{path!r} leads out of the repository", field=field)
    return clean


def relative(path: str, start: str) -> str:
    """A path from the root as a tool that runs in the folder `start` takes it; never one that looks like an option.

    `../NAME/…` is a path in a part beside the tree (`gitops.requests.Part`).
    """
    seen = posixpath.relpath(f"/tree/{path}", f"/tree/{start}")
    return seen if seen.startswith("../") else f"./{seen}"


def value_file(
    text: str,
    start: str,
    env: Mapping[str, str],
    *,
    field: str,
    refs: Collection[str] = (),
    schemes: Collection[str] = SCHEMES,
) -> ValueFile:
    """What an entry of `valueFiles` names; `refs` are the names of other sources, with their `$`.

    Variables are put in before a path is looked at, but after the name of another source. Raises InvalidObject for a path
    that leads out of its repository, a bare name of a source and an address with another scheme.
    """
    first, _, rest = text.partition("/")
    if first in refs:
        return ValueFile(inside("", f"./{substitute(rest, env)}", field), first)
    path = substitute(text, env)
    found = _SCHEME.match(path)
    if not found:
        return ValueFile(inside(start, path, field))
    if found[1] not in schemes:
        raise InvalidObject(f"{path!r}: only {', '.join(schemes)} are allowed", field=field)
    return ValueFile(path, remote=True)
