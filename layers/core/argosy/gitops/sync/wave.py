"""Carrying out the tasks of one wave.

In: tasks, how they stand, the outcomes of earlier writes; out: writes, or that all is done, well or not. Called by the
steps, once for a dry run of everything and again and again for each wave until its writes have their outcomes. Follows
`runTasks`, `applyObject` and `pruneObject` of `gitops-engine/pkg/sync/sync_context.go` in Argo CD 3.6: old hooks are let go,
then objects are pruned, then hooks that are made anew are deleted, then objects are applied, kind after kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Literal

from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.sync import building, options, pruning
from argosy.gitops.sync.results import Results
from argosy.gitops.sync.seen import Seen
from argosy.gitops.sync.tasks import Live, Task
from argosy.gitops.sync.writes import Apply, Batch, Delete, Kept, Outcome, Release, Write

__all__ = ["Ran", "applying", "deletions", "dry_run", "releases", "run", "unconfirmed"]

type State = Literal["successful", "failed", "pending", "asks"]

_PROPAGATION: Final[dict[str, Literal["Background", "Orphan"]]] = {"background": "Background", "orphan": "Orphan"}


@dataclass(slots=True)
class Ran:
    """How far a wave is: `asks` = outcomes of its batches are needed, `pending` = something must go or be confirmed."""

    state: State
    batches: list[Batch] = field(default_factory=list)
    waits_for: Sequence[Task] = ()


def dry_run(seen: Seen, tasks: Sequence[Task], results: Results) -> Ran:
    """Try everything without changing anything. Of an operation that is a dry run itself, this is all, with results."""
    ran = Ran("successful")
    _apply(seen, [one for one in tasks if not one.prunes and not one.unchecked], results, ran, dry=True)
    if seen.sync.dry_run and ran.state != "asks":
        _prune(seen, [one for one in tasks if one.prunes], results, dry=True)
    return ran


def run(seen: Seen, tasks: Sequence[Task], results: Results) -> Ran:
    """Carry out the tasks of a wave, as far as the outcomes so far let it go."""
    prunes = [one for one in tasks if one.prunes]
    others = [one for one in tasks if not one.prunes]
    waiting = [] if seen.confirmed else unconfirmed(seen, prunes)
    if waiting:
        return Ran("pending", waits_for=waiting)
    old = [one for one in others if one.live is not None and one.is_hook and not _is_ours(seen, one)]
    ran = Ran("successful", releases(old, seen))
    _let_go(seen, old, results, ran)
    _remove(seen, prunes, results, ran)
    if ran.state == "successful":
        _make_way(seen, old, results, ran)
    if ran.state == "successful":
        _apply(seen, others, results, ran, dry=False)
    return ran


def _is_ours(seen: Seen, task: Task) -> bool:
    return task.live is not None and building.is_of_attempt(task.live, seen, task.phase)


def unconfirmed(seen: Seen, prunes: Iterable[Task]) -> list[Task]:
    """Those that somebody must confirm before anything is pruned."""
    default = seen.option("Prune")
    return [
        one
        for one in prunes
        if one.live is not None
        and pruning.needs_confirmation(pruning.prune_option(one.live.body, default), confirmed=False)
    ]


def _let_go(seen: Seen, old: Sequence[Task], results: Results, ran: Ran) -> None:
    """Old hooks without Argo's finalizer, so that deleting them ends."""
    for task in old:
        done = seen.outcomes.get(_release(task).id)
        if done is not None and done.problem:
            results.put(task, "", "Error", f"Failed to remove hook finalizer: {done.problem}")
            ran.state = "failed"


def _prune(seen: Seen, prunes: Sequence[Task], results: Results, *, dry: bool) -> list[Task]:
    """Decide about objects that are not wanted; returns those that are to be deleted now."""
    found: list[Task] = []
    for task in prunes:
        if task.live is None:
            continue
        option = pruning.prune_option(task.live.body, seen.option("Prune"))
        decided = pruning.prune(
            option, wanted=seen.sync.prune, dry=dry, confirmed=seen.confirmed, deleting=task.live.deleting
        )
        if decided.delete:
            found.append(task)
        elif decided.status:
            results.carried_out(task, decided.status, decided.message, dry=dry)
    return found


def _remove(seen: Seen, prunes: Sequence[Task], results: Results, ran: Ran) -> None:
    going = _prune(seen, prunes, results, dry=False)
    writes: list[Write] = [one for one in (_delete(seen, task) for task in going) if one.id not in seen.outcomes]
    if writes:
        ran.batches.append(writes)
        ran.state = "asks"
        return
    for task in going:
        problem = seen.outcomes[_delete(seen, task).id].problem
        results.carried_out(task, "SyncFailed" if problem else "Pruned", problem or "pruned")
        if problem:
            ran.state = "failed"


def _make_way(seen: Seen, old: Sequence[Task], results: Results, ran: Ran) -> None:
    """Delete hooks that are made anew, and wait until they are gone."""
    going = [one for one in old if one.deletes("BeforeHookCreation")]
    writes: list[Write] = []
    for task in going:
        write = _delete(seen, task)
        done = seen.outcomes.get(write.id)
        if done is not None and done.problem:
            results.put(task, "", "Error", f"failed to delete resource: {done.problem}")
            ran.state = "failed"
        elif done is None and task.live is not None and not task.live.deleting:
            writes.append(write)
    if writes:
        ran.batches.append(writes)
    if going and ran.state == "successful":
        ran.state = "pending"
        ran.waits_for = going


def _apply(seen: Seen, tasks: Sequence[Task], results: Results, ran: Ran, *, dry: bool) -> None:
    """Apply, kind after kind. A failure stops no other object of the wave; all are written down at once."""
    done = [(task, _known(seen, task, dry=dry)) for task in tasks]
    unknown = [task for task, outcome in done if outcome is None]
    for _, group in groupby(unknown, key=lambda one: one.key.kind):
        ran.batches.append([applying(seen, task, dry=dry) for task in group])
        ran.state = "asks"
    for task, outcome in done if not unknown else ():
        if outcome is not None and outcome.problem:
            results.carried_out(task, "SyncFailed", outcome.problem)
            ran.state = "failed"
        elif outcome is not None and (not dry or seen.sync.dry_run):
            results.carried_out(task, "Synced", outcome.message or _said(task), dry=dry)


def _known(seen: Seen, task: Task, *, dry: bool) -> Outcome | None:
    """The outcome of a task; a hook of this attempt that is there was made, whether that was told or not."""
    done = seen.outcomes.get(applying(seen, task, dry=dry).id)
    if done is None and not dry and task.is_hook and _is_ours(seen, task):
        return Outcome(_said(task))
    return done


def _said(task: Task) -> str:
    key = task.key
    return f"{key.kind.lower()}{f'.{key.group}' if key.group else ''}/{key.name} applied"


def applying(seen: Seen, task: Task, *, dry: bool) -> Apply:
    """How a task's object is applied, by the options of the operation, of the target and of the live object."""
    target = task.target or {}
    own = options.of_object(target)
    there = options.of_object(task.live.body) if task.live is not None else []
    force = seen.sync.force or seen.asks("Force=true") or "Force=true" in own or "Force=true" in there
    validate = not (seen.asks("Validate=false") or "Validate=false" in own)
    manner: Literal["apply", "server-side", "create", "replace", "update"] = "apply"
    if seen.asks("Replace=true") or "Replace=true" in own or "Replace=true" in there:
        manner = _replacing(task)
    elif "ServerSideApply=false" not in own and (seen.asks("ServerSideApply=true") or "ServerSideApply=true" in own):
        manner = "server-side"
    migrate = not (seen.asks("ClientSideApplyMigration=false") or "ClientSideApplyMigration=false" in own)
    keeps = seen.keeps.get(task.key, Kept()) if task.live is not None else Kept()
    return Apply(task.place, target, manner, force, validate, dry, migrate, task.live is not None, keeps)


def _replacing(task: Task) -> Literal["create", "replace", "update"]:
    """What would take other objects along when it is made anew is put in place instead."""
    if task.live is None:
        return "create"
    key = task.key
    keeps = (key.group, key.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition") or key.kind == "Namespace"
    return "update" if keeps else "replace"


def _uid(live: Live | None) -> str:
    return str(((live.body if live is not None else {}).get("metadata") or {}).get("uid") or "")


def _delete(seen: Seen, task: Task) -> Delete:
    policy = seen.option("PrunePropagationPolicy") or ""
    return Delete(task.place, _uid(task.live), _PROPAGATION.get(policy, "Foreground"))


def _release(task: Task) -> Release:
    return Release(task.place, _uid(task.live))


def deletions(seen: Seen, tasks: Iterable[Task]) -> list[Batch]:
    """The batch that deletes live hooks, none when there are none."""
    writes: list[Write] = [_delete(seen, one) for one in tasks if one.live is not None and not one.live.deleting]
    return [writes] if writes else []


def releases(tasks: Iterable[Task], seen: Seen | None = None) -> list[Batch]:
    """The batch that takes Argo's finalizer from live hooks, none when they have none; not what is done already."""
    done: Any = seen.outcomes if seen is not None else {}
    writes: list[Write] = [
        _release(one) for one in tasks if one.live is not None and _is_held(one.live) and _release(one).id not in done
    ]
    return [writes] if writes else []


def _is_held(live: Live) -> bool:
    return HOOK_FINALIZER in ((live.body.get("metadata") or {}).get("finalizers") or ())
