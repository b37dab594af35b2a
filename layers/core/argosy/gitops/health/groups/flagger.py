"""Health of Flagger's canaries (`resource_customizations/flagger.app`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said, unknown

__all__ = ["check"]


def check(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return unknown("No status")
    parts = [phase]
    if phase == "Progressing":
        parts.append(f"Canary Weight: {at(obj, 'status', 'canaryWeight')} %")
    parts += [said(one) for one in conditions(obj) if one.get("type") == "Promoted"][:1]
    text = " --- ".join(parts)
    if phase in ("Initialized", "Succeeded"):
        return healthy(text)
    return degraded(text) if phase == "Failed" else progressing(text)
