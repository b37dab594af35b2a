"""Health of Rook's clusters, stores and bucket claims (`resource_customizations/ceph.rook.io`, `objectbucket.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    DEGRADED,
    HEALTHY,
    PROGRESSING,
    RANKS,
    Health,
    Object,
    at,
    degraded,
    healthy,
    progressing,
)

__all__ = ["bucket_claim", "cluster", "object_store"]


_HEALTHS = {"HEALTH_OK": HEALTHY, "HEALTH_WARN": PROGRESSING, "HEALTH_ERR": DEGRADED}
_STATES = {"Created": HEALTHY, "Connected": HEALTHY, "Error": DEGRADED}
_WAITING = progressing("Waiting for status to be reported")


def cluster(obj: Object) -> Health:
    """The worse of what Ceph and its operator say."""
    status = at(obj, "status")
    if not status:
        return _WAITING
    state, ceph, parts = status.get("state"), at(status, "ceph", "health"), []
    worst = _STATES.get(state, PROGRESSING)
    if ceph is not None:
        details = [
            f"({text})" for one in (at(status, "ceph", "details") or {}).values() if (text := at(one, "message"))
        ]
        parts.append(" ".join([f"Ceph health is {ceph}", *details]))
        worst = max(worst, _HEALTHS.get(ceph, PROGRESSING), key=RANKS.index)
    if state in ("Created", "Connected"):
        parts.append(f"Ceph cluster state is {state}")
    if status.get("message"):
        parts.append(status["message"])
    return Health(worst, " - ".join(parts))


def object_store(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return _WAITING
    text = f"Ceph object store phase is {phase}"
    if phase in ("Ready", "Connected"):
        endpoint = at(obj, "status", "info", "endpoint")
        return healthy(f"{text} - endpoint: {endpoint}" if endpoint else text)
    return degraded(text) if phase == "Failure" else progressing(text)


def bucket_claim(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return _WAITING
    text = f"Object bucket claim phase is {phase}"
    if phase == "Bound":
        return healthy(text)
    return degraded(text) if phase == "Failed" else progressing(text)
