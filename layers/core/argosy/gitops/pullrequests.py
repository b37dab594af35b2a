"""What a pull request would change, as it is told at its host: a comment and the status of a commit.

In: for each Application the manifests before and after, or why there are none. Out: the texts. Nothing of Argo CD's does
this; the comment is one for each pull request and cluster, found again by its first line and written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.gitops.identity import Key, key_of
from argosy.gitops.showing.differences import changes

__all__ = ["CONTEXT", "Change", "Verdict", "brief", "change_of", "comment", "marker", "verdict"]

type State = Literal["success", "failure"]

CONTEXT: Final = "argosy/diff"
"""The name of the status."""

_MOST: Final = 60_000  # GitHub takes 65,536 characters, GitLab a million
_LONGEST: Final = 140


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one Application: a diff for each object, or the reason why that cannot be told."""

    app: str
    diffs: Sequence[tuple[str, str]] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status of the commit, with a short text."""

    state: State
    description: str


def change_of(
    app: str, namespace: str, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> Change:
    """What differs between two sets of manifests. `namespace`: where those go that name none."""
    found = changes(_by_key(before, namespace), _by_key(after, namespace))
    return Change(app, [(_title(key), text) for key, text in found])


def _by_key(objects: Iterable[Mapping[str, Any]], namespace: str) -> dict[Key, Mapping[str, Any]]:
    found = {}
    for one in objects:
        metadata = one.get("metadata") or {}
        key = key_of(one)
        found[key if metadata.get("namespace") else Key(key.group, key.kind, namespace, key.name)] = one
    return found


def _title(key: Key) -> str:
    return f"{key.group}/{key.kind} {key.namespace}/{key.name}".lstrip("/")


def marker(installation: str) -> str:
    """The first line of the comment of an installation and cluster; nothing of it is seen."""
    return f"<!-- argosy diff: {re.sub('[^A-Za-z0-9_.-]', '', installation)} -->"


def comment(head: str, marked: str, changed: Sequence[Change]) -> str:
    """The comment, cut where it would be too long."""
    lines = [marked, f"**Argosy**: what {head[:7]} changes", ""]
    told = [one for one in changed if one.diffs or one.problem]
    if not told:
        lines.append("No application changes." if changed else "No application follows this branch.")
    for one in told:
        if one.problem:
            lines += [f"**{_plain(one.app)}** cannot be rendered:", *_fenced(one.problem, "")]
            continue
        count = len(one.diffs)
        lines += [f"<details><summary><b>{_plain(one.app)}</b>: {count} object{'s' * (count != 1)}</summary>", ""]
        for title, text in one.diffs:
            lines += [_plain(title), *_fenced(text, "diff")]
        lines += ["</details>", ""]
    text = "\n".join(lines)
    if len(text) <= _MOST:
        return text
    brief = [f"- {_plain(one.app)}: {_briefly(one)}" for one in told]
    too_long = "The differences are too long for a comment; `argosy app diff --revision` shows them."
    return "\n".join([*lines[:3], too_long, "", *brief])[:_MOST]


def verdict(changed: Sequence[Change]) -> Verdict:
    """The status: a failure where something cannot be rendered."""
    broken = [one for one in changed if one.problem]
    if broken:
        return Verdict("failure", brief(f"{', '.join(one.app for one in broken)}: cannot be rendered"))
    count = sum(bool(one.diffs) for one in changed)
    return Verdict("success", f"{count} of {len(changed)} application{'s' * (len(changed) != 1)} would change")


def brief(text: str) -> str:
    """A text as short as hosts take it with a status."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _briefly(change: Change) -> str:
    return "cannot be rendered" if change.problem else f"{len(change.diffs)} objects"


def _fenced(text: str, language: str) -> list[str]:
    """A block whose fence is longer than any within it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", text.rstrip("\n"), fence, ""]


def _plain(text: str) -> str:
    """A name that a page shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
