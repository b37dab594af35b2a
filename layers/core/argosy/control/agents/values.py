"""Values that declarations of a cluster name, on their way from its agent to the hub: what is asked for, what is told.

The hub says which keys of which Secrets and ConfigMaps, and as which service account each is to be read; the agent tells
them, of a Secret sealed for the hub, of a ConfigMap as it is (docs/decisions/0011). Secrets that Applications need are
read as the agent itself, and no declaration can name them so (docs/decisions/0014).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import EvaluationError

__all__ = ["CONFIG_MAP", "CONTROL", "EVERY", "SECRET", "Named", "Place", "Told", "context_of", "merged"]

SECRET: Final = "Secret"  # noqa: S105 - the name of a kind
CONFIG_MAP: Final = "ConfigMap"
CONTROL: Final = "ControlSecret"
"""A Secret of the namespace that controls Applications, read as the agent itself."""

EVERY: Final = ("*",)
"""In place of keys: all that the object has."""

_KINDS: Final = (SECRET, CONFIG_MAP, CONTROL)
_ITSELF: Final = "(agent)"  # no service account has such a name


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An object of a cluster, and the service account that it is read as."""

    kind: str
    namespace: str
    name: str
    account: str

    @classmethod
    def control(cls, namespace: str, name: str) -> Place:
        """A Secret that Applications need."""
        return cls(CONTROL, namespace, name, _ITSELF)

    @property
    def key(self) -> str:
        """What rows name it by."""
        return f"{self.kind}/{self.namespace}/{self.name}/{self.account}"

    @classmethod
    def of(cls, kind: Any, namespace: Any, name: Any, account: Any) -> Place:
        """From a message. Raises EvaluationError for anything else."""
        texts = (kind, namespace, name, account)
        if kind not in _KINDS or not all(isinstance(one, str) and one and "/" not in one for one in texts):
            raise EvaluationError("not a Secret or ConfigMap that values are told of")
        return cls(kind, namespace, name, account)


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """What is named of an object: these keys, in one order, each once; or `EVERY`."""

    place: Place
    keys: tuple[str, ...]

    def as_json(self) -> list[Any]:
        """For a message."""
        place = self.place
        return [place.kind, place.namespace, place.name, place.account, list(self.keys)]

    @classmethod
    def from_json(cls, data: Any) -> Named:
        """The inverse. Raises EvaluationError for anything else."""
        try:
            *place, keys = data
            return cls(Place.of(*place), tuple(map(str, keys)))
        except (TypeError, ValueError) as x:
            raise EvaluationError(f"not values that an agent is asked for: {type(x).__name__}") from None


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent tells of an object: which of the keys are there, and their values; or why they cannot be read.

    `sealed`: base64 values by key, as JSON, sealed; `plain`: the same in the open, of a ConfigMap. `problem`: an error as
    reports have it.
    """

    place: Place
    keys: tuple[str, ...] = ()
    sealed: str = ""
    plain: Mapping[str, str] | None = None
    problem: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For a message."""
        place = self.place
        return {
            "place": [place.kind, place.namespace, place.name, place.account],
            "keys": list(self.keys),
            **({"sealed": self.sealed} if self.sealed else {}),
            **({"plain": dict(self.plain)} if self.plain is not None else {}),
            **({"problem": dict(self.problem)} if self.problem is not None else {}),
        }

    @classmethod
    def from_json(cls, data: Any) -> Told:
        """The inverse. Raises EvaluationError for anything else, and for a Secret in the open."""
        try:
            place = Place.of(*data["place"])
            keys, plain, problem = tuple(map(str, data["keys"])), data.get("plain"), data.get("problem")
            sealed = data.get("sealed", "")
        except (KeyError, TypeError, AttributeError) as x:
            raise EvaluationError(f"not values that an agent tells: {type(x).__name__}") from None
        if place.kind != CONFIG_MAP and plain is not None:
            raise EvaluationError(f"an agent tells values of {place.key} in the open: they are not taken in")
        if not isinstance(sealed, str) or not all(isinstance(one, dict | None) for one in (plain, problem)):
            raise EvaluationError("not values that an agent tells: a field has the wrong type")
        return cls(place, keys, sealed, plain, problem)


def context_of(cluster: str, place: Place) -> str:
    """What values of an object are sealed under: they open for no other cluster, object or account."""
    return f"{cluster}/{place.key}"


def merged(found: Iterable[tuple[Place, str]]) -> tuple[Named, ...]:
    """(place, key) pairs by place, in one order."""
    keys: dict[Place, set[str]] = {}
    for place, key in found:
        keys.setdefault(place, set()).add(key)
    return tuple(Named(place, tuple(sorted(keys[place]))) for place in sorted(keys))
