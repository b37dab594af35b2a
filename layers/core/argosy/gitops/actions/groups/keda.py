"""Actions of KEDA (`resource_customizations/keda.sh`)."""

from __future__ import annotations

from argosy.gitops.actions.action import PAUSE, PLAY, Action, Call, Draft, annotate, holds, into
from argosy.gitops.health.verdict import Object, at

__all__ = ["SCALED_JOB", "SCALED_OBJECT"]

_PAUSED = "autoscaling.keda.sh/paused"
_REPLICAS = "autoscaling.keda.sh/paused-replicas"
_paused = holds("metadata", "annotations", _PAUSED, value="true")


def _stopped(obj: Object) -> bool:
    return _paused(obj) or at(obj, "metadata", "annotations", _REPLICAS) is not None


def _going(obj: Object) -> bool:
    return not _stopped(obj)


def _pause_at(draft: Draft, call: Call) -> None:
    into(draft, "metadata", "annotations")[_REPLICAS] = str(call.count("replicas"))


def _resume(draft: Draft, _: Call) -> None:
    for name in (_PAUSED, _REPLICAS):
        into(draft, "metadata", "annotations").pop(name, None)


SCALED_JOB = {
    "pause": Action(annotate(_PAUSED, "true"), _stopped, icon=PAUSE),
    "resume": Action(_resume, _going, icon=PLAY),
}
SCALED_OBJECT = {
    **SCALED_JOB,
    "paused-replicas": Action(_pause_at, _paused, icon=PAUSE, parameters=({"name": "replicas"},)),
}
