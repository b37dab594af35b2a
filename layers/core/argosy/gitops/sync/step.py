"""One step of a sync: `step(seen, now)`.

In: what `Seen` tells; out: writes, the results after them, the phase, and when to look again. Called again and again by
whoever carries out operations until the phase is a last one; between two calls nothing is kept but
`status.operationState.syncResult`, what is live, and the outcomes of the writes, which may be lost. Follows `Sync` and
`Terminate` of `gitops-engine/pkg/sync/sync_context.go` in Argo CD 3.6.

The order of a wave: it is written down as about to begin, then its writes are carried out, then their outcomes are written
down. A step that is repeated in between does the same again: objects are applied once more, and hooks of this attempt that
are there are taken for made. How a hook has ended is written down before it is let go or deleted, else nobody could tell.

On purpose different: the pause between two waves is told to the caller and not slept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from argosy.gitops.sync import hooks, wave
from argosy.gitops.sync.building import build
from argosy.gitops.sync.results import Results
from argosy.gitops.sync.seen import Seen, Step
from argosy.gitops.sync.tasks import Task
from argosy.gitops.sync.wave import Ran
from argosy.gitops.sync.writes import Batch

__all__ = ["step", "terminate"]

_LOOK_AGAIN: Final = timedelta(seconds=30)
_RUNNING: Final = "one or more tasks are running"
_UNSUCCESSFUL: Final = "one or more synchronization tasks completed unsuccessfully"


def step(seen: Seen, now: datetime) -> Step:
    """Decide what comes next."""
    if seen.not_before is not None and now < seen.not_before:
        return _Deciding(seen, now).wait_until(seen.not_before)
    return _Deciding(seen, now).next()


class _Deciding:
    """A step while it is decided."""

    def __init__(self, seen: Seen, now: datetime) -> None:
        self.seen, self.now = seen, now
        known = seen.state.sync_result.resources if seen.state.sync_result is not None else ()
        self.results = Results(known)
        self.batches: list[Batch] = []
        self.tasks = build(seen)

    def next(self) -> Step:
        """The step."""
        refused = self._refused()
        if refused:
            reasons = f", reason: {','.join(refused)}"
            return self._end("Failed", f"one or more synchronization tasks are not valid{reasons}")
        if not self.results:
            return self._begin()
        self.results.settle(self.tasks)
        if self._look_at_running():
            return self._running(self.seen.state.message or _RUNNING, again=True)
        if any(self.results.intended(one) for one in self.tasks):
            return self._go_on()
        several = _several_steps(self.tasks)
        running = [one for one in self.tasks if self.results.running(one)]
        if any(several or one.is_hook for one in running):
            return self._running(_waiting_for(running))
        going = [one for one in self.tasks if self.results.pruned(one) and self._is_going(one)]
        if going:
            return self._running(_waiting_for(going, going=True))
        self.batches += wave.releases(one for one in self.tasks if one.is_hook and self.results.completed(one))
        return self._go_on()

    def _is_going(self, task: Task) -> bool:
        return task.live is not None and (task.live.deleting or task.key in self.seen.unseen)

    def wait_until(self, at: datetime) -> Step:
        """Nothing, until then."""
        state = self.seen.state
        return Step(state.phase or "Running", state.message, self.results.all(), due=at, not_before=at)

    def _refused(self) -> list[str]:
        """Why tasks may not be carried out; written into their results."""
        found: list[str] = []
        for task in self.tasks:
            reason = self.seen.refused.get(task.key)
            kind = (task.key.group, task.key.kind)
            if reason is None and kind in self.seen.unserved and not task.unchecked:
                reason = f"The Kubernetes API could not find {'/'.join(part for part in kind if part)} for requested "
                reason += f'resource {task.key.namespace}/{task.key.name}. Make sure the "{task.key.kind}" CRD is '
                reason += "installed on the destination cluster."
            if reason is not None:
                self.results.put(task, "SyncFailed", "", reason)
                found.append(reason)
        return found

    def _begin(self) -> Step:
        """The dry run of everything, before anything is changed."""
        ran = wave.dry_run(self.seen, self._differing(self.tasks), self.results)
        if ran.state == "asks":
            return self._ask(ran)
        if ran.state == "failed":
            said = self.results.sync_failed(self.tasks)
            return self._end("Failed", _because("one or more objects failed to apply (dry run)", said))
        if self.seen.sync.dry_run:
            return self._end("Succeeded", "successfully synced (no more tasks)")
        return self._go_on()

    def _differing(self, tasks: Sequence[Task]) -> list[Task]:
        """With `ApplyOutOfSyncOnly`, without what is as it should be (filterOutOfSyncTasks)."""
        differing = self.seen.differing
        if differing is None or not self.seen.asks("ApplyOutOfSyncOnly=true"):
            return list(tasks)
        return [
            one
            for one in tasks
            if one.is_hook or one.prunes or one.live is None or one.key in differing or self.results.intended(one)
        ]

    def _look_at_running(self) -> bool:
        """What was applied is done when it is healthy; what is gone meanwhile has failed. Whether hooks have ended."""
        ended = False
        for task in self.tasks:
            if not self.results.running(task) or task.key in self.seen.unseen:
                continue
            if task.live is None:
                said = f"{task.key.kind} {task.key.name} was deleted before it was done"
                self.results.put(task, "" if task.is_hook else "Synced", "Error", said)
            elif task.is_hook:
                phase, said = hooks.phase_of_health(task.key.name, task.live.health, task.live.message)
                self.results.put(task, "", phase, said)
                ended = ended or self.results.completed(task)
            elif task.live.health in (None, "Healthy"):
                self.results.put(task, "Synced", "Succeeded", task.live.message)
            elif task.live.health == "Degraded":
                self.results.put(task, "Synced", "Failed", task.live.message)
        return ended

    def _go_on(self) -> Step:
        """The next wave, or the end."""
        last_resort = [one for one in self.tasks if one.phase == "SyncFail"]
        tasks = [one for one in self.tasks if one.phase != "SyncFail"]
        if any(self.results.failed(one) for one in tasks):
            return self._fail(_UNSUCCESSFUL, tasks, last_resort)
        open_tasks = self._differing([one for one in tasks if self._is_open(one)])
        if not open_tasks:
            self._delete_hooks("HookSucceeded")
            return self._end("Succeeded", "successfully synced (no more tasks)")
        begun = [one for one in open_tasks if self.results.intended(one)]
        first = (begun or open_tasks)[0]
        chosen = [one for one in open_tasks if (one.phase, one.wave) == (first.phase, first.wave)]
        later = [one for one in open_tasks if (one.phase, one.wave) != (first.phase, first.wave)]
        if len(begun) < len(chosen) and not self._is_held_up(chosen):
            return self._intend(chosen)
        ran = wave.run(self.seen, chosen, self.results)
        if ran.state in ("asks", "pending"):
            return self._ask(ran)
        if ran.state == "failed":
            return self._fail("one or more objects failed to apply", chosen, last_resort)
        rest = [one for one in open_tasks if one.is_hook or (one.phase, one.wave) != (first.phase, first.wave)]
        if not rest:
            self._delete_hooks("HookSucceeded")
            return self._end("Succeeded", "successfully synced (all tasks run)")
        pause = self.now + timedelta(seconds=self.seen.wave_delay) if later and self.seen.wave_delay else None
        return self._running(_waiting_for(rest), pause)

    def _is_open(self, task: Task) -> bool:
        return self.results.pending(task) or self.results.intended(task)

    def _is_held_up(self, tasks: Sequence[Task]) -> bool:
        """Whether pruning waits for somebody's word; then the wave has not begun."""
        prunes = [one for one in tasks if one.prunes]
        return not self.seen.confirmed and bool(wave.unconfirmed(self.seen, prunes))

    def _intend(self, tasks: Iterable[Task]) -> Step:
        """Write down that tasks are about to be carried out; the next step may follow at once."""
        for task in tasks:
            if self._is_open(task):
                self.results.intend(task)
        return self._running(_RUNNING, again=True)

    def _ask(self, ran: Ran) -> Step:
        """Carry out writes and come again; or wait for what must go, or be confirmed, before."""
        self.batches += ran.batches
        if ran.state == "asks":
            return Step("Running", _RUNNING, self.results.all(), self.batches, asks=True, due=self.now)
        waiting = list(ran.waits_for)
        if waiting and waiting[0].prunes:
            return self._running(_to_confirm(waiting))
        return self._running(_waiting_for(waiting, going=True))

    def _fail(self, message: str, tasks: Sequence[Task], last_resort: Sequence[Task]) -> Step:
        """The operation fails, when the hooks of SyncFail are done (setOperationFailed)."""
        text = _because(message, self.results.sync_failed(tasks))
        if all(self.results.completed(one) for one in last_resort):
            self._delete_hooks("HookFailed")
            return self._end("Failed", text)
        chosen = [one for one in last_resort if self._is_open(one)]
        if not all(self.results.intended(one) for one in chosen):
            self._delete_hooks("HookFailed")
            return self._intend(chosen)
        ran = wave.run(self.seen, chosen, self.results)
        if ran.state in ("asks", "pending"):
            return self._ask(ran)
        if ran.state == "failed":
            return self._end("Failed", _because(message, self.results.sync_failed([*tasks, *chosen])))
        return self._running(_waiting_for(chosen))

    def _delete_hooks(self, policy: str) -> None:
        """Delete the hooks that are done and whose policy says so."""
        done = [one for one in self.tasks if one.deletes(policy) and not self.results.running(one)]
        self.batches += wave.deletions(self.seen, done)

    def _running(self, message: str, pause: datetime | None = None, *, again: bool = False) -> Step:
        due = self.now if again else pause or self.now + _LOOK_AGAIN
        return Step("Running", message, self.results.all(), self.batches, asks=again, due=due, not_before=pause)

    def _end(self, phase: str, message: str) -> Step:
        return Step(phase, message, self.results.all(), self.batches)


def _several_steps(tasks: Sequence[Task]) -> bool:
    return bool(tasks) and (tasks[0].phase, tasks[0].wave) != (tasks[-1].phase, tasks[-1].wave)


def _because(message: str, reasons: Sequence[str]) -> str:
    return f"{message}, reason: {','.join(reasons)}" if reasons else message


def _title(task: Task) -> str:
    return f"{task.key.group}/{task.key.kind}/{task.key.name}"


def _waiting_for(tasks: Sequence[Task], *, going: bool = False) -> str:
    """What an operation that runs says it waits for (setRunningPhase)."""
    if not tasks:
        return _RUNNING
    first = tasks[0]
    what = "completion of hook" if first.is_hook else "healthy state of"
    if going:
        what = "deletion of hook" if first.is_hook else "deletion of"
    text = f"waiting for {what} {_title(first)}"
    more = len(tasks) - 1
    return f"{text} and {more} more {'hooks' if first.is_hook else 'resources'}" if more else text


def _to_confirm(tasks: Sequence[Task]) -> str:
    more = f" and {len(tasks) - 1} more resources" if len(tasks) > 1 else ""
    return f"waiting for pruning confirmation of {_title(tasks[0])}{more}"


def terminate(seen: Seen, now: datetime) -> Step:
    """Somebody has asked for the end: running hooks are deleted, all are let go, and the operation has failed."""
    deciding = _Deciding(seen, now)
    results = deciding.results
    there = [one for one in deciding.tasks if one.is_hook and one.live is not None]
    running: list[Task] = []
    for task in there:
        live = task.live
        if live is None:
            continue
        phase, said = hooks.phase_of_health(task.key.name, live.health, live.message)
        if phase == "Running":
            running.append(task)
            results.put(task, "", "Succeeded", "Deleted")
        else:
            results.put(task, "", phase, said)
    batches = [*wave.releases(there), *wave.deletions(seen, running)]
    return Step("Failed", "Operation terminated", results.all(), batches)
