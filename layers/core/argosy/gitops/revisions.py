"""Which commit a revision means.

In: `targetRevision` and the references that a repository advertises; out: a commit's hash. Called by
`argosy.services.fetching`.
Matches `nativeGitClient.LsRemote` of `util/git/client.go` and `MaxVersion` of `util/versions/tags.go` in Argo CD 3.6.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from argosy.errors import EvaluationError, NotFound
from argosy.lang import semver, urls

__all__ = [
    "Reference",
    "bare_address",
    "best_tag",
    "comparable",
    "is_commit",
    "is_constraint",
    "is_truncated_commit",
    "normalised",
    "resolve",
    "same_repository",
    "signed_tag",
    "ssh_user",
]

_COMMIT = re.compile(r"[0-9A-Fa-f]{40}\Z")
_TRUNCATED = re.compile(r"[0-9A-Fa-f]{7,}\Z")
_SSH = re.compile(r"(?:ssh://)?([^/:]*?)@[^@]+\Z")
_WAY = re.compile(r"(?:(?:https?|ssh|oci)://)?(?:[^/:@]+@)?(?:(?:alt)?ssh\.)*")
_TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference by its full name: what it points at, or for a symbolic one (HEAD) the name of another.

    `object` is an annotated tag's own hash.
    """

    name: str
    hash: str = ""
    target: str = ""
    object: str = ""


def is_commit(text: str) -> bool:
    """Whether this is the whole hash of a commit."""
    return _COMMIT.match(text) is not None


def is_truncated_commit(text: str) -> bool:
    """Whether this may be the beginning of a commit's hash, or all of it."""
    return _TRUNCATED.match(text) is not None


def ssh_user(url: str) -> str | None:
    """The user in an SSH address, None for an address of another kind."""
    found = _SSH.match(url)
    return found[1] if found else None


def same_repository(a: str, b: str) -> bool:
    """Whether two addresses mean one repository: case, `.git` at the end and the form of SSH addresses do not count."""
    return normalised(a) == normalised(b) != ""


@lru_cache(maxsize=4096)
def normalised(url: str) -> str:
    """An address in the form in which addresses of one repository are the same (`NormalizeGitURL`); "" for what is none."""
    text = url.strip().lower()
    if ssh_user(text) is not None and not text.startswith("ssh://"):
        text = "ssh://" + text.replace(":", "/", 1)
    try:
        return str(urls.parse(text.removesuffix(".git"))).removeprefix("ssh://")
    except EvaluationError:
        return ""


def comparable(url: str) -> str:
    """The same for what may be a registry: an address such as `10.0.0.1:5000/charts`, which is none to Go, is itself.

    On purpose different: to Argo all of those are one.
    """
    return normalised(url) or url.strip().lower()


def bare_address(url: str) -> str:
    """Host and path of an address, however it is reached: addresses that a webhook may mean by one have one and the same.

    Protocol, user, port, `ssh.` before the host and `.git` do not count, nor does case. A number behind the host may be a
    port (`host:22/path`) or belong to the path, so it counts neither: different repositories may have the same, too.
    """
    text = url.strip().lower()
    way, end = _WAY.match(text), len(text)
    while end and (text[end - 1] == "/" or text.endswith(".git", 0, end)):
        end -= 1 if text[end - 1] == "/" else len(".git")
    host, *path = [one for one in re.split("[:/]+", text[way.end() if way else 0 : end]) if one] or [""]
    return "/".join([host, *itertools.dropwhile(str.isdigit, path)])


def is_constraint(revision: str) -> bool:
    """Whether this is a constraint on versions and no version itself."""
    if semver.is_version(revision):
        return False
    try:
        semver.constraint(revision)
    except EvaluationError:
        return False
    return True


def best_tag(revision: str, tags: Sequence[str], prefix: str = "") -> str:
    """The tag that a revision means. Raises NotFound when none fits.

    A version means itself, a constraint the highest version that satisfies it, anything else the tag of that name. With a
    prefix only tags that begin with it count, as what follows it.
    """
    if semver.is_version(revision):
        return prefix + revision
    if not is_constraint(revision):
        if not prefix and revision in tags:
            return revision
        raise NotFound(f"no tag {prefix}{revision}, and {revision!r} is no version constraint")
    asked = semver.constraint(revision)
    versions = [
        semver.parse(tag.removeprefix(prefix))
        for tag in tags
        if tag.startswith(prefix) and semver.is_version(tag.removeprefix(prefix))
    ]
    fitting = [version for version in versions if asked.allows(version)]
    if not fitting:
        raise NotFound(f"no tag {prefix}… satisfies {revision!r}" if prefix else f"no tag satisfies {revision!r}")
    return prefix + max(fitting).original


def resolve(revision: str, references: Sequence[Reference], prefix: str = "") -> str:
    """The commit of a revision ("" is HEAD). The beginning of a hash is given back as it is. Raises NotFound."""
    if is_commit(revision):
        return revision.lower()
    found = _named(revision, references, prefix)
    if found is not None:
        return _followed(found, {one.name: one for one in references})
    if is_truncated_commit(revision):
        return revision
    raise NotFound(f"the repository has no branch, tag or commit {revision!r}")


def signed_tag(revision: str, commit: str, references: Sequence[Reference], prefix: str = "") -> str:
    """The annotated tag whose signature counts for a commit that a revision means, "" for the commit's own."""
    found = None if is_commit(revision) else _named(revision, references, prefix)
    return found.object if found is not None and found.hash == commit else ""


def _named(revision: str, references: Sequence[Reference], prefix: str) -> Reference | None:
    wanted = revision or "HEAD"
    tags = [one.name.removeprefix(_TAGS) for one in references if one.name.startswith(_TAGS)]
    if is_constraint(wanted) or prefix:
        with contextlib.suppress(NotFound):  # then it may still be a branch of that name
            wanted = best_tag(wanted, tags, prefix)
    return next((one for one in references if wanted in (one.name, _short(one.name))), None)


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else name.removeprefix(_TAGS)


def _followed(one: Reference, by_name: Mapping[str, Reference]) -> str:
    for _ in range(5):
        if one.hash:
            return one.hash
        found = by_name.get(one.target)
        if found is None:
            break
        one = found
    raise NotFound(f"{one.name} points to nothing; the repository may be empty")
