"""Actions of workloads (`resource_customizations/apps`)."""

from __future__ import annotations

from argosy.gitops.actions.action import PAUSE, PLAY, REDO, Action, Call, Draft, drop, holds, into, lacks, put, stamp

__all__ = ["DAEMON_SET", "DEPLOYMENT", "STATEFUL_SET"]


def _scale(draft: Draft, call: Call) -> None:
    into(draft, "spec")["replicas"] = call.count("replicas")


_RESTART = Action(stamp("kubectl.kubernetes.io/restartedAt", "spec", "template"), icon=REDO)
_SCALE = Action(_scale, icon="fa fa-fw fa-plus-circle", parameters=({"name": "replicas"},))

DAEMON_SET = {"restart": _RESTART}
DEPLOYMENT = {
    "pause": Action(put("spec", "paused", value=True), holds("spec", "paused"), icon=PAUSE),
    "restart": _RESTART,
    "resume": Action(drop("spec", "paused"), lacks("spec", "paused"), icon=PLAY),
    "scale": _SCALE,
}
STATEFUL_SET = {"restart": _RESTART, "scale": _SCALE}
