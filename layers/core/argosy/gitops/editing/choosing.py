"""Which source of an Application a command is about, and what comes to its list and leaves it.

In: a spec as JSON, and what the flags `--source-position` (from 1; 0 = not given) and `--source-name` say. Out: the source,
its place, or the spec, changed. Called by the verbs of `argosy app` that are about one source. Follows
`cmd/argocd/commands/app.go` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import InvalidObject, NotFound

__all__ = ["add_source", "check_helm", "kind_at", "place_of", "remove_source", "source_at"]

type Json = dict[str, Any]

_SECTIONS: Final = {"kustomize": "Kustomize", "helm": "Helm", "directory": "Directory", "plugin": "Plugin"}


def place_of(spec: Mapping[str, Any], position: int, name: str) -> int:
    """The place that is meant, 0 for none. Raises InvalidObject when both are given, NotFound for a name of no source."""
    if not name:
        return position
    if position:
        raise InvalidObject("Only one of source-position and source-name can be specified.")
    names = [one.get("name") for one in spec.get("sources") or ()]
    if name not in names:
        raise NotFound(f"Unknown source name '{name}'")
    return names.index(name) + 1


def source_at(spec: Json, position: int) -> Json:
    """The source that is meant: the only one, or of several the one at a place, counted from 1. Raises InvalidObject."""
    sources = spec.get("sources")
    if not sources:
        if position > 1:
            raise InvalidObject("the application has one source: leave --source-position out")
        source: Json = spec.setdefault("source", {})
        return source
    if not 1 <= position <= len(sources):
        raise InvalidObject(f"the application has {len(sources)} sources: give --source-position 1 to {len(sources)}")
    found: Json = sources[position - 1]
    return found


def kind_at(status: Mapping[str, Any], position: int) -> str:
    """The kind that the status has found a source to be, "" where it does not tell."""
    several = status.get("sourceTypes") or ()
    return str(several[position - 1] if 1 <= position <= len(several) else status.get("sourceType") or "")


def check_helm(source: Mapping[str, Any], told: str = "") -> None:
    """Raise InvalidObject for a source that takes no parameters (setParameterOverrides).

    It is of the kind that it says itself, else of the kind `told`, which the status has found; one of none becomes Helm's.
    """
    said = [kind for section, kind in _SECTIONS.items() if source.get(section) is not None]
    kind = said[0] if len(said) == 1 else told or "Helm"
    if kind != "Helm":
        raise InvalidObject(f"Parameters can only be set against Helm applications; this source is of kind {kind}")


def add_source(spec: Json, title: str) -> int:
    """Put an empty source behind the others; its place. Raises InvalidObject for `title` where it has no list of them."""
    if not spec.get("sources"):
        raise InvalidObject(f"Cannot add source: application {title} does not have spec.sources defined")
    spec["sources"].append({})
    return len(spec["sources"])


def remove_source(spec: Json, position: int) -> None:
    """Take the source at a place away. Raises InvalidObject where there is none, or it is the last one."""
    sources = spec.get("sources") or []
    if position < 1:
        raise InvalidObject("Value of source-position must be greater than 0")
    if not sources:
        raise InvalidObject("Application does not have multiple sources configured")
    if len(sources) == 1:
        raise InvalidObject("Cannot remove the only source remaining in the app")
    if position > len(sources):
        raise InvalidObject(f"Application does not have source at {position}")
    del sources[position - 1]
