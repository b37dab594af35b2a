"""Health of Knative (`resource_customizations/operator.knative.dev`, `serving.knative.dev`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Check, Health, Object, at, conditions, degraded, healthy, progressing, said

__all__ = ["eventing", "service", "serving"]


def _check(kind: str) -> Check:
    def check(obj: Object) -> Health:
        if at(obj, "status", "conditions") is None:
            return progressing(f"Waiting for {kind}")
        found = conditions(obj)
        states = [one.get("status") for one in found]
        lines = "".join(f"{at_} | {one.get('status')}\n" for at_, one in _numbered(found))
        if all(state == "True" for state in states):
            return healthy(f"{kind} is healthy.")
        odd = any(state not in ("True", "False", "Unknown") for state in states)
        return degraded(lines) if odd else progressing(lines)

    return check


def _numbered(found: list[Object]) -> list[tuple[str, Object]]:
    return [(f"{number}: {one.get('type')}", one) for number, one in enumerate(found, 1)]


serving = _check("KnativeServing")
eventing = _check("KnativeEventing")


def service(obj: Object) -> Health:
    if at(obj, "status", "conditions") is None:
        return progressing("Waiting for Knative Service to be ready")
    found = conditions(obj)
    text = "".join(
        f"{one.get('type')} is {one.get('status')}, since {said(one, 'reason')}. {said(one)}\n"
        for one in found
        if one.get("status") in ("False", "Unknown")
    )
    states = [one.get("status") for one in found]
    if "False" in states:
        return degraded(text)
    return progressing(text) if "Unknown" in states else healthy("Knative Service is healthy.")
