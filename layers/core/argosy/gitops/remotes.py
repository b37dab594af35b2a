"""What a kustomization or a list of value files has at an address: another repository, or a single file.

In: an address as Kustomize takes it; out: `Need`, which whoever fetches can answer, and the path in it. Called by
`argosy.gitops.kustomizations` and `argosy.gitops.helm`. Follows `NewRepoSpecFromURL` of `api/internal/git/repospec.go` in
Kustomize 5.8. On purpose different: Kustomize first asks for every http address as a file and takes it for a repository when
that fails; here the address itself decides, so that the same manifest is always the same.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from argosy.errors import InvalidObject

__all__ = ["Need", "Remote", "file_at", "is_address", "remote_of"]

_ADDRESS = re.compile(
    r"(?i)[a-z][a-z0-9+.\-]*(?:::|://)|[^/@]+@[^/:]+:|(?:github\.com|gitlab\.com|bitbucket\.org)[/:]|.*\?ref="
)
_FORCED = re.compile(r"(?i)git::")
_SCHEME = re.compile(r"(?i)(ssh|https|http)://")
_USER = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*@")
_GITHUB = re.compile(r"(?i)github\.com[/:]")
_FILE: Final = (".yaml", ".yml", ".json")
_ORG_AND_NAME: Final = 2


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """What is to be fetched: a repository at a revision ("" = its HEAD), the file at an address, or what a `$ref` names."""

    kind: Literal["git", "file", "ref"]
    url: str
    revision: str = ""

    @property
    def at(self) -> str:
        """Where its files lie when they are there (`gitops.requests.Part`)."""
        return f"../{self.kind}-{hashlib.sha256(f'{self.url}\n{self.revision}'.encode()).hexdigest()[:20]}"

    @classmethod
    def from_json(cls, body: Mapping[str, str]) -> Need:
        """The inverse of `asdict`. Raises KeyError for anything else."""
        kind = body["kind"]
        return cls("git" if kind == "git" else "ref" if kind == "ref" else "file", body["url"], body["revision"])


@dataclass(frozen=True, slots=True)
class Remote:
    """A need, and the path in what is fetched for it; of a file its name."""

    need: Need
    path: str = ""


def is_address(text: str) -> bool:
    """Whether an entry leads to another repository or host; a path that looks like one counts, too."""
    return bool(_ADDRESS.match(text))


def remote_of(text: str) -> Remote:
    """What an address means. Raises InvalidObject for one that cannot be fetched, with the reason."""
    forced = _FORCED.match(text)
    address, _, query = text[forced.end() if forced else 0 :].partition("?")
    given = parse_qs(query)
    revision = (given.get("ref") or given.get("version") or [""])[0]
    scheme = _SCHEME.match(address)
    rest = address[scheme.end() :] if scheme else address
    user = _USER.match(rest)
    rest = rest[user.end() :] if user else rest
    github = bool(_GITHUB.match(rest))
    if not scheme and not user and not github:
        raise InvalidObject(f"{text!r} is no address of a repository or a file that can be fetched: use https://")
    plain = scheme is not None and scheme[1].lower() != "ssh"
    if plain and not forced and not _is_repository(rest, query, github=github):
        return file_at(text)
    host, path = _host(rest, colon=not scheme)
    repository, inner = _split(path, text)
    if github and not user and (scheme is None or plain):
        return Remote(Need("git", f"https://github.com/{repository}", revision), inner)
    who = user[0] if user else ""
    start = f"{scheme[0].lower()}{who}{host}" if scheme else f"{who}{host}"
    return Remote(Need("git", f"{start}{repository}", revision), inner)


def file_at(url: str) -> Remote:
    """A file at an address, whatever this looks like; what is fetched for it holds one file of its name."""
    name = posixpath.basename(urlsplit(url).path)
    return Remote(Need("file", url), name if name.strip(".") else "file")


def _is_repository(rest: str, query: str, *, github: bool) -> bool:
    """Marks by which Kustomize finds where a repository ends; a plain path on GitHub is one unless it names a file."""
    path = rest.partition("/")[2]
    if "ref=" in query or "version=" in query or "_git/" in path or "//" in path or re.search(r"\.git(/|\Z)", path):
        return True
    return github and not path.lower().endswith(_FILE)


def _host(rest: str, *, colon: bool) -> tuple[str, str]:
    """The host with the sign behind it, and the path."""
    at = rest.find("/")
    if colon and ":" in rest and (at < 0 or rest.index(":") < at):
        at = rest.index(":")
    return (rest[: at + 1], rest[at + 1 :]) if at >= 0 else ("", rest)


def _split(path: str, text: str) -> tuple[str, str]:
    """Where the repository ends and the path in it begins (`parsePathParts`)."""
    if "_git/" in path:
        before, _, after = path.partition("_git/")
        name, _, inner = after.partition("/")
        repository = f"{before}_git/{name}"
    elif "//" in path:
        repository, _, inner = path.partition("//")
    elif ".git" in path:
        at = path.index(".git") + len(".git")
        repository, inner = path[:at], path[at:]
    else:
        parts = path.split("/")
        repository, inner = "/".join(parts[:_ORG_AND_NAME]), "/".join(parts[_ORG_AND_NAME:])
        if len(parts) < _ORG_AND_NAME:
            repository = ""
    clean = posixpath.normpath(inner.lstrip("/") or ".")
    if not repository or clean == ".." or clean.startswith("../"):
        raise InvalidObject(f"{text!r} names no repository, or leads out of it")
    return repository, "" if clean == "." else clean
