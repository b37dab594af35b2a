"""Actions of Percona's MongoDB clusters (`resource_customizations/psmdb.percona.com`)."""

from __future__ import annotations

from argosy.gitops.actions.action import PAUSE, PLAY, Action, holds, lacks, put

__all__ = ["MONGO"]


MONGO = {
    "pause": Action(put("spec", "pause", value=True), holds("spec", "pause"), icon=PAUSE),
    "unpause": Action(put("spec", "pause", value=False), lacks("spec", "pause"), icon=PLAY),
}
