"""A rollback that holds although the Application is synced by itself: `argosy app rollback --pin 2h`.

In: an Application's annotations; out: until when automated syncs wait. Argo CD has nothing like it: there whoever rolls back
must take `syncPolicy.automated` away and remember to put it back. Called by the reconcile and by the command.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.gitops.conditions import Condition
from argosy.lang import instants
from argosy.resources.application import Application

__all__ = ["CONDITION", "PIN", "condition", "pinned_until"]

PIN: Final = "argosy.dev/pinned-until"
CONDITION: Final = "PinnedWarning"


def pinned_until(app: Application) -> datetime | None:
    """When automated syncs go on, None where none has been put off."""
    return instants.parse(app.metadata.annotations.get(PIN))


def condition(app: Application, now: datetime) -> Condition | None:
    """What stands in the status meanwhile, and for an annotation that says no time."""
    text = app.metadata.annotations.get(PIN)
    if text is None:
        return None
    until = instants.parse(text)
    if until is None:
        return Condition(CONDITION, f"annotation {PIN} is no time (RFC 3339), so nothing is held: {text!r}")
    if until <= now:
        return None
    last = app.status.history[-1] if app.status.history else None
    held = ", ".join(filter(None, (last.revisions or [last.revision]) if last is not None else ()))
    return Condition(CONDITION, f"held at {held or 'what is deployed'} until {text}; then automated syncs go on")
