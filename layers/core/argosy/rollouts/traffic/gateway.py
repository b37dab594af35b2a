"""Gateway API: weights of HTTPRoutes, configured as Argo's plugin `argoproj-labs/gatewayAPI` is.

Follows github.com/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi: `httpRoute`, or `httpRoutes[].name`; backends that
name the stable and the canary service get their weights, all others keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import Named, Rollout
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed, found
from argosy.rollouts.writes import Change, Ref

__all__ = ["PLUGIN", "Gateway"]

PLUGIN: Final = "argoproj-labs/gatewayAPI"
_GROUP: Final = "gateway.networking.k8s.io"
_KINDS: Final = {"exact": "Exact", "regex": "RegularExpression", "prefix": "RegularExpression"}


def _names(rollout: Rollout) -> Sequence[str]:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    config: Mapping[str, Any] = ((routing.plugins or {}).get(PLUGIN) or {}) if routing is not None else {}
    listed = [str(one.get("name", "")) for one in config.get("httpRoutes") or ()]
    return [*([str(config["httpRoute"])] if config.get("httpRoute") else []), *listed]


def _ref(name: str) -> Ref:
    return Ref(_GROUP, "HTTPRoute", name)


class Gateway(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        return [_ref(name) for name in _names(rollout)]

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        managed = _managed(rollout)
        for ref in self.needs(rollout):
            one = found(objects, ref)
            rules = list((one.get("spec") or {}).get("rules") or ())
            made = [rule if rule.get("name") in managed else _weighted(rule, split) for rule in rules]
            if made == rules and not any(_both(rule, split) for rule in rules):
                raise EvaluationError(f'HTTPRoute "{ref.name}" has no rule with the stable and the canary service')
            yield from changed(ref, one, {"rules": made})

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """See `Router.header_route`: a rule of its own before the others, to the canary alone."""
        for ref in self.needs(rollout):
            one = found(objects, ref)
            rules = list((one.get("spec") or {}).get("rules") or ())
            others = [rule for rule in rules if rule.get("name") != route.name]
            base = next((rule for rule in others if _both(rule, split)), None)
            after = [_own(base, route, split), *others] if route.match and base is not None else others
            if after != rules:
                yield Change(ref, {"spec": {"rules": after}})

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """See `Router.without_routes`."""
        managed = _managed(rollout)
        for ref in self.needs(rollout):
            one = objects.get(ref)
            rules = ((one or {}).get("spec") or {}).get("rules") or []
            kept = [rule for rule in rules if rule.get("name") not in managed]
            if one is not None and kept != rules:
                yield Change(ref, {"spec": {"rules": kept}})


def _managed(rollout: Rollout) -> set[str]:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return {route.name for route in routing.managed_routes} if routing is not None else set()


def _both(rule: Body, split: Split) -> bool:
    names = {one.get("name") for one in rule.get("backendRefs") or ()}
    return {split.stable_service, split.canary_service} <= names


def _weighted(rule: Body, split: Split) -> Body:
    if not _both(rule, split):
        return rule
    weights = {split.canary_service: split.canary, split.stable_service: split.stable}
    weights |= {one.service: one.weight for one in split.additional}
    made = [{**one, "weight": weights.get(one.get("name"), one.get("weight"))} for one in rule["backendRefs"]]
    return {**rule, "backendRefs": made}


def _own(base: Body, route: Named, split: Split) -> dict[str, Any]:
    headers = [
        {"name": match.get("headerName"), "type": _KINDS[kind], "value": f"{value}.*" if kind == "prefix" else value}
        for match in route.match
        for kind, value in (match.get("headerValue") or {}).items()
    ]
    before: list[Body] = base.get("matches") or [{}]
    matches = [{**one, "headers": [*(one.get("headers") or ()), *headers]} for one in before]
    backends = [{**one, "weight": 1} for one in base["backendRefs"] if one.get("name") == split.canary_service]
    return {"name": route.name, "matches": matches, "backendRefs": backends}
