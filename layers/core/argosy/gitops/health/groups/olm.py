"""Health of OLM's subscriptions (`resource_customizations/operators.coreos.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing

__all__ = ["check"]


_BAD = ("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed")


def check(obj: Object) -> Health:
    found, state = conditions(obj), at(obj, "status", "state")
    if not found and state is None:
        return progressing("Waiting for Subscription to be reported")
    text = "".join(f"{at_}: {one.get('type')} | {one.get('status')}\n" for at_, one in enumerate(found, 1))
    text += ".status.state not yet known\n" if state is None else f".status.state is '{state}'\n"
    held = {one.get("type"): one for one in found if one.get("status") == "True"}
    if any(kind in held for kind in _BAD):
        return degraded(text)
    pending = held.get("InstallPlanPending")
    manual = at(obj, "spec", "installPlanApproval") == "Manual"
    if (
        pending is not None
        and pending.get("reason") == "RequiresApproval"
        and manual
        and at(obj, "status", "installedCSV")
    ):
        return healthy(
            "An install plan for a subscription is pending installation but the subscription is manually approved"
        )
    if state == "AtLatestKnown":
        return healthy(text)
    return progressing(text)
