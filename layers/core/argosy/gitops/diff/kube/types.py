"""The Go types of Kubernetes' own kinds, from the tags of k8s.io/api v0.37 (`types.json`, made by `infra/kubetypes`).

In: apiVersion and kind. Out: a struct with its fields, each with what it holds and how it is written and merged. In the
file a field is `<holds> <flags> <merge key>`. Holds: a struct's name, string, int, float, bool, bytes, quantity, time,
microtime, duration, intstr, any; `[` before it for a list, `{` for a map with text keys. Flags: `o` omitempty, `z`
omitzero, `p` pointer, `m` merged list, `r` retainKeys, `x` replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from argosy.lang.patch.types import Type

__all__ = ["Field", "kind_type", "merging", "struct"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct."""

    holds: str
    flags: str = ""
    key: str = ""

    @property
    def optional(self) -> bool:
        """Left out when it is empty."""
        return "o" in self.flags

    @property
    def pointer(self) -> bool:
        """Empty only when it is absent."""
        return "p" in self.flags


@cache
def _file() -> Mapping[str, Any]:
    found: Mapping[str, Any] = orjson.loads(Path(__file__).with_name("types.json").read_bytes())
    return found


@cache
def struct(name: str) -> Mapping[str, Field] | None:
    """The fields of a struct; None for what is none."""
    found = _file()["types"].get(name)
    if found is None:
        return None
    return {field: Field(*text.split(" ")) for field, text in found.items()}


def kind_type(api_version: object, kind: object) -> str | None:
    """The struct of a kind; None for kinds that are not Kubernetes' own."""
    found: str | None = _file()["kinds"].get(f"{api_version}/{kind}")
    return found


class _Members(Mapping[str, Type]):
    """How the fields of a struct, or the values of a map, are merged; found when asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, key: str) -> Type:
        if self._name.startswith("{"):
            return merging(self._name[1:])
        field = (struct(self._name) or {})[key]
        inner = merging(field.holds.lstrip("["))
        return Type(inner.fields, "m" in field.flags, field.key, "r" in field.flags, "x" in field.flags)

    def __iter__(self) -> Iterator[str]:
        return iter(struct(self._name) or ())

    def __len__(self) -> int:
        return len(struct(self._name) or ())


_NOTHING: Final[Mapping[str, Type]] = {}


@cache
def merging(name: str) -> Type:
    """How a struct is merged by strategic merge patches."""
    return Type(_Members(name) if name.startswith("{") or struct(name) is not None else _NOTHING)
