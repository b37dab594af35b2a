"""`apisix`: the backends' weights of an ApisixRoute (rollout/trafficrouting/apisix/apisix.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import Named, Rollout
from argosy.resources.rollout_traffic import ApisixRoute
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed, found
from argosy.rollouts.writes import Change, Ref

__all__ = ["Apisix"]

_GROUP: Final = "apisix.apache.org"
_FIRST: Final = 1


def _config(rollout: Rollout) -> ApisixRoute:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    config = routing.apisix if routing is not None else None
    return config.route if config is not None and config.route is not None else ApisixRoute()


class Apisix(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        return [Ref(_GROUP, "ApisixRoute", _config(rollout).name)]

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        config = _config(rollout)
        for ref in self.needs(rollout):
            one = found(objects, ref)
            http = list((one.get("spec") or {}).get("http") or ())
            for name in config.rules or (config.name,):
                _weigh(http, name, split)
            yield from changed(ref, one, {"http": http})

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """See `Router.header_route`: a rule of its own, with the highest priority, to the canary alone."""
        config = _config(rollout)
        for ref in self.needs(rollout):
            one = found(objects, ref)
            http = [dict(rule) for rule in (one.get("spec") or {}).get("http") or ()]
            others = [rule for rule in http if rule.get("name") != route.name]
            after = [*others, *([_headers(others, config, route, split)] if route.match else [])]
            if after != http:
                yield Change(ref, {"spec": {"http": after}})

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """See `Router.without_routes`."""
        routing = rollout.canary.traffic_routing if rollout.canary is not None else None
        names = {route.name for route in routing.managed_routes} if routing is not None else set()
        for ref in self.needs(rollout):
            one = objects.get(ref)
            http = ((one or {}).get("spec") or {}).get("http") or []
            kept = [rule for rule in http if rule.get("name") not in names]
            if one is not None and kept != http:
                yield Change(ref, {"spec": {"http": kept}})


def _weigh(http: list[dict[str, Any]], name: str, split: Split) -> None:
    index = next((at for at, rule in enumerate(http) if rule.get("name") == name), None)
    if index is None:
        raise EvaluationError(f"Apisix http route rule {name} not found")
    weights = {split.canary_service: split.canary, split.stable_service: split.stable}
    backends = http[index].get("backends") or []
    names = {backend.get("serviceName") for backend in backends}
    for service in weights:
        if service not in names:
            raise EvaluationError(f"apisix backend {service} was not found in rule {name}")
    made = [{**one, "weight": weights.get(one.get("serviceName"), one.get("weight"))} for one in backends]
    http[index] = {**http[index], "backends": made}


def _headers(others: Sequence[Body], config: ApisixRoute, route: Named, split: Split) -> dict[str, Any]:
    base = next((rule for rule in others if rule.get("name") in (config.rules or (config.name,))), {})
    operators = {"exact": "Equal", "regex": "RegexMatch", "prefix": "RegexMatch"}
    expressions = []
    for match in route.match:
        for kind, value in (match.get("headerValue") or {}).items():
            pattern = f"^{value}.*" if kind == "prefix" else value
            subject = {"scope": "Header", "name": match.get("headerName")}
            expressions.append({"subject": subject, "op": operators.get(kind, "Equal"), "value": pattern})
    inner = {**(base.get("match") or {}), "exprs": [*((base.get("match") or {}).get("exprs") or ()), *expressions]}
    backends = [
        {**one, "weight": 100} for one in base.get("backends") or () if one.get("serviceName") == split.canary_service
    ]
    priority = (base.get("priority") or 0) + _FIRST
    return {**base, "name": route.name, "priority": priority, "match": inner, "backends": backends}
