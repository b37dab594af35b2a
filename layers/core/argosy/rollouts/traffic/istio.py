"""`istio`: weights in VirtualServices, and subsets in a DestinationRule.

Follows `rollout/trafficrouting/istio/istio.go` of Argo Rollouts. Of a VirtualService only the managed routes are touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.copying import copied
from argosy.resources.base import Problem
from argosy.resources.rollout import MirrorRoute, Named, Rollout
from argosy.resources.rollout_traffic import DestinationRule, IstioRouting, VirtualService
from argosy.rollouts.replicasets import HASH
from argosy.rollouts.services import MANAGED_BY
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed, found
from argosy.rollouts.writes import Change, Ref

__all__ = ["Istio"]

_GROUP: Final = "networking.istio.io"


def _config(rollout: Rollout) -> IstioRouting:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return routing.istio if routing is not None and routing.istio is not None else IstioRouting()


def _service(name: str) -> Ref:
    return Ref(_GROUP, "VirtualService", name.partition(".")[0])


class Istio(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        config = _config(rollout)
        rule = config.destination_rule
        refs = [_service(one.name) for one in config.services]
        return [*refs, *([Ref(_GROUP, "DestinationRule", rule.name)] if rule is not None else [])]

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`: also a VirtualService of another namespace, which Argo reads as `name.namespace`."""
        path = "spec.strategy.canary.trafficRouting.istio.virtualService.name"
        for one in _config(rollout).services:
            namespace = one.name.partition(".")[2]
            if namespace not in ("", rollout.metadata.namespace):
                message = f"VirtualServices of other namespaces are not served, as of {namespace}"
                yield Problem(path, f'Invalid value: "{one.name}": {message}', unsupported=True)
                return
        yield from super().problems(rollout, objects)

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        config = _config(rollout)
        if config.destination_rule is not None:
            yield from _subsets(rollout, config.destination_rule, objects, split)
        for wanted in config.services:
            ref = _service(wanted.name)
            one = found(objects, ref)
            own = set(_managed(rollout))
            yield from changed(ref, one, _weighted(one, wanted, config.destination_rule, split, own))

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """See `Router.header_route`."""
        matches = [{"headers": {one["headerName"]: dict(one["headerValue"])}} for one in route.match]
        extra = {"match": matches, "route": [_destination(_config(rollout), objects, split, weight=100)]}
        yield from _own_route(rollout, objects, route.name, extra if matches else None)

    def mirror_route(self, rollout: Rollout, objects: Objects, split: Split, route: MirrorRoute) -> Iterator[Move]:
        """See `Router.mirror_route`."""
        config = _config(rollout)
        matches = [_mirrored(one) for one in route.match]
        target = _destination(config, objects, split, weight=100)["destination"]
        share = 100 if route.percentage is None else route.percentage
        extra: dict[str, Any] = {"match": matches, "mirror": target, "mirrorPercentage": {"value": share}}
        yield from _own_route(rollout, objects, route.name, extra if matches else None, mirrors=True)

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """See `Router.without_routes`."""
        names = set(_managed(rollout))
        for wanted in _config(rollout).services:
            ref = _service(wanted.name)
            one = objects.get(ref)
            routes = ((one or {}).get("spec") or {}).get("http") or []
            kept = [route for route in routes if route.get("name") not in names]
            if one is not None and kept != routes:
                yield Change(ref, {"spec": {"http": kept}})


def _managed(rollout: Rollout) -> list[str]:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return [route.name for route in routing.managed_routes] if routing is not None else []


def _mirrored(match: Body) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, key in (("method", "method"), ("path", "uri"), ("headers", "headers")):
        if match.get(name):
            made[key] = match[name]
    return made


def _destination(config: IstioRouting, objects: Objects, split: Split, *, weight: int) -> dict[str, Any]:
    rule = config.destination_rule
    if rule is not None:
        spec = found(objects, Ref(_GROUP, "DestinationRule", rule.name)).get("spec") or {}
        host = split.canary_service or split.stable_service or spec.get("host", "")
        target = {"host": host, "subset": rule.canary_subset_name}
    else:
        target = {"host": split.canary_service}
    return {"destination": target, "weight": weight}


def _own_route(
    rollout: Rollout, objects: Objects, name: str, extra: Mapping[str, Any] | None, *, mirrors: bool = False
) -> Iterator[Change]:
    """Put a managed route in its place, before all that are not managed, in the order of `managedRoutes`."""
    order = _managed(rollout)
    for wanted in _config(rollout).services:
        ref = _service(wanted.name)
        one = found(objects, ref)
        routes = list((one.get("spec") or {}).get("http") or ())
        others = [route for route in routes if route.get("name") != name]
        if extra is not None:
            made = {"name": name, **extra}
            if mirrors:
                plain: Body = next((route for route in others if route.get("name") not in order), {})
                made["route"] = copied(plain.get("route") or [])
            others.append(made)
        managed = sorted((r for r in others if r.get("name") in order), key=lambda r: order.index(r["name"]))
        after = [*managed, *(route for route in others if route.get("name") not in order)]
        if after != routes:
            yield Change(ref, {"spec": {"http": after}})


def _weighted(
    one: Body, wanted: VirtualService, rule: DestinationRule | None, split: Split, own: Collection[str]
) -> dict[str, Any]:
    """The routes of a VirtualService with their weights (reconcileVirtualServiceHTTPRoutes and its like).

    `own`: names of the routes that we have put there, which are none to choose from.
    """
    spec, made = one.get("spec") or {}, dict[str, Any]()
    http = spec.get("http") or []
    if http or wanted.routes or not (wanted.tls_routes or wanted.tcp_routes):
        chosen = _chosen(http, wanted.routes, own, str((one.get("metadata") or {}).get("name", "")))
        made["http"] = [_split(r, rule, split) if index in chosen else r for index, r in enumerate(http)]
    for name, ports in (("tls", wanted.tls_routes), ("tcp", wanted.tcp_routes)):
        routes = spec.get(name) or []
        if ports or (routes and not http and len(routes) == 1):
            made[name] = [_split(r, rule, split) if not ports or _on_port(r, ports) else r for r in routes]
    return made


def _chosen(routes: Sequence[Body], names: Sequence[str], own: Collection[str], service: str) -> set[int]:
    if names:
        indexes = {route.get("name"): index for index, route in enumerate(routes)}
        missing = [name for name in names if name not in indexes]
        if missing:
            raise EvaluationError(f"HTTP Route '{missing[0]}' is not found in the defined Virtual Service {service}")
        return {indexes[name] for name in names}
    others = {index for index, route in enumerate(routes) if route.get("name") not in own}
    if len(others) != 1:
        raise EvaluationError(
            f"virtualService {service} has {len(others)} http routes: name those that are to be managed"
        )
    return others


def _on_port(route: Body, ports: Sequence[Any]) -> bool:
    for wanted in ports:
        for match in route.get("match") or ():
            hosts = set(match.get("sniHosts") or ())
            if wanted.port in (0, match.get("port")) and (not wanted.sni_hosts or hosts == set(wanted.sni_hosts)):
                return True
    return False


def _split(route: Body, rule: DestinationRule | None, split: Split) -> dict[str, Any]:
    extra = {one.service: one.weight for one in split.additional}
    subsets = _subset_weights(rule, split)
    canary = _name(rule.canary_subset_name if rule is not None else "", split.canary_service)
    stable = _name(rule.stable_subset_name if rule is not None else "", split.stable_service)
    left = max(0, split.stable - sum(subsets.values())) if subsets else max(0, split.stable)
    made, seen = list[dict[str, Any]](), set[str]()
    for one in route.get("route") or ():
        destination = one.get("destination") or {}
        host, subset = str(destination.get("host", "")).partition(".")[0], destination.get("subset", "")
        seen.add(host)
        if host in extra:
            made.append({**one, "weight": extra[host]})
        elif subset and subset in subsets:
            made.append({**one, "weight": subsets[subset]})
        elif _is(canary, host, subset):
            made.append({**one, "weight": split.canary})
        elif _is(stable, host, subset):
            made.append({**one, "weight": left})
        elif not one.get("weight"):
            made.append(dict(one))
    made += [{"destination": {"host": name}, "weight": extra[name]} for name in sorted(extra.keys() - seen)]
    return {**route, "route": made}


def _name(subset: str, service: str) -> tuple[str, str]:
    return subset, service


def _is(wanted: tuple[str, str], host: str, subset: str) -> bool:
    name, service = wanted
    if name and subset:
        return subset == name
    return bool(service) and host == service


def _subset_weights(rule: DestinationRule | None, split: Split) -> dict[str, int]:
    """Weights of additional subsets, which take experiments' destinations in their order."""
    if rule is None or not rule.additional_subset_names:
        return {}
    weights = [one.weight for one in split.additional]
    return dict(zip(rule.additional_subset_names, [*weights, *([0] * len(rule.additional_subset_names))], strict=False))


def _subsets(rollout: Rollout, rule: DestinationRule, objects: Objects, split: Split) -> Iterator[Change]:
    """The subsets select their versions (UpdateHash)."""
    ref = Ref(_GROUP, "DestinationRule", rule.name)
    one = found(objects, ref)
    wanted = {rule.canary_subset_name: split.canary_hash, rule.stable_subset_name: split.stable_hash}
    wanted |= dict(zip(rule.additional_subset_names, (d.pod_hash for d in split.additional), strict=False))
    subsets = []
    for subset in (one.get("spec") or {}).get("subsets") or ():
        pod_hash = wanted.get(subset.get("name", ""))
        labels = {**(subset.get("labels") or {})}
        if pod_hash:
            labels[HASH] = pod_hash
        subsets.append({**subset, "labels": labels} if labels else dict(subset))
    body: dict[str, Any] = {}
    if subsets != ((one.get("spec") or {}).get("subsets") or []):
        body["spec"] = {"subsets": subsets}
    if ((one.get("metadata") or {}).get("annotations") or {}).get(MANAGED_BY) != rollout.metadata.name:
        body["metadata"] = {"annotations": {MANAGED_BY: rollout.metadata.name}}
    if body:
        yield Change(ref, body)
