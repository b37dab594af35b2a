"""Submodules: where they are, and what they are asked with.

In: a commit's `.gitmodules` and the address of its repository. Out: addresses, and the credentials that count there. Called
by `repository`, which fetches them as `git submodule update --init --recursive` does in Argo CD 3.6 (`util/git/client.go`):
a commit without `.gitmodules` leaves its submodules empty, as does `update = none`; one that `.gitmodules` does not name is
an error.

On purpose different: what the parent signs in with goes to the parent's host alone, and a submodule is on this machine's
disk only where its parent is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from argosy.adapters.git.configs import config_of, text_of
from argosy.adapters.git.ssh import place_of
from argosy.errors import InvalidObject
from argosy.ports.repository import Credentials

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

__all__ = ["address_of", "credentials_at", "declared"]

_PORTS: Final = {"http": 80, "https": 443}


def declared(store: BaseObjectStore, tree: ObjectID) -> Mapping[str, str] | None:
    """The addresses of submodules by their paths, "" for one that is to stay empty; None without `.gitmodules`.

    Raises EvaluationError for a file that is none of Git's.
    """
    from dulwich.config import parse_submodules

    config = config_of(store, tree, ".gitmodules")
    if config is None:
        return None
    found = {}
    for path, url, name in parse_submodules(config):
        stays_empty = (b"update", b"none") in list(config.items((b"submodule", name)))
        found[text_of(path).rstrip("/")] = "" if stays_empty else text_of(url)
    return found


def address_of(parent: str, url: str) -> str:
    """The address that `url` means in a repository at `parent`, as `relative_url` of Git's `remote.c` resolves it.

    Raises InvalidObject for one that is none, leads above the parent's host, or holds a password.
    """
    if not url.startswith(("./", "../")):
        if _parts(url).password:
            raise InvalidObject("the address holds a password", field=".gitmodules")
        return url
    base, separator, rest = parent.rstrip("/"), "/", url
    while rest.startswith(("./", "../")):
        step, _, rest = rest.partition("/")
        if step == "..":
            base, separator = _above(base)
    return f"{base}{separator}{rest.rstrip('/')}"


def _above(base: str) -> tuple[str, str]:
    """The address one step higher, and what parts it from a path below: in `host:path` that is a colon."""
    way, found, place = base.rpartition("://")
    cut = place.rfind("/")
    if cut > 0 or (cut == 0 and not found):
        return f"{way}{found}{place[:cut]}", "/"
    if not found and ":" in place:
        return place[: place.index(":")], ":"
    raise InvalidObject("the address leads above its host", field=".gitmodules")


def credentials_at(parent: str, given: Credentials, url: str) -> Credentials:
    """What is shown at `url`: what the parent's repository is asked with, if that is at the same host by the same way."""
    return given if _host(url) == _host(parent) else Credentials(known_hosts=given.known_hosts)


def _host(url: str) -> tuple[str, str, int]:
    parts = _parts(url)
    if parts.scheme in _PORTS:
        return parts.scheme, (parts.hostname or ""), parts.port or _PORTS[parts.scheme]
    place = place_of(url)
    return ("ssh", place.host.lower(), place.port) if place is not None else ("file", "", 0)


def _parts(url: str) -> SplitResult:
    """Those of an address with a scheme, none of all others."""
    try:
        found = urlsplit(url if "://" in url else "")
        _ = found.port  # raises for one that is none
    except ValueError as x:
        raise InvalidObject(str(x), field=".gitmodules") from x
    return found
