"""`alb`: the action annotation of an Ingress that the AWS Load Balancer Controller serves.

Follows `rollout/trafficrouting/alb/alb.go` and `utils/ingress/ingress.go` of Argo Rollouts. With the annotation
`argosy.dev/alb` of the Rollout the load balancer itself is looked at: `verify` waits until its rules have the weights and
its targets are healthy, as Argo does with --aws-verify-target-group; `direct` sets the weights there, too, without waiting
for that controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from argosy.errors import EvaluationError
from argosy.resources.base import Problem
from argosy.resources.rollout import Named, Rollout
from argosy.resources.rollout_traffic import AlbRouting
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, found
from argosy.rollouts.writes import Change, Outside, Ref

__all__ = ["BALANCERS", "MANAGED", "MODE", "Alb", "balancer_ref", "groups_of", "uses"]

MANAGED: Final = "rollouts.argoproj.io/managed-alb-annotations"
MODE: Final = "argosy.dev/alb"
BALANCERS: Final = "elasticloadbalancing"
_PREFIX: Final = "alb.ingress.kubernetes.io"
_LONGEST_STICKINESS: Final = 604_800


def _ref(name: str) -> Ref:
    return Ref("networking.k8s.io", "Ingress", name)


def balancer_ref(ingress: str) -> Ref:
    """The load balancer of an Ingress, which no API server has."""
    return Ref(BALANCERS, "LoadBalancer", ingress)


def groups_of(rollout: Rollout, ingress: str) -> list[str]:
    """The target groups that have to be looked at."""
    canary = rollout.canary
    services = [canary.canary_service, canary.stable_service] if canary is not None else []
    if canary is not None and canary.ping_pong is not None:
        services = [canary.ping_pong.ping_service, canary.ping_pong.pong_service]
    return [f"{rollout.metadata.namespace}/{ingress}-{one}:{_config(rollout).service_port}" for one in services]


def _mode(rollout: Rollout) -> str:
    """`verify`, `direct`, or "" where the Ingress is all that is written."""
    found = rollout.metadata.annotations.get(MODE, "")
    return found if found in ("verify", "direct") else ""


def _config(rollout: Rollout) -> AlbRouting:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return routing.alb if routing is not None and routing.alb is not None else AlbRouting()


def _root(rollout: Rollout) -> str:
    canary = rollout.canary
    return _config(rollout).root_service or (canary.stable_service if canary is not None else "")


def _prefix(config: AlbRouting) -> str:
    return config.annotation_prefix or _PREFIX


def uses(ingress: Body, service: str) -> bool:
    """Whether a rule, or the default backend, of an Ingress names a service (HasRuleWithService)."""
    spec = ingress.get("spec") or {}
    backends = [spec.get("defaultBackend") or {}]
    for rule in spec.get("rules") or ():
        backends += [path.get("backend") or {} for path in (rule.get("http") or {}).get("paths") or ()]
    return any((one.get("service") or {}).get("name") == service for one in backends)


class Alb(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        names = _config(rollout).names
        looked_at = [balancer_ref(name) for name in names] if _mode(rollout) else []
        return [*(_ref(name) for name in names), *looked_at]

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`."""
        for name in _config(rollout).names:
            ref = _ref(name)
            one = objects.get(ref)
            if one is None:
                path = "spec.strategy.canary.trafficRouting.alb.ingress"
                yield Problem(path, f'Invalid value: "{name}": ingress.networking.k8s.io "{name}" not found')
            if _mode(rollout) and objects.get(balancer_ref(name)) is None:
                path = f"metadata.annotations[{MODE}]"
                yield Problem(
                    path, f'Invalid value: "{_mode(rollout)}": the load balancer of ingress "{name}" is not seen'
                )
            if one is not None and not uses(one, _root(rollout)):
                yield Problem(
                    "spec.strategy.canary.trafficRouting.alb.ingress",
                    f'Invalid value: "{ref.name}": ingress `{ref.name}` has no rules using service {_root(rollout)} backend',
                )

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        config, service = _config(rollout), _root(rollout)
        key = f"{_prefix(config)}/actions.{service}"
        text = orjson.dumps(_action(config, split)).decode()
        for name in config.names:
            one = found(objects, _ref(name))
            if not uses(one, service):
                raise EvaluationError(f"ingress does not have service `{service}` in rules")
            yield from _annotated(rollout, _ref(name), one, {key: text})
            if _mode(rollout) == "direct":
                yield from _shared(rollout, objects.get(balancer_ref(name)), name, split)

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """See `Router.header_route`: an action and a condition of its own, on a path that stands before the others."""
        config = _config(rollout)
        action, condition = (f"{_prefix(config)}/{part}.{route.name}" for part in ("actions", "conditions"))
        for ref in (_ref(name) for name in config.names):
            one = found(objects, ref)
            if not route.match:
                yield from _annotated(rollout, ref, one, {action: None, condition: None})
                continue
            group = {"ServiceName": split.canary_service, "ServicePort": str(config.service_port), "Weight": 100}
            texts: dict[str, str | None] = {
                action: orjson.dumps({"Type": "forward", "ForwardConfig": {"TargetGroups": [group]}}).decode(),
                condition: orjson.dumps([_condition(match) for match in route.match]).decode(),
            }
            yield from _annotated(rollout, ref, one, texts)
            yield from _routed(ref, one, route.name, _root(rollout))

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """See `Router.without_routes`."""
        routing = rollout.canary.traffic_routing if rollout.canary is not None else None
        names = [route.name for route in routing.managed_routes] if routing is not None else []
        prefix = _prefix(_config(rollout))
        for ref in (_ref(name) for name in _config(rollout).names):
            one = objects.get(ref)
            annotations = ((one or {}).get("metadata") or {}).get("annotations") or {}
            gone: dict[str, str | None] = {
                f"{prefix}/{part}.{name}": None for name in names for part in ("actions", "conditions")
            }
            gone = {name: None for name in gone if name in annotations}
            if one is not None and gone:
                yield from _annotated(rollout, ref, one, gone)
                yield from _unrouted(ref, one, names)

    def verified(self, rollout: Rollout, objects: Objects, split: Split) -> bool | None:
        """See `Router.verified`: whether every load balancer has the weights, and the canary's targets are healthy."""
        if not _mode(rollout):
            return None
        return all(
            _has_arrived(rollout, objects.get(balancer_ref(name)), name, split) for name in _config(rollout).names
        )


def _groups(rollout: Rollout, ingress: str, split: Split) -> dict[str, int]:
    """What the AWS Load Balancer Controller calls the target groups, and their weights."""
    port, namespace = _config(rollout).service_port, rollout.metadata.namespace
    weights = {split.canary_service: split.canary, split.stable_service: split.stable}
    weights |= {one.service: one.weight for one in split.additional}
    return {f"{namespace}/{ingress}-{service}:{port}": weight for service, weight in weights.items()}


def _shared(rollout: Rollout, balancer: Body | None, ingress: str, split: Split) -> Iterator[Outside]:
    """Set the weights at the load balancer, unless they are so."""
    wanted = _groups(rollout, ingress, split)
    seen = (balancer or {}).get("shares") or {}
    if not balancer or all((seen.get(name) or {}).get("weight") == weight for name, weight in wanted.items()):
        return
    text = orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS).decode()
    yield Outside("alb", f"alb {ingress} {text}", {"hostname": balancer["hostname"], "weights": wanted})


def _has_arrived(rollout: Rollout, balancer: Body | None, ingress: str, split: Split) -> bool:
    seen = (balancer or {}).get("shares") or {}
    for name, weight in _groups(rollout, ingress, split).items():
        share = seen.get(name) or {}
        if share.get("weight") != weight:
            return False
        if weight and (not share.get("targets") or share.get("healthy") != share.get("targets")):
            return False  # traffic goes there, and not all that should answer do
    return True


def _condition(match: Body) -> dict[str, Any]:
    header = {"HttpHeaderName": match.get("headerName"), "Values": [(match.get("headerValue") or {}).get("exact", "")]}
    return {"Field": "http-header", "HttpHeaderConfig": header}


def _action(config: AlbRouting, split: Split) -> dict[str, Any]:
    def group(service: str, weight: int) -> dict[str, Any]:
        return {"ServiceName": service, "ServicePort": str(config.service_port), "Weight": weight}

    groups = [group(split.canary_service, split.canary)]
    groups += [group(one.service, one.weight) for one in split.additional]
    groups.append(group(split.stable_service, split.stable))
    forward: dict[str, Any] = {"TargetGroups": groups}
    sticky = config.stickiness_config
    if sticky is not None and sticky.enabled:
        if not 1 <= sticky.duration_seconds <= _LONGEST_STICKINESS:
            raise EvaluationError(
                "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!"
            )
        forward["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": sticky.duration_seconds}
    return {"Type": "forward", "ForwardConfig": forward}


def _annotated(rollout: Rollout, ref: Ref, one: Body, texts: Mapping[str, str | None]) -> Iterator[Change]:
    """Set annotations, None = remove, and keep account of them under the rollout's name."""
    before = (one.get("metadata") or {}).get("annotations") or {}
    managed = _managed(before)
    mine = [key for key in managed.get(rollout.metadata.name, ()) if texts.get(key, "") is not None]
    mine += [key for key, text in texts.items() if text is not None and key not in mine]
    managed = {**managed, rollout.metadata.name: mine}
    after = {**texts, MANAGED: orjson.dumps(managed).decode()}
    if any(before.get(name) != text for name, text in after.items()):
        yield Change(ref, {"metadata": {"annotations": after}})


def _managed(annotations: Body) -> dict[str, list[str]]:
    try:
        body = orjson.loads(annotations.get(MANAGED, "{}"))
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _routed(ref: Ref, one: Body, name: str, root: str) -> Iterator[Change]:
    """A path to the route's action before each rule's first path to the root service."""
    rules = []
    for rule in (one.get("spec") or {}).get("rules") or ():
        paths = list((rule.get("http") or {}).get("paths") or ())
        names = [((path.get("backend") or {}).get("service") or {}).get("name") for path in paths]
        if root in names and name not in names:
            backend = {"service": {"name": name, "port": {"name": "use-annotation"}}}
            first = paths[names.index(root)]
            paths.insert(0, {**first, "backend": backend})
        rules.append({**rule, "http": {**(rule.get("http") or {}), "paths": paths}})
    if rules != ((one.get("spec") or {}).get("rules") or []):
        yield Change(ref, {"spec": {"rules": rules}})


def _unrouted(ref: Ref, one: Body, names: Sequence[str]) -> Iterator[Change]:
    rules = []
    for rule in (one.get("spec") or {}).get("rules") or ():
        paths = [
            path
            for path in (rule.get("http") or {}).get("paths") or ()
            if ((path.get("backend") or {}).get("service") or {}).get("name") not in names
        ]
        rules.append({**rule, "http": {**(rule.get("http") or {}), "paths": paths}})
    if rules != ((one.get("spec") or {}).get("rules") or []):
        yield Change(ref, {"spec": {"rules": rules}})
