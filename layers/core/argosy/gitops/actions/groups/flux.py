"""Actions of Flux (`resource_customizations/*.toolkit.fluxcd.io`), the same for all of its kinds."""

from __future__ import annotations

from argosy.gitops.actions.action import Action, holds, lacks, put, stamp

__all__ = ["RECONCILED", "SUSPENDED"]

_suspended = holds("spec", "suspend")


SUSPENDED = {
    "resume": Action(put("spec", "suspend", value=False), lacks("spec", "suspend")),
    "suspend": Action(put("spec", "suspend", value=True), _suspended),
}
RECONCILED = {"reconcile": Action(stamp("reconcile.fluxcd.io/requestedAt"), _suspended), **SUSPENDED}
