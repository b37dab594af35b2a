"""Versions and constraints as Masterminds/semver v3.4.0 reads them, which Argo chooses Git tags and charts with.

In: texts; out: `Version` (ordered) and `Constraint` (whether a version satisfies it). `parse` is the library's lenient
`NewVersion`: a leading `v`, and a missing minor or patch counts as 0. Constraints compare with `= != > < >= <= ~ ^`, blanks
and commas mean and, `||` means or, `a - b` is a range with both ends, `x X *` and missing parts stand for any number.
A pre-release satisfies a group only when a comparison of that group names a pre-release itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["Constraint", "Version", "constraint", "is_version", "parse"]

_MAX_LENGTH = 256
_SUFFIX = r"(-[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?(\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?"
_VERSION = re.compile(rf"v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?{_SUFFIX}\Z", re.ASCII)
_PART = r"[0-9xX*]+"
_PARTS = rf"v?({_PART})(\.{_PART})?(\.{_PART})?{_SUFFIX}"
_BARE = re.sub(r"(?<!\\)\((?!\?)", "(?:", _PARTS)
_OPERATORS = r"!=|>=|=>|<=|=<|~>|=|>|<|~|\^|"
_COMPARISON = re.compile(rf"({_OPERATORS})\s*{_PARTS}", re.ASCII)
_GROUP = re.compile(rf"\s*(?:{_OPERATORS})\s*{_BARE}\s*(?:(?:\s|,\s*)(?:{_OPERATORS})\s*{_BARE}\s*)*\Z", re.ASCII)
_RANGE = re.compile(rf"\s*({_BARE})\s+-\s+({_BARE})\s*", re.ASCII)
_ANY: Final = frozenset({"", "x", "X", "*"})


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; `prerelease` and `metadata` without their signs. Metadata counts in no comparison."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    def __str__(self) -> str:
        suffix = (f"-{self.prerelease}" if self.prerelease else "") + (f"+{self.metadata}" if self.metadata else "")
        return f"{self.major}.{self.minor}.{self.patch}{suffix}"

    @property
    def _order(self) -> tuple[int, int, int, tuple[tuple[int, int, str], ...]]:
        return self.major, self.minor, self.patch, _precedence(self.prerelease)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: Version) -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)


def _precedence(prerelease: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers stand before words, a longer list behind its own beginning, and a release behind all its pre-releases."""
    if not prerelease:
        return ((2, 0, ""),)
    parts = prerelease.split(".")
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


def parse(text: str) -> Version:
    """Read a version. Raises EvaluationError for what is none."""
    found = _VERSION.match(text) if len(text) <= _MAX_LENGTH else None
    if not found:
        raise EvaluationError(f"{text[:80]!r} is no version such as 1.2.3")
    major, minor, patch = (int((part or "0").lstrip(".")) for part in found.groups()[:3])
    prerelease, metadata = ((part or "")[1:] for part in found.groups()[3:])
    if max(major, minor, patch) >= 2**64 or any(
        part.isdigit() and part[0] == "0" < part[1:] for part in prerelease.split(".")
    ):
        raise EvaluationError(f"{text[:80]!r} is no version: a number is too large or begins with 0")
    return Version(major, minor, patch, prerelease, metadata, text)


def is_version(text: str) -> bool:
    """Whether `parse` reads it."""
    try:
        parse(text)
    except EvaluationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One comparison; `given` counts the parts that stand there as numbers, from the left."""

    operator: str
    version: Version
    given: int

    def holds(self, version: Version, *, prereleases: bool) -> bool:
        if version.prerelease and not self.version.prerelease and not prereleases:
            return False
        return _OPERATIONS[self.operator](version, self)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Groups of comparisons: those of one group all hold, or those of another."""

    groups: tuple[tuple[_Comparison, ...], ...]

    def allows(self, version: Version) -> bool:
        """Whether the version satisfies the constraint."""
        for group in self.groups:
            prereleases = any(one.version.prerelease for one in group)
            if all(one.holds(version, prereleases=prereleases) for one in group):
                return True
        return False


@functools.lru_cache(maxsize=1024)
def constraint(text: str) -> Constraint:
    """Read a constraint. Raises EvaluationError for what is none."""
    if len(text) > 4 * _MAX_LENGTH:
        raise EvaluationError(f"version constraint {text[:40]!r}… is too long")
    ranged = _RANGE.sub(r">=\1, <=\2", text)
    groups = ranged.split("||")
    if not all(_GROUP.match(group) for group in groups):
        raise EvaluationError(f"{text!r} is no version constraint such as ^1.2 or >=1.0 <2.0")
    return Constraint(tuple(tuple(map(_comparison, _COMPARISON.finditer(group))) for group in groups))


def _comparison(found: re.Match[str]) -> _Comparison:
    operator, *parts = found.groups(default="")
    numbers = [part.lstrip(".") for part in parts[:3]]
    given = next((index for index, number in enumerate(numbers) if number in _ANY), 3)
    text = ".".join([*numbers[:given], *["0"] * (3 - given)])
    return _Comparison(operator, parse(text + parts[3] + (parts[4] if given == 3 else "")), given)


def _equal(version: Version, asked: _Comparison) -> bool:
    return version == asked.version if asked.given == 3 else _tilde(version, asked)


def _differs(version: Version, asked: _Comparison) -> bool:
    wanted = asked.version
    if asked.given == 3:
        return version != wanted
    if asked.given == 2 and (version.major, version.minor) == (wanted.major, wanted.minor):
        return _precedence(version.prerelease) != _precedence(wanted.prerelease)
    return _leading(version, max(asked.given, 1)) != _leading(wanted, max(asked.given, 1))


def _greater(version: Version, asked: _Comparison) -> bool:
    if asked.given == 3:
        return version > asked.version
    return _leading(version, max(asked.given, 1)) > _leading(asked.version, max(asked.given, 1))


def _at_most(version: Version, asked: _Comparison) -> bool:
    if asked.given == 3:
        return version <= asked.version
    same_major = version.major == asked.version.major
    within = asked.given == 1 or version.minor <= asked.version.minor
    return version.major < asked.version.major or (same_major and within)


def _tilde(version: Version, asked: _Comparison) -> bool:
    wanted = asked.version
    if version < wanted:
        return False
    if _leading(wanted, 3) == (0, 0, 0) and asked.given in (0, 3):
        return True
    return version.major == wanted.major and (asked.given == 1 or version.minor == wanted.minor)


def _caret(version: Version, asked: _Comparison) -> bool:
    wanted = asked.version
    if version < wanted or version.major != wanted.major:
        return False
    if wanted.major > 0 or asked.given == 1:
        return True
    if version.minor != wanted.minor:
        return False
    return wanted.minor > 0 or asked.given == 2 or version.patch == wanted.patch


def _leading(version: Version, count: int) -> tuple[int, ...]:
    return (version.major, version.minor, version.patch)[:count]


_OPERATIONS: Final[Mapping[str, Callable[[Version, _Comparison], bool]]] = {
    "": _equal,
    "=": _equal,
    "!=": _differs,
    ">": _greater,
    "<": lambda version, asked: version < asked.version,
    ">=": lambda version, asked: version >= asked.version,
    "=>": lambda version, asked: version >= asked.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
