"""`operation` of an Application and `status.operationState`: a sync that was asked for, and what became of it.

Follows `Operation`, `SyncOperation` and `OperationState` of `pkg/apis/application/v1alpha1/types.go` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.resources.base import Model
from argosy.resources.source import Source

__all__ = [
    "Backoff",
    "InitiatedBy",
    "NamespaceMetadata",
    "Operation",
    "OperationState",
    "OperationSync",
    "ResourceResult",
    "Retry",
    "SyncResource",
    "SyncResult",
]


class Backoff(Model):
    """`retry.backoff`: Go durations, a bare number counts seconds."""

    duration: str = ""
    factor: int | None = None
    max_duration: str = ""


class Retry(Model):
    """`retry`; a negative limit is none at all, `refresh` lets each attempt take the newest revision."""

    limit: int = 0
    backoff: Backoff | None = None
    refresh: bool = False


class NamespaceMetadata(Model):
    """`managedNamespaceMetadata`: what the namespace of the destination carries."""

    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class InitiatedBy(Model):
    """Who has asked for an operation."""

    username: str = ""
    automated: bool = False


class SyncResource(Model):
    """One resource of a selective sync."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Strategy(Model):
    """`apply` or `hook` of a strategy."""

    force: bool = False


class SyncStrategy(Model):
    """`syncStrategy`: `apply` leaves hooks out; nothing given is `hook`."""

    apply: Strategy | None = None
    hook: Strategy | None = None

    @property
    def force(self) -> bool:
        """Whether objects that cannot be changed are made anew."""
        chosen = self.apply or self.hook
        return chosen is not None and chosen.force


class OperationSync(Model):
    """`operation.sync`."""

    revision: str = ""
    revisions: Sequence[str] = ()
    prune: bool = False
    dry_run: bool = False
    sync_strategy: SyncStrategy | None = None
    resources: Sequence[SyncResource] = ()
    source: Source | None = None
    sources: Sequence[Source] = ()
    manifests: Sequence[str] = ()
    sync_options: Sequence[str] = ()
    auto_heal_attempts_count: int = 0

    @property
    def hookless(self) -> bool:
        """Whether hooks are left out: a selective sync, or the strategy `apply`."""
        return bool(self.resources) or (self.sync_strategy is not None and self.sync_strategy.apply is not None)

    @property
    def force(self) -> bool:
        """Whether objects that cannot be changed are made anew."""
        return self.sync_strategy is not None and self.sync_strategy.force


class Operation(Model):
    """`operation`."""

    sync: OperationSync | None = None
    initiated_by: InitiatedBy = InitiatedBy()
    info: Sequence[Mapping[str, Any]] = ()
    retry: Retry = Retry()


class ResourceResult(Model):
    """An entry of `syncResult.resources`: how one task stands; `hookType` "" = no hook."""

    group: str = ""
    version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    message: str = ""
    hook_type: str = ""
    hook_phase: str = ""
    sync_phase: str = ""
    images: Sequence[str] = ()


class SyncResult(Model):
    """`operationState.syncResult`."""

    revision: str = ""
    revisions: Sequence[str] = ()
    source: Source | None = None
    sources: Sequence[Source] = ()
    resources: Sequence[ResourceResult] = ()
    managed_namespace_metadata: NamespaceMetadata | None = None


class OperationState(Model):
    """`status.operationState`; Running with `finishedAt` set waits for its next attempt."""

    operation: Operation = Operation()
    phase: str = ""
    message: str = ""
    started_at: str = ""
    finished_at: str | None = None
    retry_count: int = 0
    sync_result: SyncResult | None = None

    @property
    def completed(self) -> bool:
        """Whether nothing more comes of it (Completed)."""
        return self.phase in ("Succeeded", "Failed", "Error")
