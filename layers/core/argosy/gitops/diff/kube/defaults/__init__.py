"""Defaults that the API server sets in objects of Kubernetes' own kinds (v1.36), by struct, a module for each API group.

In: an object, in whatever form. Out: the object with the defaults merged into it; what does not fit its type stays as it is.
A struct's own defaults are set before those of what it holds, as in `zz_generated.defaults.go` of Kubernetes. Not set: what
pods with resources of their own derive from their containers'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.gitops.diff.kube.encoding import Misfit, encoded
from argosy.gitops.diff.kube.types import kind_type, merging, struct
from argosy.gitops.loading import load
from argosy.lang.copying import copied
from argosy.lang.patch import create_strategic_patch, strategic_merge_patch
from argosy.lang.quantity import parse

__all__ = ["MODULES", "with_defaults"]

type Json = dict[str, Any]
type Setter = Callable[[Json], None]

_HERE: Final = "argosy.gitops.diff.kube.defaults"
# The API group of a struct → the module that has its defaults, as `DEFAULTS`: struct → what sets them.
MODULES: Final[Mapping[str, str]] = {
    "admissionregistration": "admission",
    "apps": "apps",
    "autoscaling": "autoscaling",
    "batch": "batch",
    "core": "core",
    "discovery": "networking",
    "flowcontrol": "flowcontrol",
    "networking": "networking",
    "rbac": "rbac",
    "resource": "resource",
    "scheduling": "rbac",
    "storage": "storage",
}


def with_defaults(obj: Mapping[str, Any]) -> Json:
    """The object as the API server would complete it; the same when it is of no kind of Kubernetes, or does not fit it."""
    name = kind_type(obj.get("apiVersion"), obj.get("kind"))
    if name is None:
        return dict(obj)
    try:
        before = encoded(dict(obj), name)
    except Misfit:
        return dict(obj)
    after = copied(before)
    _set(after, name)
    patch = create_strategic_patch(before, after, merging(name))
    return strategic_merge_patch(obj, patch, merging(name))


def _set(value: Any, holds: str) -> None:
    """Set the defaults in what a field holds, in place."""
    if value is None:
        return
    if holds == "{quantity":
        _round(value)
    elif holds[0] == "[":
        for one in value:
            _set(one, holds[1:])
    elif holds[0] == "{":
        for one in value.values():
            _set(one, holds[1:])
    else:
        _set_struct(value, holds)


def _set_struct(value: Json, name: str) -> None:
    fields = struct(name)
    if fields is None:  # a plain value
        return
    setter = _setter(name)
    if setter is not None:
        setter(value)
    for member, field in fields.items():
        if member in value:
            _set(value[member], field.holds)


def _setter(name: str) -> Setter | None:
    module = MODULES.get(name.partition(".")[0])
    if module is None:
        return None
    found: Mapping[str, Setter] = load(f"{_HERE}.{module}:DEFAULTS")
    return found.get(name)


def _round(amounts: Json) -> None:
    """Resources are whole thousandths, rounded up."""
    for name, text in amounts.items():
        amount = parse(text)
        if (amount.value * 1000).denominator != 1:
            amounts[name] = str(parse(f"{amount.scaled(-3)}m"))
