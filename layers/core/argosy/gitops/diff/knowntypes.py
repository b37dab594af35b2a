"""Fields of custom resources that hold Kubernetes' own types (`util/argo/normalizers/knowntypes_normalizer.go`).

In: an object and which of its fields hold what. Out: the object with these fields as the types write them, so that
`2000m` and `2` are one. Called on both sides of a comparison, with `knownTypeFields` of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.gitops.diff.kube import Misfit, encoded, struct, whole_numbers
from argosy.gitops.identity import key_of
from argosy.lang.copying import copied

__all__ = ["KnownField", "with_known_types"]

type Object = dict[str, Any]

_SCALARS: Final = {"core/Quantity": "quantity", "meta/v1/Duration": "duration"}


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field by its dotted path, and the type as settings name it: `core/v1/PodSpec`, `core/Quantity`, …"""

    path: str
    type: str


_BUILT_IN: Final[Mapping[str, Sequence[KnownField]]] = {
    "argoproj.io/Rollout": (KnownField("spec.template.spec", "core/v1/PodSpec"),),
}


def with_known_types(obj: Mapping[str, Any], fields: Sequence[KnownField]) -> Object:
    """The object with all known fields in their one form; what is not there, or does not fit, stays as it is.

    Raises InvalidObject for a type that nobody knows.
    """
    found: Object = copied(dict(obj))
    for field in (*_BUILT_IN.get(key_of(obj).setting, ()), *fields):
        _walk(found, field.path.split("."), _holds(field.type))
    return found


def _holds(name: str) -> str:
    holds = _SCALARS.get(name, name.replace("/", "."))
    if name not in _SCALARS and struct(holds) is None:
        raise InvalidObject(f"{name!r} is no known type", field="knownTypeFields")
    return holds


def _walk(value: Any, path: Sequence[str], holds: str) -> None:
    if isinstance(value, list):
        for one in value:
            _walk(one, path, holds)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) > 1:
            _walk(value[path[0]], path[1:], holds)
        else:
            value[path[0]] = _written(value[path[0]], holds)


def _written(value: Any, holds: str) -> Any:
    if isinstance(value, list):
        return [_written(one, holds) for one in value]
    if value is None:
        return None
    try:
        return encoded(whole_numbers(value), holds)
    except Misfit:
        return value
