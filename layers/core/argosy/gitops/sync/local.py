"""Manifests that came along with a sync (`argocd app sync --local`), in place of what the sources come to.

In: the Application, its project, an operation. Out: `Made`, None where the sources count. Called by whoever gathers what a
reconcile looks at. Follows `CompareAppState` of `controller/state.go` and `processAppRefreshQueueItem` of
`controller/appcontroller.go` in Argo CD 3.6: until its next operation the Application is compared with them, too.

On purpose different: what was only tried (a dry run) is not compared with, and under automated syncs nothing is but the
sources; Argo CD's server refuses such operations, its controller takes them.
"""

from __future__ import annotations

from argosy.errors import InvalidObject
from argosy.gitops.objects import of_manifests
from argosy.gitops.observed import Made
from argosy.resources.application import Application
from argosy.resources.application_operation import OperationSync
from argosy.resources.appproject import AppProject

__all__ = ["AUTOMATED", "brought", "left"]

AUTOMATED = "cannot use local sync when Automatic Sync Policy is enabled unless for dry run"
_SIGNED = "Cannot use local manifests when signature verification is required"


def brought(app: Application, project: AppProject, sync: OperationSync | None) -> Made | None:
    """What an operation has brought; forbidden where the sources have to be signed, or are synced by themselves."""
    if sync is None or not sync.manifests:
        return None
    if project.spec.signature_keys:
        return Made(problems=[_SIGNED], forbidden=True)
    if app.spec.automated is not None and not sync.dry_run:
        return Made(problems=[AUTOMATED], forbidden=True)
    try:
        return Made(of_manifests(sync.manifests))
    except InvalidObject as x:
        return Made(problems=[f"Failed to load target state: {x}"])


def left(app: Application, project: AppProject) -> Made | None:
    """What the last operation has brought, as long as that is what the Application is compared with."""
    state = app.status.operation_state
    sync = state.operation.sync if state is not None else None
    if sync is None or sync.dry_run or app.spec.automated is not None or app.deleting:
        return None
    return brought(app, project, sync)
