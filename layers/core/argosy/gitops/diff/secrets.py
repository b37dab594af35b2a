"""Secrets that may be shown: values behind masks (`gitops-engine/pkg/diff/diff.go`, `HideSecretData`).

In: the desired and the live Secret. Out: copies in which every value is a row of plus signs; equal values of a key have
equal rows, so that a change shows and nothing else does. Called before a Secret goes to a status, a diff or an answer
of the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.normal import folded_secret
from argosy.gitops.diff.threeway import last_applied
from argosy.lang.copying import copied

__all__ = ["masked"]

type Object = dict[str, Any]

_FIRST: Final = "+" * 8
_MORE: Final = "+" * 4


def masked(
    target: Mapping[str, Any] | None, live: Mapping[str, Any] | None, hidden: Iterable[str] = ()
) -> tuple[Object | None, Object | None]:
    """Both Secrets masked, with what was last applied in their annotations. `hidden`: annotations that are secret, too."""
    names = list(hidden)
    shown = [None if one is None else folded_secret(copied(dict(one))) for one in (target, live)]
    applied = [None if one is None else _applied(one, names) for one in shown]
    sides = [one for one in (*shown, *applied) if one is not None]
    for side in sides:
        _cover(side)
    _mask([side.get("data") for side in sides])
    notes = [_annotations(side) for side in sides]
    _mask([{name: note[name] for name in names if name in note} for note in notes], notes)
    for one, was in zip(shown, applied, strict=True):
        if one is not None:
            _put_back(one, was)
    return shown[0], shown[1]


def _applied(secret: Object, hidden: list[str]) -> Object | None:
    """What was last applied, unless the annotation as a whole is hidden."""
    found = None if LAST_APPLIED in hidden else last_applied(secret)
    return None if found is None else folded_secret(found)


def _put_back(secret: Object, applied: Object | None) -> None:
    notes = _annotations(secret)
    if LAST_APPLIED in notes:
        notes[LAST_APPLIED] = _FIRST if applied is None else orjson.dumps(applied).decode()


def _cover(secret: Object) -> None:
    """What is no Secret by its form is hidden as a whole."""
    for name in ("data", "stringData"):
        if secret.get(name) is not None and (name == "stringData" or not isinstance(secret[name], dict)):
            secret[name] = _FIRST


def _annotations(obj: Object) -> Object:
    metadata = obj.get("metadata")
    notes = metadata.get("annotations") if isinstance(metadata, dict) else None
    return notes if isinstance(notes, dict) else {}


def _mask(read: list[Any], write: list[Object] | None = None) -> None:
    """Mask maps key by key, in place; a key's distinct values get longer and longer rows."""
    into = read if write is None else write
    maps = [(one, to) for one, to in zip(read, into, strict=True) if isinstance(one, dict)]
    for key in dict.fromkeys(key for one, _ in maps for key in one):
        rows: dict[str, str] = {}
        for one, to in maps:
            if key in one:
                value = repr(one[key])
                to[key] = rows.setdefault(value, _FIRST + _MORE * len(rows))
