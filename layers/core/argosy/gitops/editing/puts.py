"""How the value of a flag comes into a spec.

In: where to write (a spec or a source, as JSON), and the value. Out: the same, changed in place. A `Put` takes what its
flag's type says; an empty text or list takes the field away, and maps that become empty go, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from argosy.errors import EvaluationError, InvalidObject
from argosy.lang import duration

__all__ = ["Put", "entries", "field", "image_name", "items", "length", "mapped", "without"]

type Json = dict[str, Any]
type Put = Callable[[Json, Any], None]


def field(path: str) -> Put:
    """Sets a field."""

    def put(where: Json, value: Any) -> None:
        parts = path.split(".")
        if value in ("", [], None):
            without(where, parts)
            return
        for part in parts[:-1]:
            where = where.setdefault(part, {})
        where[parts[-1]] = value

    return put


def without(where: Json, parts: list[str]) -> None:
    """Take a field away, and the maps that hold nothing any more."""
    inner = where.get(parts[0])
    if len(parts) > 1 and isinstance(inner, dict):
        without(inner, parts[1:])
        if not inner:
            del where[parts[0]]
    elif len(parts) == 1:
        where.pop(parts[0], None)


def items(path: str, identity: Callable[[str], str] = str) -> Put:
    """Adds texts to a list; one with the same identity gives way. `!TEXT` takes it out."""

    def put(where: Json, values: Iterable[str]) -> None:
        found: list[str] = list(_at(where, path) or ())
        for value in values:
            found = [one for one in found if identity(one) != identity(value.removeprefix("!"))]
            found += [] if value.startswith("!") else [value]
        field(path)(where, found)

    return put


def image_name(image: str) -> str:
    """What a Kustomize image is about: NAME of NAME=NEW, NAME:TAG, NAME@DIGEST."""
    name = image.partition("=")[0].partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def entries(path: str, *, value: str = "value", more: Mapping[str, Any] | None = None) -> Put:
    """Adds NAME=VALUE to a list of maps with `name`; one with the same name gives way."""

    def put(where: Json, pairs: Iterable[str]) -> None:
        found: list[Json] = list(_at(where, path) or ())
        for pair in pairs:
            name, given = _split(pair)
            made = {"name": name, value: given, **(more or {})}
            at = next((index for index, one in enumerate(found) if one.get("name") == name), len(found))
            found[at : at + 1] = [made]
        field(path)(where, found)

    return put


def mapped(path: str) -> Put:
    """Adds NAME=VALUE to a map."""

    def put(where: Json, pairs: Iterable[str]) -> None:
        field(path)(where, dict(_at(where, path) or {}) | dict(_split(pair) for pair in pairs))

    return put


def length(text: str) -> str:
    """A Go duration, as it stands. Raises InvalidObject for what is none."""
    try:
        duration.parse(text)
    except EvaluationError as x:
        raise InvalidObject(f"{text!r} is no length of time like 5s or 3m") from x
    return text


def _at(where: Any, path: str) -> Any:
    for part in path.split("."):
        where = where.get(part) if isinstance(where, dict) else None
    return where


def _split(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise InvalidObject(f"{pair!r} is not NAME=VALUE")
    return name, value
