"""Conditions of an Application (`pkg/apis/application/v1alpha1/types.go`, `SetConditions`).

In: those that stand in the status, those just found, and the types that this step judges. Out: all of them, sorted.
Called by every step that writes conditions; the conditions of other steps stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

__all__ = ["Condition", "merged"]


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """`since`: when it came with this message, RFC 3339."""

    type: str
    message: str
    since: str = ""


def merged(existing: Iterable[Condition], found: Iterable[Condition], evaluated: Set[str], now: str) -> list[Condition]:
    """The conditions that stand now; one that stays as it was keeps its time."""
    before = list(existing)
    kept = [one for one in before if one.type not in evaluated]
    for new in found:
        same = [one for one in before if (one.type, one.message) == (new.type, new.message)]
        kept.append(same[0] if same else Condition(new.type, new.message, now))
    return sorted(kept)
