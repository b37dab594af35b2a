"""Health of KServe's inference services (`resource_customizations/serving.kserve.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, suspended

__all__ = ["check"]


def check(obj: Object) -> Health:
    if not at(obj, "status"):
        return progressing("Waiting for InferenceService to report status...")
    if find(obj, "Stopped", "True") is not None:
        return suspended("InferenceService is Stopped")
    parts = []
    moved = at(obj, "status", "modelStatus", "transitionStatus")
    if moved not in (None, "UpToDate"):
        parts.append(f"0: transitionStatus | {moved}")
    bad = [
        (number, one)
        for number, one in enumerate(conditions(obj), 1)
        if one.get("type") != "Stopped" and one.get("status") in ("False", "Unknown")
    ]
    for number, one in bad:
        words = [f"{number}: {one.get('type')}", one.get("status"), one.get("reason"), one.get("message")]
        parts.append(" | ".join(str(word) for word in words if word))
    text = " | ".join(parts)
    if not parts:
        good = find(obj, "Ready", "True") is not None
        return (
            healthy("InferenceService is healthy.")
            if good
            else progressing("Waiting for InferenceService to report status...")
        )
    waits = moved == "InProgress" or any(one.get("status") == "Unknown" for _, one in bad)
    return progressing(text) if waits and moved in (None, "UpToDate", "InProgress") else degraded(text)
