"""How the tasks of a sync stand: `status.operationState.syncResult.resources`, all that one step leaves to the next.

In: tasks, and what has happened to them; out: the results to write. Called by the steps. Follows `setResourceResult` of
`gitops-engine/pkg/sync/sync_context.go` and the states of `sync_task.go` in Argo CD 3.6.

On purpose different: a task that is about to be carried out is written down first, as Running with neither status nor
message. So a step that is repeated after a crash knows what may have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.gitops.identity import Key
from argosy.gitops.sync.tasks import Task
from argosy.resources.application_operation import ResourceResult

__all__ = ["Results", "as_json", "images_of"]

_PHASES: Final = {"Synced": "Running", "SyncFailed": "Failed", "Pruned": "Succeeded", "PruneSkipped": "Succeeded"}
_OUR_PATHS: Final = (
    ("spec", "containers"),
    ("spec", "template", "spec", "containers"),
    ("spec", "jobTemplate", "spec", "template", "spec", "containers"),
)


class Results:
    """The results of an operation while a step is decided."""

    def __init__(self, known: Iterable[ResourceResult]) -> None:
        self._all = {_place(one): one for one in known}

    def __bool__(self) -> bool:
        return bool(self._all)

    def all(self) -> tuple[ResourceResult, ...]:
        """All of them, the oldest first."""
        return tuple(self._all.values())

    def of(self, task: Task) -> ResourceResult | None:
        """That of a task."""
        return self._all.get(task.place)

    def pending(self, task: Task) -> bool:
        """Whether nothing has been done about it."""
        return task.place not in self._all or not self._all[task.place].hook_phase

    def intended(self, task: Task) -> bool:
        """Whether it was about to be carried out, and nobody has said yet what became of it."""
        one = self.of(task)
        return one is not None and one.hook_phase == "Running" and not one.status and not one.message

    def running(self, task: Task) -> bool:
        """Whether it was carried out and is not done."""
        one = self.of(task)
        return one is not None and one.hook_phase == "Running" and not self.intended(task)

    def completed(self, task: Task) -> bool:
        """Whether it is done, well or not."""
        one = self.of(task)
        return one is not None and one.hook_phase in ("Succeeded", "Failed", "Error")

    def failed(self, task: Task) -> bool:
        """Whether it is done, and not well."""
        one = self.of(task)
        return one is not None and one.hook_phase in ("Failed", "Error")

    def pruned(self, task: Task) -> bool:
        """Whether it has been deleted."""
        one = self.of(task)
        return one is not None and one.status == "Pruned"

    def sync_failed(self, tasks: Iterable[Task]) -> list[str]:
        """What is said of those that could not be applied."""
        found = [self.of(task) for task in tasks]
        return [one.message for one in found if one is not None and one.status == "SyncFailed"]

    def settle(self, tasks: Iterable[Task]) -> None:
        """What was about to be carried out and is no task any more was an object to prune, and is gone."""
        there = {one.place for one in tasks}
        for place, one in self._all.items():
            if place not in there and one.hook_phase == "Running" and not one.status and not one.message:
                gone = {"status": "Pruned", "hook_phase": "Succeeded", "message": "pruned"}
                self._all[place] = one.model_copy(update=gone)

    def intend(self, task: Task) -> None:
        """Write down that it is about to be carried out."""
        self.put(task, "", "Running")

    def carried_out(self, task: Task, status: str, message: str, *, dry: bool = False) -> None:
        """Write down that it was carried out; what a dry run has applied is done with that."""
        phase = _PHASES[status]
        self.put(task, status, "Succeeded" if dry and phase == "Running" else phase, message)

    def put(self, task: Task, status: str, phase: str, message: str = "") -> None:
        """Write down how it stands; without a message the last one stays."""
        known = self.of(task)
        if known is not None:
            said = message or known.message
            self._all[task.place] = known.model_copy(update={"status": status, "hook_phase": phase, "message": said})
            return
        key = task.key
        self._all[task.place] = ResourceResult(
            group=key.group,
            version=task.version,
            kind=key.kind,
            namespace=key.namespace,
            name=key.name,
            status=status,
            message=message,
            hook_type=task.phase if task.is_hook else "",
            hook_phase=phase,
            sync_phase=task.phase,
            images=images_of(task.obj),
        )


def _place(one: ResourceResult) -> tuple[Key, str]:
    return Key(one.group, one.kind, one.namespace, one.name), one.sync_phase


def images_of(obj: Mapping[str, Any]) -> list[str]:
    """The images of the containers that an object runs (GetResourceImages)."""
    found: list[str] = []
    for path in _OUR_PATHS:
        at: Any = obj
        for part in path:
            at = at.get(part) if isinstance(at, Mapping) else None
        for one in at if isinstance(at, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("image"), str):
                found.append(one["image"])
    return found


def as_json(one: ResourceResult) -> dict[str, Any]:
    """A result as it stands in the status: what is empty is left out, but what the definition requires."""
    whole = one.model_dump(by_alias=True, mode="json")
    required = ("group", "version", "kind", "namespace", "name")
    return {key: value for key, value in whole.items() if value or key in required}
