"""The tasks of an operation.

In: what a step looks at; out: its tasks in their order. Called by each step, and by whoever gathers what a step looks at (to
know what that is). Follows `getSyncTasks` and `autoCreateNamespace` of `gitops-engine/pkg/sync/sync_context.go` and
`SyncNamespace` of `controller/sync_namespace.go` in Argo CD 3.6.

On purpose different: hooks also carry an annotation that names the attempt which made them, so that a step that is repeated
knows its own; and what goes into a namespace that the same sync makes takes part in no dry run, as those are asked of the
API server here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import hooks, options, tasks
from argosy.gitops.sync.seen import Seen
from argosy.gitops.sync.tasks import Live, Task

__all__ = ["ATTEMPT", "build", "is_of_attempt", "wanted"]

ATTEMPT: Final = "argosy.dev/operation"

type Object = Mapping[str, Any]


def wanted(seen: Seen) -> list[Key]:
    """The keys of all live objects that a step must know; `seen.live` is not looked at."""
    named = [task.key for task in _tasks(replace(seen, live={})) if task.target is not None]
    namespace = [Key("", "Namespace", "", seen.namespace)] if seen.namespace else []
    return list(dict.fromkeys([*named, *namespace, *seen.extra]))


def build(seen: Seen) -> list[Task]:
    """The tasks in their order."""
    found = tasks.ordered(_tasks(seen), prune_last=seen.asks("PruneLast=true"))
    made = {one.key.name for one in found if one.target and _is_namespace(one.key) and one.live is None}
    coming = {
        (str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or ""))
        for spec in (one.target.get("spec") or {} for one in found if one.target and one.key.kind == _CRD)
    }
    return [
        replace(one, unchecked=one.key.namespace in made or _may_be_missing(seen, one, coming)) if one.target else one
        for one in found
    ]


_CRD: Final = "CustomResourceDefinition"


def _may_be_missing(seen: Seen, task: Task, coming: set[tuple[str, str]]) -> bool:
    kind = (task.key.group, task.key.kind)
    if kind not in seen.unserved:
        return False
    skip = "SkipDryRunOnMissingResource=true"
    return kind in coming or seen.asks(skip) or skip in options.of_object(task.target)


def _tasks(seen: Seen) -> list[Task]:
    found = [*_resources(seen), *(_hooks(seen) if not seen.sync.hookless else ())]
    namespace = _namespace(seen, found)
    return [*found, *([namespace] if namespace is not None else [])]


def _resources(seen: Seen) -> Iterator[Task]:
    for target in seen.targets:
        if not hooks.is_hook(target) and _is_selected(seen, key_of(target)):
            yield from tasks.of(target, seen.live.get(key_of(target)))
    for key in seen.extra:
        live = seen.live.get(key)
        if live is not None and not hooks.is_hook(live.body) and _is_selected(seen, key):
            yield from tasks.of(None, live)


def _is_selected(seen: Seen, key: Key) -> bool:
    """Whether a selective sync names it (ContainsSyncResource)."""
    chosen = seen.sync.resources
    return not chosen or any(
        (one.group, one.kind, one.name) == (key.group, key.kind, key.name) and one.namespace in ("", key.namespace)
        for one in chosen
    )


def _hooks(seen: Seen) -> Iterator[Task]:
    for obj in seen.targets:
        for phase in hooks.phases(obj) if hooks.is_hook(obj) else ():
            target = _hook(seen, obj, phase)
            yield Task(phase, target, seen.live.get(key_of(target)), hooks.wave(obj))


def _hook(seen: Seen, obj: Object, phase: str) -> Object:
    """A hook as it is made: with a name, Argo's finalizer, and the attempt that it belongs to."""
    metadata = dict(obj.get("metadata") or {})
    if not metadata.get("name"):
        revision = seen.revision[:7] if len(seen.revision) >= 8 else seen.revision
        suffix = f"{revision}-{phase}-{int(seen.started.timestamp())}".lower()
        metadata["name"] = f"{metadata.get('generateName') or ''}{suffix}"
    finalizers = list(metadata.get("finalizers") or ())
    if HOOK_FINALIZER not in finalizers:
        finalizers.append(HOOK_FINALIZER)
    metadata["finalizers"] = finalizers
    metadata["annotations"] = {**options.annotations_of(obj), ATTEMPT: f"{seen.attempt}/{phase}"}
    return {**obj, "metadata": metadata}


def is_of_attempt(live: Live, seen: Seen, phase: str) -> bool:
    """Whether a live hook was made by this attempt in this phase: one of several phases is made anew in each."""
    return options.annotations_of(live.body).get(ATTEMPT) == f"{seen.attempt}/{phase}"


def _is_namespace(key: Key) -> bool:
    return (key.group, key.kind) == ("", "Namespace")


def _namespace(seen: Seen, found: list[Task]) -> Task | None:
    """The task that makes the namespace of the destination, or gives it what it is to carry."""
    name = seen.namespace
    if not name or not seen.asks("CreateNamespace=true"):
        return None
    key = Key("", "Namespace", "", name)
    if any(one.target is not None and one.key == key for one in found):
        return None
    live = seen.live.get(key)
    known = any((one.kind, one.name, one.sync_phase) == ("Namespace", name, "PreSync") for one in _known(seen))
    metadata: dict[str, Any] = {"name": name}
    managed = seen.namespace_metadata
    if managed is not None:
        # Applied server-side each time: so the server takes away what is not wanted any more.
        notes = {**managed.annotations, options.SYNC_OPTIONS: "ServerSideApply=true"}
        metadata |= {"labels": dict(managed.labels), "annotations": notes}
    if live is not None and not known and managed is None:
        return None
    target = {"apiVersion": "v1", "kind": "Namespace", "metadata": {name: one for name, one in metadata.items() if one}}
    return Task("PreSync", target, live)


def _known(seen: Seen) -> Any:
    return seen.state.sync_result.resources if seen.state.sync_result is not None else ()
