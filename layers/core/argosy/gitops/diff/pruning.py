"""Objects cut down to what another object has too (`gitops-engine/pkg/utils/json/json.go`, `RemoveMapFields`).

In: an object that says which fields count, and one that has more. Out: the second without what the first has not. Items of a
list that is longer stay, so that they are seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["common", "common_items"]


def common(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """`found` with the fields of `wanted` alone, at every depth."""
    return {name: _reduced(value, found[name]) for name, value in wanted.items() if name in found}


def common_items(wanted: list[Any], found: list[Any]) -> list[Any]:
    """The items of `found`, each with the fields of its counterpart alone."""
    return [_reduced(wanted[at], one) if at < len(wanted) else one for at, one in enumerate(found)]


def _reduced(wanted: Any, found: Any) -> Any:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return common(wanted, found)
    if isinstance(wanted, list) and isinstance(found, list):
        return common_items(wanted, found)
    return found
