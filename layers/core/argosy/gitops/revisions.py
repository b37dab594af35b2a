"""Which commit a revision means.

In: `targetRevision` and the references that a repository advertises; out: a commit's hash. Called by
`argosy.services.fetching`.
Matches `nativeGitClient.LsRemote` of `util/git/client.go` and `MaxVersion` of `util/versions/tags.go` in Argo CD 3.6.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argosy.errors import EvaluationError, NotFound
from argosy.lang import semver

__all__ = [
    "Reference",
    "best_tag",
    "is_commit",
    "is_constraint",
    "is_truncated_commit",
    "resolve",
    "same_repository",
    "ssh_user",
]

_COMMIT = re.compile(r"[0-9A-Fa-f]{40}\Z")
_TRUNCATED = re.compile(r"[0-9A-Fa-f]{7,}\Z")
_SSH = re.compile(r"(?:ssh://)?([^/:]*?)@[^@]+\Z")
_TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference by its full name: what it points at, or for a symbolic one (HEAD) the name of another."""

    name: str
    hash: str = ""
    target: str = ""


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


def normalised(url: str) -> str:
    """An address in the form in which addresses of one repository are the same (`NormalizeGitURL`)."""
    text = url.strip().lower()
    if ssh_user(text) is not None and not text.startswith("ssh://"):
        text = text.replace(":", "/", 1)
    return text.removesuffix(".git").removeprefix("ssh://")


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
    wanted = revision or "HEAD"
    tags = [one.name.removeprefix(_TAGS) for one in references if one.name.startswith(_TAGS)]
    if is_constraint(wanted) or prefix:
        with contextlib.suppress(NotFound):  # then it may still be a branch of that name
            wanted = best_tag(wanted, tags, prefix)
    by_name = {one.name: one for one in references}
    for one in references:
        if wanted in (one.name, _short(one.name)):
            return _followed(one, by_name)
    if is_truncated_commit(wanted):
        return wanted
    raise NotFound(f"the repository has no branch, tag or commit {revision!r}")


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
