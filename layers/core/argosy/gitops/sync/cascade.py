"""An Application that is being deleted: one step after the other, until none of Argo's finalizers is left.

In: the Application, its live objects, the objects of its sources where hooks are to run; out: what is made and deleted
now, and the finalizers that remain. Called by the reconcile of an Application with a deletionTimestamp. Follows
`finalizeApplicationDeletion` of `controller/appcontroller.go` and `controller/hook.go` in Argo CD 3.6: hooks of PreDelete,
then the objects wave by wave, then hooks of PostDelete, then the hooks themselves. A cluster that is not known ends all of
it. Each step may be repeated.

On purpose different: finalizers go with a cluster that is not registered, and with no destination that is wrong in another
way; while a hook of PreDelete stands failed nothing is deleted, and `problem` says so; whoever deletes the hook has it run
again. Hooks of a sync that are deleted with the rest are let go, since no step of a sync comes any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from argosy.gitops.annotations import HOOK_FINALIZER, POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import hooks, pruning
from argosy.gitops.sync.tasks import Live
from argosy.lang import instants
from argosy.resources.application import Application

__all__ = ["Leaving", "Left", "finalizers_of_hooks", "is_held", "step", "wants_targets"]

RESOURCES: Final = "resources-finalizer.argocd.argoproj.io"
BACKGROUND: Final = f"{RESOURCES}/background"
_CASCADE: Final = (RESOURCES, f"{RESOURCES}/foreground", BACKGROUND)

type Object = Mapping[str, Any]
type When = Literal["PreDelete", "PostDelete"]

_HOOKS: Final[Mapping[When, str]] = {
    "PreDelete": PRE_DELETE_FINALIZER,
    "PostDelete": POST_DELETE_FINALIZER,
}
_ALL: Final = (*_CASCADE, *(one for name in _HOOKS.values() for one in (name, f"{name}/cleanup")))
_SHOWN: Final = 3
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a step looks at. `live`: all that is there of the Application and its project permits.

    `targets` are needed while `wants_targets`. `own`: the Application itself, which may be among its own objects.
    """

    app: Application
    own: Key
    live: Sequence[Live] = ()
    targets: Sequence[Object] = ()
    cluster_known: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """What to do now. `release`: hooks that Argo's finalizer must be taken from, or they stay. `finalizers`: what the
    Application keeps once the rest is done, None = as it has.

    Nothing to do and no other finalizers: something is waited for, the message says for what; `problem`: that it does not
    come by itself, and why.
    """

    create: Sequence[Object] = ()
    delete: Sequence[Object] = ()
    release: Sequence[Object] = ()
    propagation: Literal["Foreground", "Background"] = "Foreground"
    finalizers: Sequence[str] | None = None
    message: str = ""
    problem: str = ""


def is_held(app: Application) -> bool:
    """Whether one of Argo's finalizers is left."""
    return any(one in _ALL for one in app.metadata.finalizers)


def wants_targets(app: Application) -> bool:
    """Whether the next step runs hooks, and so must know the objects of the sources."""
    kept = app.metadata.finalizers
    cascades = any(one in kept for one in _CASCADE)
    return _HOOKS["PreDelete"] in kept or (_HOOKS["PostDelete"] in kept and not cascades)


def finalizers_of_hooks(app: Application, targets: Iterable[Object]) -> list[str]:
    """The finalizers that an Application must have before its status tells of a comparison with these targets."""
    found = list(app.metadata.finalizers)
    all_targets = list(targets)
    for when, name in _HOOKS.items():
        wanted = any(hooks.is_hook_of_deletion(one, when) for one in all_targets)
        for finalizer in (name, f"{name}/cleanup"):
            if wanted and finalizer not in found:
                found.append(finalizer)
            elif not wanted and finalizer in found:
                found.remove(finalizer)
    return found


def step(leaving: Leaving) -> Left:
    """Decide what comes next."""
    kept = list(leaving.app.metadata.finalizers)
    if not leaving.cluster_known:
        return Left(finalizers=_without(leaving.app, *_ALL), message="its cluster is not known any more")
    if _HOOKS["PreDelete"] in kept:
        return _run_hooks(leaving, "PreDelete")
    if any(one in kept for one in _CASCADE):
        return _delete_objects(leaving)
    if _HOOKS["PostDelete"] in kept:
        return _run_hooks(leaving, "PostDelete")
    for when, name in _HOOKS.items():
        if f"{name}/cleanup" in kept:
            return _clean_up(leaving, when)
    return Left(finalizers=kept)


def _run_hooks(leaving: Leaving, when: When) -> Left:
    there = {key_of(one.body): one for one in leaving.live if hooks.is_hook_of_deletion(one.body, when)}
    wanted = [_named_hook(leaving, one, when) for one in leaving.targets if hooks.is_hook_of_deletion(one, when)]
    missing = [one for one in wanted if key_of(one) not in there]
    if missing:
        return Left(create=missing, message=_told("making", when, map(key_of, missing)))
    running = [key for key, one in there.items() if one.health == "Progressing"]
    if running:
        return Left(message=_told("waiting for", when, running))
    failed = {key: one.message for key, one in there.items() if one.health == "Degraded"}
    if failed and when == "PreDelete":
        said = "; ".join(f"{_named([key])}: {why}" for key, why in sorted(failed.items(), key=str)[:_SHOWN])
        problem = f"{when} hooks have failed, and run again once they are deleted: {said}"
        return Left(message=_told("failed:", when, failed), problem=problem)
    return Left(finalizers=_without(leaving.app, _HOOKS[when]))


def _named_hook(leaving: Leaving, hook: Object, when: When) -> Object:
    """A hook with a name: of `generateName` the same at each look, so that it is made once."""
    metadata = hook.get("metadata") or {}
    if metadata.get("name"):
        return hook
    since = instants.parse(leaving.app.metadata.deletion_timestamp) or _EPOCH
    name = f"{metadata.get('generateName') or ''}{when}-{int(since.timestamp())}".lower()
    return {**hook, "metadata": {**metadata, "name": name}}


def _delete_objects(leaving: Leaving) -> Left:
    app = leaving.app
    since = instants.parse(app.metadata.deletion_timestamp) or _EPOCH
    found = pruning.deletion(
        [one.body for one in leaving.live],
        leaving.own,
        approved=pruning.confirmed(app.metadata.annotations, since),
    )
    if found.done:
        return Left(finalizers=_without(app, *_CASCADE))
    if found.waiting:
        return Left(message=f"waiting for confirmation to delete {_named(map(key_of, found.waiting))}")
    if found.going:
        said = f"waiting for deletion of {_named(map(key_of, found.going))}"
        return Left(release=_held(found.going), message=said)
    how: Literal["Foreground", "Background"] = "Background" if BACKGROUND in app.metadata.finalizers else "Foreground"
    said = f"deleting {_named(map(key_of, found.delete))}"
    return Left(delete=found.delete, release=_held(found.delete), propagation=how, message=said)


def _held(objects: Iterable[Object]) -> list[Object]:
    return [one for one in objects if HOOK_FINALIZER in ((one.get("metadata") or {}).get("finalizers") or ())]


def _clean_up(leaving: Leaving, when: When) -> Left:
    """Delete the hooks that have run, as their policies say of how all of them went."""
    there = [one for one in leaving.live if hooks.is_hook_of_deletion(one.body, when)]
    failed = any(one.health == "Degraded" for one in there)
    policy = "HookFailed" if failed else "HookSucceeded"
    doomed = [one for one in there if policy in hooks.delete_policies(one.body)]
    if not doomed:
        return Left(finalizers=_without(leaving.app, f"{_HOOKS[when]}/cleanup"))
    fresh = [one.body for one in doomed if not one.deleting]
    return Left(delete=fresh, message=_told("deleting", when, (key_of(one.body) for one in doomed)))


def _without(app: Application, *names: str) -> list[str]:
    return [one for one in app.metadata.finalizers if one not in names]


def _told(what: str, when: When, keys: Iterable[Key]) -> str:
    return f"{what} {when} hooks {_named(keys)}"


def _named(keys: Iterable[Key]) -> str:
    """The first few, and how many there are more."""
    names = sorted(f"{one.setting}/{one.name}" for one in keys)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
