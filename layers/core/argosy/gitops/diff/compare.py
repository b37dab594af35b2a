"""Whether a live object is as its application wants it (`gitops-engine/pkg/diff/diff.go`, `Diff`).

In: a desired and a live object, each after ignored differences were taken out. Out: `Comparison`: whether they differ,
and both sides to show. Called for every resource of a comparison; `app diff` lists the `differences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.normal import canonical, normalised
from argosy.gitops.diff.threeway import predict

__all__ = ["Comparison", "Difference", "compare", "differences"]

type Object = dict[str, Any]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`live` in comparable form, None if there is none; `predicted`: as it would be, None if it is to go."""

    modified: bool
    live: Object | None
    predicted: Object | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the two sides differ; `sides` has `live`, `predicted` or both."""

    path: str
    sides: Mapping[str, Any]


def compare(
    config: Mapping[str, Any] | None, live: Mapping[str, Any] | None, *, ignore_aggregated: bool = False
) -> Comparison:
    """Compare as a client-side apply would see it.

    What is only live is not modified: whether it is pruned is asked elsewhere.
    """
    wanted = normalised(canonical(config), ignore_aggregated=ignore_aggregated) if config is not None else None
    there = normalised(canonical(live), ignore_aggregated=ignore_aggregated) if live is not None else None
    if wanted is None:
        return Comparison(False, there, None)
    if there is None:
        return Comparison(True, None, wanted)
    before, after = predict(wanted, there, ignore_aggregated=ignore_aggregated)
    return Comparison(before != after, before, after)


def differences(comparison: Comparison) -> list[Difference]:
    """Where the sides differ, depth first by key; what was last applied is no difference. None when a side is missing."""
    if comparison.live is None or comparison.predicted is None:
        return []
    return list(_walk(_unannotated(comparison.live), _unannotated(comparison.predicted), ""))


def _unannotated(obj: Object) -> Object:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or LAST_APPLIED not in (metadata.get("annotations") or ()):
        return obj
    kept = {name: value for name, value in metadata["annotations"].items() if name != LAST_APPLIED}
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return {**obj, "metadata": {**rest, "annotations": kept} if kept else rest}


def _walk(live: Any, predicted: Any, path: str) -> Iterator[Difference]:
    if isinstance(live, dict) and isinstance(predicted, dict):
        for name in sorted({*live, *predicted}):
            place = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _walk(live.get(name, _ABSENT), predicted.get(name, _ABSENT), place)
    elif isinstance(live, list) and isinstance(predicted, list) and len(live) == len(predicted):
        for at, (one, other) in enumerate(zip(live, predicted, strict=True)):
            yield from _walk(one, other, f"{path}/{at}")
    elif type(live) is not type(predicted) or live != predicted:
        sides = {"live": live, "predicted": predicted}
        yield Difference(path, {name: value for name, value in sides.items() if value is not _ABSENT})
