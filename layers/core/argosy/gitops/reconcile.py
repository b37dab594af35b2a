"""One reconcile of an Application: `reconcile(observed, now)`.

In: `Observed`; out: `Plan`. Pure, and called again whenever something has changed. Follows `processAppRefreshQueueItem` and
`processRequestedAppOperation` of `controller/appcontroller.go` in Argo CD 3.6, which take turns there as two queues.

On purpose different: an automated sync begins in the status that tells what it is for; the field `operation` is for those
who ask from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import ArgosyError
from argosy.gitops import operating, pins
from argosy.gitops.comparison import Compared, Targets, compare_application
from argosy.gitops.conditions import Condition
from argosy.gitops.identity import key_of
from argosy.gitops.observed import Made, Observed, Plan
from argosy.gitops.projects.windows import can_sync, matching
from argosy.gitops.refresh import autosync
from argosy.gitops.refresh.needs import LATEST, REFRESH
from argosy.gitops.statuses import compared_status, refused_status, stamp, with_conditions
from argosy.gitops.sync import cascade, operation, retries
from argosy.gitops.sync.writes import Apply, Batch, Delete, Release
from argosy.gitops.tracking import is_owned, is_self_referenced
from argosy.lang import instants
from argosy.lang.patch import create_merge_patch
from argosy.resources.application import ResourceStatus
from argosy.resources.application_operation import OperationState

__all__ = ["Deciding", "compared", "reconcile"]

type Json = dict[str, Any]

_DELETION: Final = "Delete"
_LOOK_AGAIN: Final = timedelta(seconds=10)
_TRY_AGAIN: Final = timedelta(seconds=60)


def compared(seen: Observed, made: Made) -> Compared:
    """The comparison with what sources have come to."""
    failed, targets = list(made.problems), Targets()
    try:
        targets = seen.targets(made)
    except ArgosyError as x:
        failed.append(str(x))
    return compare_application(
        seen.app,
        seen.instance,
        targets,
        seen.live,
        seen.project,
        seen.settings,
        seen.to,
        seen.jq,
        failed=failed,
        known=seen.known,
        evidence=seen.evidence,
        orphaned=seen.orphaned,
    )


def reconcile(seen: Observed, now: datetime) -> Plan:
    """Decide."""
    return Deciding(seen, now).plan()


@dataclass
class Deciding:
    """A reconcile while it is decided.

    `status` is the whole of it. `served`: the operation that is asked for is the one whose state the status tells.
    """

    seen: Observed
    now: datetime
    status: Json = field(default_factory=dict)
    due: datetime | None = None
    carry_on: bool = False
    finalizers: Sequence[str] | None = None
    served: bool = False
    unpin: bool = False

    @property
    def is_under_way(self) -> bool:
        """Whether its objects will change by themselves: an operation runs, it is being deleted, or not healthy yet."""
        phase = (self.status.get("operationState") or {}).get("phase")
        health = (self.status.get("health") or {}).get("status")
        return self.seen.app.deleting or phase in ("Running", "Terminating") or health == "Progressing"

    def plan(self) -> Plan:
        """The plan."""
        seen = self.seen
        self.status = dict(seen.body.get("status") or {})
        if seen.app.deleting:
            return self._leave()
        if seen.refused:
            self.status = refused_status(seen, self.now)
            if seen.operating:
                self._fail_operation("; ".join(seen.refused))
            return self._planned()
        found = self._compare()
        self._operate(found)
        return self._planned()

    def _compare(self) -> Compared | None:
        """Compare, if there is something to compare with, and write down what was found."""
        seen = self.seen
        if seen.made is None:
            return None
        found = compared(seen, seen.made)
        moved = seen.refresh.needed and seen.refresh.level >= LATEST
        self.status = compared_status(seen, found, seen.made, self.now, moved=moved)
        if seen.made.transient:
            self.due = self.now + _TRY_AGAIN
        if not seen.made.problems:
            self.finalizers = cascade.finalizers_of_hooks(seen.app, found.targets)
        return found

    # The end

    def _leave(self) -> Plan:
        """One step of an Application that somebody has deleted."""
        seen = self.seen
        if not cascade.is_held(seen.app):
            return Plan()
        targets, problems = self._hooks_of_deletion()
        if seen.hindrances or problems:
            return self._held_up(seen.hindrances or problems)
        tracking = seen.settings.tracking
        ours = [
            body
            for key, body in seen.live.items()
            if tracking.owner(body) == seen.instance
            and is_self_referenced(body, None, seen.instance, tracking.method)
            and not is_owned(body)
            and not operating.refusal(seen, key)
        ]
        known = bool(seen.to.cluster.server)
        left = cascade.step(
            cascade.Leaving(seen.app, seen.own, [operating.live_of(seen, one) for one in ours], targets, known)
        )
        refused = [why for one in left.create if (why := operating.refusal(seen, key_of(one)))]
        if refused:
            return self._held_up([f"its hooks must not run: {one}" for one in dict.fromkeys(refused)])
        self.finalizers = left.finalizers
        if left.message:
            self.due = self.now + _LOOK_AGAIN
        batch = _writes(left)
        if not batch:
            self.left([left.problem] if left.problem else [])
            return Plan(batch=batch, due=self.due)
        try:
            return Plan(batch=batch, due=self.due, account=operating.account(seen))
        except ArgosyError as x:
            return self._held_up([str(x)])

    def _hooks_of_deletion(self) -> tuple[Sequence[Mapping[str, Any]], Sequence[str]]:
        """The objects of the sources, if hooks are to run now; and why they cannot be told."""
        seen = self.seen
        if not seen.to.cluster.server or not cascade.wants_targets(seen.app):
            return (), ()
        if seen.refused:
            return (), [f"its hooks must not run: {one}" for one in seen.refused]
        made = seen.made or Made()
        if made.problems or made.unverified:
            return (), [*made.problems, *made.unverified]
        try:
            return seen.targets(made).objects, ()
        except ArgosyError as x:
            return (), [str(x)]

    def _held_up(self, problems: Sequence[str]) -> Plan:
        """Nothing goes on until somebody has mended something, or taken the finalizer away."""
        self.left(problems)
        self.due = self.now + _TRY_AGAIN
        return Plan(due=self.due)

    def left(self, problems: Sequence[str]) -> None:
        """Take in what came of the writes of a deletion."""
        found = [Condition("DeletionError", one) for one in problems]
        self.status = with_conditions(self.status, found, {"DeletionError"}, self.now)

    # Operations

    def _operate(self, found: Compared | None) -> None:
        seen = self.seen
        state = seen.state
        if seen.app.operation is not None and not _running(state):
            if self._is_too_soon():
                return
            state = self.status["operationState"] = operation.begun(seen.body["operation"], self.now)
        if state is not None and _running(state):
            self.served = True
            self._go_on(state)
        else:
            self._start(found)

    def _go_on(self, state: Mapping[str, Any]) -> None:
        """What is to be done with an operation that runs."""
        known, wanted = OperationState.model_validate(state), self.seen.wanted
        if wanted is not None and wanted.forbidden:
            self._fail_operation("; ".join(wanted.problems))
            return
        try:
            following = operation.next_of(known, self.now)
        except ArgosyError as x:
            self._fail_operation(str(x))
            return
        if following.what == "wait":
            self.due = following.due
            return
        if following.what == "resume":
            state = self.status["operationState"] = operation.resumed(state)
        elif following.what == "terminate" and known.phase != "Terminating":
            self.status["operationState"] = operation.terminating(state)
        if following.what != "terminate" and not self._allowed(
            manual=not known.operation.initiated_by.automated, state=known
        ):
            self.status["operationState"] = operation.blocked(state)
            self.due = self.now + timedelta(seconds=30)
            return
        self.carry_on = True

    def _start(self, found: Compared | None) -> None:
        """Begin an automated sync, or say why there is none."""
        seen = self.seen
        if self._is_pinned():
            self._judge_sync([])
            return
        if found is None or seen.made is None or not self._allowed(manual=False):
            self._judge_sync([])
            return
        state = seen.app.status.operation_state
        resources = [ResourceStatus.model_validate(one.as_json()) for one in found.resources]
        wait = autosync.self_heal_wait(autosync.Backoff(), _heals(state), _since_finished(state, self.now))
        looked = autosync.Found(found.status, seen.made.revisions, resources, not seen.made.untouched, wait)
        decided = autosync.decide(seen.app, looked)
        self._judge_sync([decided.error] if decided.error else [])
        if decided.reason == "self-heal-backoff":
            self.due = self.now + timedelta(seconds=decided.wait)
        if decided.starts and not self._is_too_soon():
            asked = autosync.operation(seen.app, looked, decided)
            self.status["operationState"] = operation.begun(asked, self.now)
            self.carry_on = True

    def _is_pinned(self) -> bool:
        """Whether a rollback holds; a pin that is over goes."""
        app = self.seen.app
        said = pins.condition(app, self.now)
        self.status = with_conditions(self.status, [said] if said else [], {pins.CONDITION}, self.now)
        until = pins.pinned_until(app)
        if until is None or until <= self.now:
            self.unpin = until is not None
            return False
        self.due = min(until, self.due or until)
        return True

    def _is_too_soon(self) -> bool:
        """Operations are told apart by the second at which they begin; another one of the same second waits for the next."""
        if (self.seen.state or {}).get("startedAt") != stamp(self.now):
            return False
        self.due = self.now + timedelta(seconds=1)
        return True

    def _judge_sync(self, errors: list[str]) -> None:
        found = [Condition("SyncError", one) for one in errors]
        self.status = with_conditions(self.status, found, {"SyncError"}, self.now)

    def _allowed(self, *, manual: bool, state: OperationState | None = None) -> bool:
        """Whether the project's windows let the application be synced now."""
        seen = self.seen
        windows = matching(seen.project.spec.sync_windows, seen.app.metadata.name, seen.app.spec.destination)
        started = instants.parse(state.started_at) if state is not None else None
        try:
            return can_sync(windows, self.now, manual=manual, started=started)
        except ArgosyError as x:
            self.status = with_conditions(self.status, [Condition("SyncError", str(x))], {"SyncError"}, self.now)
            return False

    def _fail_operation(self, why: str) -> None:
        state, asked, self.served = self.seen.state, self.seen.body.get("operation"), True
        if state is None or not _running(state):
            state = operation.begun(asked or {}, self.now)
        ended = {"phase": "Failed", "message": why, "finishedAt": stamp(self.now)}
        self.status["operationState"] = {**state, **ended}

    # The patch

    def _planned(self) -> Plan:
        return Plan(self.carry_on, due=self.due)

    def patch(self) -> Json:
        """What of the Application changes."""
        seen = self.seen
        body: Json = {}
        notes: Json = {pins.PIN: None} if self.unpin else {}
        before = seen.body.get("status") or {}
        changed = create_merge_patch(before, self.status)
        if changed:
            body["status"] = changed
        if REFRESH in seen.app.metadata.annotations and (seen.made is not None or seen.refused):
            notes[REFRESH] = None
        if notes:
            body["metadata"] = {"annotations": notes}
        if self.finalizers is not None and list(self.finalizers) != list(seen.app.metadata.finalizers):
            body.setdefault("metadata", {})["finalizers"] = list(self.finalizers)
        if seen.app.operation is not None and self.served and not _running(self.status.get("operationState")):
            body["operation"] = None
        return body

    def settle(self, state: Json) -> None:
        """Take in how far the operation was carried on; a sync that has gone through is history."""
        self.status["operationState"] = state
        known = OperationState.model_validate(state)
        if known.completed and operation.goes_into_history(known):
            entry = operation.history_entry(self.seen.app, state)
            limit = self.seen.app.spec.history_limit
            history = retries.appended(list(self.status.get("history") or ()), entry, limit)
            self.status["history"] = history


def _running(state: Mapping[str, Any] | None) -> bool:
    return state is not None and not OperationState.model_validate(state).completed


def _heals(state: OperationState | None) -> int:
    sync = state.operation.sync if state is not None else None
    return sync.auto_heal_attempts_count if sync is not None else 0


def _since_finished(state: OperationState | None, now: datetime) -> float | None:
    finished = instants.parse(state.finished_at) if state is not None else None
    return (now - finished).total_seconds() if finished is not None else None


def _writes(left: cascade.Left) -> Batch:
    """The writes of a step of a deletion: first what must be let go, then what goes, then what is made."""
    released = [Release((key_of(one), _DELETION), _uid(one)) for one in left.release]
    gone = [Delete((key_of(one), _DELETION), _uid(one), left.propagation) for one in left.delete]
    made = [Apply((key_of(one), _DELETION), one) for one in left.create]
    return [*released, *gone, *made]


def _uid(obj: Mapping[str, Any]) -> str:
    return str((obj.get("metadata") or {}).get("uid") or "")
