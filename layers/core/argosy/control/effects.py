"""What a controller decides: effects as frozen data, what the decision has read, and what became of it.

Controllers make `Decision`s of `Observation`s in pure functions; `units` and `loop` carry them out. Writes to Kubernetes
say what they stand on (uid and resourceVersion) or own their fields (server-side apply), so they need no memory of ours:
scaling 5 → 3 → 5 is no duplicate. Everything else is a `Call` with an id.

resourceVersions are numbers here: newer ones are greater (KEP-5504), and "at least" is all that the loop asks of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from argosy.control.keys import Key

__all__ = [
    "Apply",
    "Call",
    "Decision",
    "Effect",
    "Observation",
    "Outcome",
    "Patch",
    "Remove",
    "Unit",
    "Version",
    "Write",
]


@dataclass(frozen=True, slots=True)
class Version:
    """Which object of a name, and as of when."""

    uid: str
    resource: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply: own the fields of `manifest`, and make the object if it is not there. Never forced.

    `optional`: nothing depends on it (a Kubernetes Event); when it fails, the rest is done all the same.
    """

    target: Key
    manifest: Mapping[str, Any]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch of exactly that version of the object.

    `patient`: of a status alone, and nobody decides on what it says; a turn soon after may write it with its own.
    """

    target: Key
    body: Mapping[str, Any]
    version: Version
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete exactly that version of the object. `evict`: ask for it as an eviction, which disruption budgets may refuse."""

    target: Key
    version: Version
    evict: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An effect outside Kubernetes; `what` is for the controller that carries it out.

    `id`: the same for the same effect in every decision, another for any other. `repeatable`: the target recognises a
    repetition, or repeating does no harm; such calls are not claimed. `at_least_once`: rather twice than never. `apart`:
    its failure stops none of the effects that follow.
    """

    id: str
    what: Any
    repeatable: bool = False
    at_least_once: bool = False
    apart: bool = False


type Write = Apply | Patch | Remove
type Effect = Write | Call


@dataclass(frozen=True, slots=True)
class Observation:
    """What a controller has read of an object and all that belongs to it.

    `object` is the controller's own. `read` has every object that the decision stands on, None for one that is known not to
    be there; `known` the versions (uid → resourceVersion) of what was seen beside those. `as_of`: the resourceVersion up to
    which nothing is missing; what was made later may be.
    """

    object: Any
    read: Mapping[Key, Version | None] = field(default_factory=dict)
    as_of: int = 0
    known: Mapping[str, int] = field(default_factory=dict)

    def holds(self, results: Mapping[str, int | None]) -> bool:
        """Whether this is no older than `results`: uid → the least resourceVersion, None = it is gone."""
        seen = dict(self.known)
        seen |= {version.uid: version.resource for version in self.read.values() if version is not None}
        return all(
            uid not in seen if least is None else seen.get(uid, self.as_of) >= least for uid, least in results.items()
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Effects in their order, the status that holds once they are done (None = none), and when to look again.

    `stands_on`: which of what was read must be as it was for the decision to hold, None = all of it. What it patches or
    removes is checked in any case.
    """

    effects: tuple[Effect, ...] = ()
    status: Any = None
    requeue_at: datetime | None = None
    stands_on: Collection[Key] | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """Writes that are carried out together: on what was read and no longer, in order, up to the first failure.

    `id` is that of the request when the result comes later; then it is refused after `expires`.
    """

    writes: tuple[Write, ...]
    read: Mapping[Key, Version | None]
    id: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a unit. `written`: uid → resourceVersion, None = gone. `stale`: the view differed, decide again.

    `problem` is why it stopped, "" when everything was done.
    """

    written: Mapping[str, int | None] = field(default_factory=dict)
    problem: str = ""
    stale: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """The inverse of `as_json`."""
        return cls(dict(data["written"]), data["problem"], data["stale"])

    def as_json(self) -> dict[str, Any]:
        """For a row or a message."""
        return {"written": dict(self.written), "problem": self.problem, "stale": self.stale}
