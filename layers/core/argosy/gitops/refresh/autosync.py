"""Whether an Application is synced by itself.

In: the Application, what the comparison has found, the revisions that are wanted; out: an operation to start, or why
there is none. Called at the end of a reconcile, where sync windows allow it. Follows `autoSync` of
`controller/appcontroller.go` in Argo CD 3.6: a revision and source is tried once; self-heal comes after a sync of the same
state that went through, and only for what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.gitops.refresh.attempts import attempted
from argosy.resources.application import Application, Automated, ResourceStatus
from argosy.resources.application_operation import SyncResource

__all__ = ["AutoSync", "Backoff", "Found", "Reason", "decide", "operation", "self_heal_wait"]

DEFAULT_RETRIES: Final = 5

type Reason = Literal[
    "",
    "disabled",
    "operation-in-progress",
    "deleting",
    "not-out-of-sync",
    "prune-only",
    "failed-before",
    "already-synced",
    "self-heal-backoff",
    "would-wipe-out",
]


@dataclass(frozen=True, slots=True)
class Found:
    """What the comparison has found; `changed`: the revisions may hold something new for the application."""

    status: str
    revisions: Sequence[str]
    resources: Sequence[ResourceStatus]
    changed: bool = True
    wait: float = 0
    """Seconds that self-heal must wait (`self_heal_wait`)."""


@dataclass(frozen=True, slots=True)
class AutoSync:
    """A sync to start (`reason` ""), or why there is none; `error` is the message of a SyncError condition.

    `resources` limits it, none = all; `heals`: how many self-heal syncs there have been with this one; `wait`: seconds.
    """

    reason: Reason = ""
    error: str = ""
    prune: bool = False
    retry_limit: int = DEFAULT_RETRIES
    heals: int = 0
    resources: Sequence[SyncResource] = ()
    wait: float = 0

    @property
    def starts(self) -> bool:
        """Whether a sync is to start."""
        return not self.reason


def decide(app: Application, found: Found) -> AutoSync:
    """Decide, with the first reason that speaks against it."""
    policy = app.spec.automated
    if policy is None:
        return AutoSync("disabled")
    reason = _nothing_to_do(app, policy, found)
    if reason:
        return AutoSync(reason)
    heals, limited = 0, tuple[SyncResource, ...]()
    state = app.status.operation_state
    if state is not None and attempted(app.spec, state, found.revisions, changed=found.changed):
        if state.phase != "Succeeded":
            said = f"Failed last sync attempt to {_shown(found.revisions)}: {state.message}"
            return AutoSync("failed-before", said)
        if not policy.self_heal:
            return AutoSync("already-synced")
        if found.wait > 0:
            return AutoSync("self-heal-backoff", wait=found.wait)
        synced = state.operation.sync
        heals = (synced.auto_heal_attempts_count if synced is not None else 0) + 1
        limited = tuple(
            SyncResource(group=one.group, kind=one.kind, name=one.name)
            for one in found.resources
            if one.status != "Synced"
        )
    if policy.prune and not policy.allow_empty and all(one.requires_pruning for one in found.resources):
        said = f"Skipping sync attempt to {_shown(found.revisions)}: auto-sync will wipe out all resources"
        return AutoSync("would-wipe-out", said)
    retry = app.spec.sync_policy.retry if app.spec.sync_policy is not None else None
    return AutoSync("", "", policy.prune, DEFAULT_RETRIES if retry is None else retry.limit, heals, limited)


def _nothing_to_do(app: Application, policy: Automated, found: Found) -> Reason:
    if app.operation is not None:
        return "operation-in-progress"
    if app.deleting:
        return "deleting"
    if found.status != "OutOfSync":
        return "not-out-of-sync"
    if not policy.prune and all(one.status == "Synced" or one.requires_pruning for one in found.resources):
        return "prune-only"
    return ""


def _shown(revisions: Sequence[str]) -> str:
    return revisions[0] if len(revisions) == 1 else f"[{' '.join(revisions)}]"


def operation(app: Application, found: Found, started: AutoSync) -> dict[str, Any]:
    """The operation to write for a sync that starts."""
    sync: dict[str, Any] = {"prune": started.prune, "syncOptions": list(app.spec.sync_options)}
    if app.spec.multiple:
        sync |= {"revisions": list(found.revisions)}
    elif found.revisions:
        sync |= {"revision": found.revisions[0]}
    if started.heals:
        sync |= {"autoHealAttemptsCount": started.heals}
    if started.resources:
        sync |= {"resources": [one.model_dump(by_alias=True, exclude_defaults=True) for one in started.resources]}
    retry = app.spec.sync_policy.retry if app.spec.sync_policy is not None else None
    again = {"limit": DEFAULT_RETRIES} if retry is None else retry.model_dump(by_alias=True, exclude_unset=True)
    return {
        "sync": {key: value for key, value in sync.items() if value},
        "initiatedBy": {"automated": True},
        "retry": again,
    }


@dataclass(frozen=True, slots=True)
class Backoff:
    """The back-off of self-heal, in seconds; Argo CD's by default."""

    duration: float = 2
    factor: float = 3
    cap: float = 300


def self_heal_wait(backoff: Backoff | None, attempts: int, since_finished: float | None, timeout: float = 0) -> float:
    """Seconds until self-heal may run, 0 or less for now; `since_finished` None = the last operation has not ended.

    Without a back-off it waits `timeout` seconds, however many attempts there have been.
    """
    delay = timeout
    if backoff is not None:
        delay, steps = (backoff.duration if attempts else 0), attempts - 1
        while steps > 0 and delay < backoff.cap:
            following = delay * backoff.factor
            if following == delay:
                break
            delay, steps = following, steps - 1
        delay = min(delay, backoff.cap)
    return delay - (since_finished or 0)
