"""An operation from its beginning to its end: `status.operationState` around the steps of a sync.

In: the operation state as it stands in the status, and what a step has led to; out: the state to write, and what is to be
done with the operation now. Called by whoever carries out operations. Follows `processRequestedAppOperation` of
`controller/appcontroller.go` and `persistRevisionHistory` of `controller/state.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from argosy.errors import EvaluationError
from argosy.gitops.sync import retries
from argosy.gitops.sync.results import as_json
from argosy.gitops.sync.seen import Step
from argosy.lang import instants
from argosy.resources.application import Application
from argosy.resources.application_operation import NamespaceMetadata, OperationState

__all__ = [
    "Next",
    "begun",
    "blocked",
    "goes_into_history",
    "history_entry",
    "next_of",
    "resumed",
    "settled",
    "terminating",
]

BLOCKED: Final = "Sync operation blocked by sync window"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done with an operation: nothing before `due`, or one of the others now."""

    what: Literal["step", "terminate", "resume", "wait", "done"]
    due: datetime | None = None


def begun(operation: Mapping[str, Any], now: datetime) -> Json:
    """The state of an operation that was just asked for."""
    return {"operation": dict(operation), "phase": "Running", "startedAt": _stamp(now)}


def next_of(state: OperationState, now: datetime, timeout: timedelta | None = None) -> Next:
    """What is to be done; with a `timeout`, an operation that takes longer is ended.

    Raises EvaluationError when its retries say a duration that is none.
    """
    if state.completed:
        return Next("done")
    started = instants.parse(state.started_at)
    late = timeout is not None and started is not None and now > started + timeout
    if state.phase == "Terminating" or late:
        return Next("terminate")
    finished = instants.parse(state.finished_at)
    if finished is None:
        return Next("step")
    due = retries.next_retry(state.operation.retry.backoff, state.retry_count, finished)
    return Next("wait", due) if due > now else Next("resume")


def resumed(state: Mapping[str, Any]) -> Json:
    """The state as the next attempt begins: without what the last one has left."""
    operation = dict(state["operation"])
    said = ""
    if (operation.get("retry") or {}).get("refresh"):
        said = " with latest revisions"
        sync = operation.get("sync") or {}
        operation["sync"] = {key: value for key, value in sync.items() if key not in ("revision", "revisions")}
    elif operation.get("sync") is not None:
        synced = state.get("syncResult") or {}
        pinned = {name: synced[name] for name in ("revision", "revisions") if synced.get(name)}
        operation["sync"] = {**operation["sync"], **pinned}
    kept = {key: value for key, value in state.items() if key not in ("finishedAt", "syncResult")}
    message = f"Retrying operation{said}. Attempt #{state.get('retryCount') or 0}"
    return kept | {"operation": operation, "message": message}


def blocked(state: Mapping[str, Any]) -> Json:
    """The state while a sync window forbids to go on."""
    return {**state, "phase": "Running", "message": BLOCKED}


def terminating(state: Mapping[str, Any], message: str = "operation is terminating due to timeout") -> Json:
    """The state of an operation that is to be ended."""
    return {**state, "phase": "Terminating", "message": message}


def settled(
    state: Mapping[str, Any],
    step: Step,
    now: datetime,
    result: Mapping[str, Any],
    namespace_metadata: NamespaceMetadata | None = None,
) -> Json:
    """The state after a step. `result` has what syncResult says beside the resources: revisions and sources."""
    known = OperationState.model_validate(state)
    synced: Json = {**result, "resources": [as_json(one) for one in step.results]}
    if namespace_metadata is not None:
        managed = namespace_metadata.model_dump(by_alias=True)
        synced["managedNamespaceMetadata"] = {key: value for key, value in managed.items() if value}
    after = retries.after(
        step.phase,
        terminating=known.phase == "Terminating",
        retry_count=known.retry_count,
        limit=known.operation.retry.limit,
    )
    found: Json = {**state, "phase": after.phase, "message": step.message, "syncResult": synced}
    if after.again:
        return found | _again(known, after, step.message, now)
    if after.phase in ("Succeeded", "Failed", "Error"):
        found["finishedAt"] = _stamp(now)
        if known.retry_count and after.phase != "Succeeded":
            found["message"] = f"{step.message} (retried {known.retry_count} times)."
    return found


def _again(known: OperationState, after: retries.Attempted, message: str, now: datetime) -> Json:
    try:
        due = retries.next_retry(known.operation.retry.backoff, after.retry_count, now)
    except EvaluationError as x:
        return {"phase": "Error", "message": f"{message} (failed to retry: {x})", "finishedAt": _stamp(now)}
    at = due.astimezone(UTC).strftime("%I:%M%p").lstrip("0")
    return {
        "retryCount": after.retry_count,
        "finishedAt": _stamp(now),
        "message": f"{message}. Retrying attempt #{after.retry_count} at {at}.",
    }


def goes_into_history(state: OperationState) -> bool:
    """Whether a sync that has ended is written into the history: it went through, and was whole."""
    sync = state.operation.sync
    return state.phase == "Succeeded" and sync is not None and not sync.dry_run and not sync.resources


def history_entry(app: Application, state: Mapping[str, Any]) -> Json:
    """The entry of the history for a sync that has ended, without its number (`retries.appended`)."""
    result, operation = state.get("syncResult") or {}, state["operation"]
    keys = ("revisions", "sources") if app.spec.multiple else ("revision", "source")
    entry: Json = {key: result[key] for key in keys if result.get(key)}
    entry |= {"deployStartedAt": state["startedAt"], "deployedAt": state["finishedAt"]}
    who = operation.get("initiatedBy")
    return entry | ({"initiatedBy": who} if who else {})


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
