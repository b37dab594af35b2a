"""What a step of a sync looks at, and what it leads to.

In: `Seen`, gathered by whoever carries out operations: the operation and how it stands, what is wanted, what is there, and
the outcomes of the writes that earlier steps asked for. Out: `Step`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from argosy.gitops.identity import Key
from argosy.gitops.sync import options, pruning
from argosy.gitops.sync.tasks import Live
from argosy.gitops.sync.writes import Batch, Kept, Outcome
from argosy.lang import instants
from argosy.resources.application_operation import (
    NamespaceMetadata,
    OperationState,
    OperationSync,
    ResourceResult,
)

__all__ = ["Seen", "Step"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step looks at.

    `targets` are the objects of the sources, hooks too, in their namespaces and with their tracking. `live` holds what is
    there of all that they name (`building.wanted` tells the names) and of `extra`: the keys of the objects that are
    tracked and not wanted. `unseen`: what was written later than `live` is of; nothing is concluded from how it looks.
    `refused` says why an object may not be synced: no such API, or not in this project. `unserved` are groups and kinds
    that the cluster does not know (yet). `differing`: the keys that a comparison found OutOfSync, None = unknown.
    `annotations` are those of the Application. `outcomes`: of the writes of this attempt. `not_before`: what the last
    step said of the next. `keeps`: what of objects is to be as it lives.
    """

    state: OperationState
    revision: str = ""
    namespace: str = ""
    targets: Sequence[Mapping[str, Any]] = ()
    live: Mapping[Key, Live] = field(default_factory=dict)
    extra: Sequence[Key] = ()
    unseen: Collection[Key] = ()
    refused: Mapping[Key, str] = field(default_factory=dict)
    unserved: Collection[tuple[str, str]] = ()
    differing: Collection[Key] | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    namespace_metadata: NamespaceMetadata | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    not_before: datetime | None = None
    wave_delay: float = 2
    keeps: Mapping[Key, Kept] = field(default_factory=dict)

    @property
    def sync(self) -> OperationSync:
        """What was asked for."""
        return self.state.operation.sync or OperationSync()

    @property
    def started(self) -> datetime:
        """When the operation began."""
        return instants.parse(self.state.started_at) or _EPOCH

    @property
    def attempt(self) -> str:
        """Which attempt this is: what hooks are known again by."""
        return f"{self.state.started_at}/{self.state.retry_count}"

    @property
    def confirmed(self) -> bool:
        """Whether somebody has approved of what this operation prunes."""
        return pruning.confirmed(self.annotations, self.started)

    def asks(self, option: str) -> bool:
        """Whether the operation has a sync option such as `PruneLast=true`."""
        return option in self.sync.sync_options

    def option(self, key: str) -> str | None:
        """The value of a sync option of the operation."""
        return options.value(self.sync.sync_options, key)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now, and how the operation stands once that is done.

    First the batches are carried out, then results, phase and message are written. `asks`: the next step needs the
    outcomes of the batches, and may follow at once. `due`: when to look again in any case, None when something that is
    watched will tell. `not_before`: the next step must not come sooner.
    """

    phase: str
    message: str
    results: Sequence[ResourceResult]
    batches: Sequence[Batch] = ()
    asks: bool = False
    due: datetime | None = None
    not_before: datetime | None = None
