"""Health of Gateway API's kinds (`resource_customizations/gateway.networking.k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    at,
    conditions,
    degraded,
    find,
    healthy,
    items,
    progressing,
    said,
)

__all__ = ["gateway", "gateway_class", "route", "tls_policy"]


_BAD = ("Accepted", "ResolvedRefs", "Programmed")


def route(obj: Object) -> Health:
    """HTTPRoute, GRPCRoute: every parent has to take it."""
    return _among(obj, items(obj, "status", "parents"), "parentRef", "Parent")


def tls_policy(obj: Object) -> Health:
    return _among(obj, items(obj, "status", "ancestors"), "ancestorRef", "Ancestor")


def _among(obj: Object, parents: list[Object], ref: str, word: str) -> Health:
    kind = obj.get("kind")
    judged = False
    for parent in parents:
        found, name = items(parent, "conditions"), at(parent, ref, "name") or ""
        if not found:
            continue
        judged = True
        if not _fresh(obj, found):
            return progressing(f"Waiting for {word} {name} to update {kind} status")
        verdict = _verdict(found, f"{word} {name}: ")
        if verdict is not None:
            return verdict
    return healthy(f"{kind} is healthy") if judged else progressing(f"Waiting for {kind} status")


def gateway(obj: Object) -> Health:
    found = conditions(obj)
    if not found or not _fresh(obj, found):
        return progressing("Waiting for Gateway status")
    verdict = _verdict(found, "")
    for listener in items(obj, "status", "listeners"):
        if verdict is not None:
            return verdict
        verdict = _verdict(items(listener, "conditions"), "Listener: ")
    if verdict is not None:
        return verdict
    good = find(found, "Accepted", "True") is not None and find(found, "Programmed", "True") is not None
    return healthy("Gateway is healthy") if good else progressing("Waiting for Gateway status")


def gateway_class(obj: Object) -> Health:
    found = conditions(obj)
    accepted = find(found, "Accepted") if _fresh(obj, found) else None
    if accepted is None:
        return progressing("Waiting for GatewayClass status")
    match accepted.get("status"):
        case "True":
            return healthy("GatewayClass is healthy")
        case "False":
            return degraded(said(accepted))
    return progressing(said(accepted))


def _fresh(obj: Object, among: list[Object]) -> bool:
    there = at(obj, "metadata", "generation")
    return there is None or all(one.get("observedGeneration") in (None, there) for one in among)


def _verdict(among: list[Object], prefix: str) -> Health | None:
    for kind in _BAD:
        bad = find(among, kind, "False")
        if bad is not None:
            text = prefix + said(bad)
            return progressing(text) if kind == "Programmed" else degraded(text)
    return None
