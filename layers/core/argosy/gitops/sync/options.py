"""Sync options: words such as `Prune=false`, on an object or for a whole operation.

In: the annotation of an object, or the lists of a spec and an operation; out: whether an option stands there, or its value.
Called wherever a sync decides on an object. Follows `GetAnnotationCSVs` and `GetAnnotationOptionValue` of
`gitops-engine/pkg/sync/resource/annotations.go` in Argo CD 3.6; case counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["SYNC_OPTIONS", "annotations_of", "listed", "of_object", "value"]

SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"


def annotations_of(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    """The annotations of an object, {} where there are none."""
    found = ((obj or {}).get("metadata") or {}).get("annotations")
    return found if isinstance(found, (dict, Mapping)) else {}  # a dict is told quickly


def listed(text: str | None) -> list[str]:
    """The entries of a list with commas: without blanks around them, empty ones and repetitions."""
    return list(dict.fromkeys(entry.strip() for entry in text.split(",") if entry.strip())) if text else []


def of_object(obj: Mapping[str, Any] | None) -> list[str]:
    """The options that an object carries."""
    return listed(annotations_of(obj).get(SYNC_OPTIONS))


def value(options: Sequence[str], key: str) -> str | None:
    """The value of an option, None where it is not given; of several the first counts."""
    for option in options:
        name, equals, found = option.partition("=")
        if equals and name == key:
            return found
    return None
