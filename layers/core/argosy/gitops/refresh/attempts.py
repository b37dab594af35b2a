"""Whether a state has been tried by the last sync already.

In: the sources of the spec, the state of the last operation, the revisions that are wanted; out: yes or no. Called before an
automated sync is decided. Follows `alreadyAttemptedSync` of `controller/appcontroller.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.resources.application import ApplicationSpec
from argosy.resources.application_operation import OperationState
from argosy.resources.source import are_same

__all__ = ["attempted"]


def attempted(spec: ApplicationSpec, state: OperationState | None, revisions: Sequence[str], *, changed: bool) -> bool:
    """Whether the last operation has tried this; `changed`: the revisions may hold something new for the application."""
    if state is None:
        return False
    result = state.sync_result
    if result is None:
        return state.completed
    if changed:
        if spec.multiple:
            if list(result.revisions) != list(revisions):
                return False
        elif list(revisions) != [result.revision]:
            return False
    if spec.multiple:
        return are_same(spec.sources, result.sources)
    return result.source is not None and are_same([result.source], spec.all_sources[:1])
