"""Health of core/v1 kinds (`gitops-engine/pkg/health/health_pod.go`, `health_service.go`, `health_pvc.go`)."""

from __future__ import annotations

from argosy.gitops.annotations import HELM_HOOK, HOOK
from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, items, progressing, said, unknown

__all__ = ["pod", "service", "volume_claim"]

_IGNORE_RESTARTS = "argocd.argoproj.io/ignore-restart-policy"
_CLAIMS = {"Lost": degraded(), "Pending": progressing(), "Bound": healthy()}


def service(obj: Object) -> Health:
    if at(obj, "spec", "type") == "LoadBalancer" and not items(obj, "status", "loadBalancer", "ingress"):
        return progressing()
    return healthy()


def volume_claim(obj: Object) -> Health:
    return _CLAIMS.get(str(at(obj, "status", "phase")), unknown())


def pod(obj: Object) -> Health:
    always = _restarts(obj)
    if always:
        stuck = [
            said(one)
            for status in items(obj, "status", "containerStatuses")
            if _is_error(said(one := at(status, "state", "waiting") or {}, "reason"))
        ]
        if stuck:
            return degraded(", ".join(stuck))
    message = at(obj, "status", "message") or ""
    match at(obj, "status", "phase"):
        case "Pending":
            return progressing(message)
        case "Succeeded":
            return healthy(message)
        case "Failed":
            return degraded(message or _failure(obj))
        case "Running":
            return _running(obj, message, always=always)
    return unknown(message)


def _restarts(obj: Object) -> bool:
    """Whether the Pod is meant to run on; a Pod that is no hook may be told to count as one."""
    notes = at(obj, "metadata", "annotations") or {}
    if notes.get(_IGNORE_RESTARTS) == "true" and HOOK not in notes and HELM_HOOK not in notes:
        return True
    return bool(at(obj, "spec", "restartPolicy") == "Always")


def _is_error(reason: str) -> bool:
    return reason.startswith("Err") or reason.endswith(("Error", "BackOff"))


def _failure(obj: Object) -> str:
    """Why the first of the containers that failed did so."""
    for status in (*items(obj, "status", "initContainerStatuses"), *items(obj, "status", "containerStatuses")):
        end = at(status, "state", "terminated") or {}
        if said(end):
            return said(end)
        if end.get("reason") == "OOMKilled":
            return "OOMKilled"
        if end.get("exitCode"):
            return f'container "{status.get("name", "")}" failed with exit code {end["exitCode"]}'
    return ""


def _running(obj: Object, message: str, *, always: bool) -> Health:
    if not always:  # it has an end, which it has not come to; such Pods are hooks, as a rule
        return progressing(message) if at(obj, "spec", "restartPolicy") in ("OnFailure", "Never") else unknown(message)
    if find(obj, "Ready", "True"):
        return healthy(message)
    if any(at(one, "lastState", "terminated") is not None for one in items(obj, "status", "containerStatuses")):
        return degraded(message)
    return progressing(message)
