"""What a step of a sync does to the cluster, as data, and what became of it.

In: from `argosy.gitops.sync.step`. Out: to whoever carries them out, batches one after the other, the writes within one in
any order. Each write reports on its own, one that fails stops no other; the next step is given the outcomes by their ids.
All of them may be repeated; what is deleted or let go is one object, by its uid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.gitops.identity import Key

__all__ = ["MANAGER", "Apply", "Batch", "Delete", "Kept", "Outcome", "Release", "Write"]

MANAGER: Final = "argocd-controller"

type Place = tuple[Key, str]
type Manner = Literal["apply", "server-side", "create", "replace", "update"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a live object: keys of a Secret's data, and what it has in fields of these managers."""

    keys: Sequence[str] = ()
    managers: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.managers)


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring an object into being, or to what is wanted.

    `apply` is kubectl's three-way apply, `update` a put on the live object's version. `force`: what cannot be changed is
    deleted and made anew. `validate`: fields that the API server does not know are refused. A `dry` one changes nothing.
    A CustomResourceDefinition is applied when it is served.
    """

    place: Place
    manifest: Mapping[str, Any]
    manner: Manner = "apply"
    force: bool = False
    validate: bool = True
    dry: bool = False
    migrate: bool = True
    """Before the first server-side apply, fields that kubectl owns are made ours."""
    there: bool = True
    """Whether the object was there when the step looked."""
    keeps: Kept = Kept()
    """What is to be as it lives, where nobody but the cluster knows how that is."""

    @property
    def id(self) -> str:
        """The same for the same write."""
        return f"{'dry' if self.dry else 'apply'}:{self.place[0]}:{self.place[1]}"


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete exactly that object; one that is gone already is deleted."""

    place: Place
    uid: str
    propagation: Literal["Foreground", "Background", "Orphan"] = "Foreground"

    @property
    def id(self) -> str:
        """The same for the same write."""
        return f"delete:{self.place[0]}:{self.place[1]}:{self.uid}"


@dataclass(frozen=True, slots=True)
class Release:
    """Take Argo's finalizer from exactly that hook, so that it can go; one that is gone already is let go."""

    place: Place
    uid: str

    @property
    def id(self) -> str:
        """The same for the same write."""
        return f"release:{self.place[0]}:{self.place[1]}:{self.uid}"


type Write = Apply | Delete | Release
type Batch = Sequence[Write]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write: what kubectl would say (`configmap/a configured`), or why it failed (`problem`).

    `uid` and `version`: of the object as it was then left, "" when it is gone or nothing was changed.
    """

    message: str = ""
    problem: str = ""
    uid: str = ""
    version: int = 0
