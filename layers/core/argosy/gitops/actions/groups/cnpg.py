"""Actions of CloudNativePG's clusters (`resource_customizations/postgresql.cnpg.io`)."""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.gitops.actions.action import Action, Call, Draft, annotate, drop, holds, into, lacks, stamp
from argosy.gitops.health.verdict import Object, at

__all__ = ["CLUSTER"]

_LOOP = "cnpg.io/reconciliationLoop"


def _healthy(obj: Object) -> list[str]:
    found = at(obj, "status", "instancesStatus", "healthy")
    return [str(one) for one in found] if isinstance(found, list) else []


def _alone(obj: Object) -> bool:
    return len(_healthy(obj)) < 2


def _promote(draft: Draft, call: Call) -> None:
    """Has its operator switch over to an instance: `any` healthy replica, one by its number, or one by its name."""
    wanted, healthy = call.parameters.get("instance") or "any", _healthy(draft)
    status = into(draft, "status")
    primary = status.get("currentPrimary")
    full = f"{at(draft, 'metadata', 'name')}-{wanted}"
    candidates = [one for one in healthy if one != primary] if wanted == "any" else [full, wanted]
    chosen = next((one for one in candidates if one in healthy), None)
    if chosen is None:
        raise EvaluationError(f"no healthy instance {wanted!r}; there are {', '.join(healthy) or 'none'}")
    if chosen != primary:
        status["targetPrimary"] = chosen
        status["targetPrimaryTimestamp"] = call.time
        status["phase"] = "Switchover in progress"
        status["phaseReason"] = f"Switching over to {chosen}"


CLUSTER = {
    "promote": Action(
        _promote,
        _alone,
        display_name="Promote Replica to Primary",
        icon="fa fa-fw fa-angles-up",
        parameters=({"name": "instance", "default": "any"},),
    ),
    "reload": Action(
        stamp("cnpg.io/reloadedAt"), display_name="Reload all Configuration", icon="fa fa-fw fa-rotate-right"
    ),
    "restart": Action(
        stamp("kubectl.kubernetes.io/restartedAt"), display_name="Rollout restart Cluster", icon="fa fa-fw fa-recycle"
    ),
    "resume": Action(
        drop("metadata", "annotations", _LOOP),
        shown=holds("metadata", "annotations", _LOOP, value="disabled"),
        display_name="Resume Reconciliation",
        icon="fa fa-fw fa-play",
    ),
    "suspend": Action(
        annotate(_LOOP, "disabled"),
        shown=lacks("metadata", "annotations", _LOOP, value="disabled"),
        display_name="Suspend Reconciliation",
        icon="fa fa-fw fa-pause",
    ),
}
