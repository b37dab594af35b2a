"""What a resource action is, and the words that most of them are made of.

In: a copy of a live object, parameters and the time. Out: the same object, changed, or another that is to be created. The
groups beside this file give a table of `Action` for each kind; names, icons and effects are those of
`resource_customizations/**/actions` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.gitops.health.verdict import Object, at

__all__ = [
    "PAUSE",
    "PLAY",
    "PLUS",
    "REDO",
    "Action",
    "Actions",
    "Call",
    "Draft",
    "Impact",
    "Offer",
    "Run",
    "Test",
    "annotate",
    "drop",
    "holds",
    "into",
    "lacks",
    "named",
    "put",
    "stamp",
]

PAUSE: Final = "fa fa-fw fa-pause-circle"
PLAY: Final = "fa fa-fw fa-play-circle"
PLUS: Final = "fa fa-fw fa-plus"
REDO: Final = "fa fa-fw fa-redo"

type Draft = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an action: its parameters by name, and when."""

    now: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def time(self) -> str:
        """The moment as Kubernetes writes it."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def count(self, name: str) -> int:
        """A parameter that is a number of replicas. Raises EvaluationError for any other."""
        text = self.parameters.get(name, "").strip()
        if not (text.isascii() and text.isdigit()):
            raise EvaluationError(f"the parameter {name} is {text!r:.40}; it must be a whole number, 0 or more")
        return int(text)


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as it is offered for an object; `parameters` have a `name`, and may have a `default`."""

    name: str
    disabled: bool = False
    display_name: str = ""
    icon: str = ""
    parameters: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """An object as an action leaves it: `operation` is `patch` for the one there is, `create` for a new one."""

    operation: str
    object: Draft


type Run = Callable[[Draft, Call], Draft | None]
"""Changes the draft, or returns what is to be created. Raises EvaluationError when it cannot."""
type Test = Callable[[Object], bool]


def _never(_: Object) -> bool:
    return False


def _always(_: Object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a kind; it is offered where `shown` holds, and greyed out where `disabled` does."""

    run: Run
    disabled: Test = _never
    shown: Test = _always
    display_name: str = ""
    icon: str = ""
    parameters: tuple[Mapping[str, str], ...] = ()


type Actions = Mapping[str, Action]


def into(draft: Draft, *path: str) -> Draft:
    """The map at a path, made where there is none. Raises EvaluationError where something else stands."""
    for key in path:
        found = draft.get(key)
        if found is None:
            found = draft[key] = {}
        if not isinstance(found, dict):
            raise EvaluationError(f"{'.'.join(path)}: {key} holds no fields")
        draft = found
    return draft


def put(*path: str, value: object) -> Run:
    """Sets a field."""

    def run(draft: Draft, _: Call) -> None:
        into(draft, *path[:-1])[path[-1]] = value

    return run


def drop(*path: str) -> Run:
    """Takes a field away."""

    def run(draft: Draft, _: Call) -> None:
        into(draft, *path[:-1]).pop(path[-1], None)

    return run


def annotate(name: str, value: str) -> Run:
    """Sets an annotation."""
    return put("metadata", "annotations", name, value=value)


def stamp(name: str, *above: str) -> Run:
    """Sets an annotation to the time; `above` leads to the `metadata` that has it."""

    def run(draft: Draft, call: Call) -> None:
        into(draft, *above, "metadata", "annotations")[name] = call.time

    return run


def holds(*path: str, value: object = True) -> Test:
    """Whether a field has the value."""
    return lambda obj: bool(at(obj, *path) == value)


def lacks(*path: str, value: object = True) -> Test:
    """Whether a field has another value, or none."""
    return lambda obj: bool(at(obj, *path) != value)


def named(obj: Object, call: Call, kind: str, api_version: str, **owner: object) -> Draft:
    """The beginning of an object that an action creates: named after its source and the minute, and owned by it."""
    meta: Mapping[str, Any] = at(obj, "metadata") or {}
    reference = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "name": meta.get("name"), **owner}
    if meta.get("uid"):
        reference["uid"] = meta["uid"]
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": f"{meta.get('name')}-{call.now.astimezone(UTC):%Y%m%d%H%M}",
            "namespace": meta.get("namespace"),
            "labels": {},
            "annotations": {},
            "ownerReferences": [reference],
        },
    }
