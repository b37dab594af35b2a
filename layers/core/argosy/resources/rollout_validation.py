"""Validation of a Rollout's spec.

Follows `pkg/apis/rollouts/validation/validation.go` of Argo Rollouts: the same fields, in the same words. What the API
server checks (types, required members of the schema) is not repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.selectors import label_selector, matches
from argosy.resources.base import Problem
from argosy.resources.rollout import AntiAffinity, BlueGreen, Canary, PingPong, Rollout, RolloutAnalysis, Step
from argosy.resources.rollout_traffic import TrafficRouting

__all__ = ["validate", "validate_canary", "validate_spec", "validate_strategy"]

_STRATEGY: Final = "spec.strategy"
_NEEDS_SERVICES: Final = ("alb", "istio", "smi", "apisix", "ambassador", "nginx", "app_mesh", "traefik")
_SAME: Final = "This rollout uses the same service for the {} services, but two different services are required."
_ONE_OF_SERVICES: Final = "Canary service and Stable service must to be set to use Traffic Routing"
_ONE_MATCH: Final = "must have exactly one of exact, regex or prefix"
_FIELD: Final = re.compile(r"metadata\.(?:name|namespace|uid|labels|annotations|(?:labels|annotations)\['[^']+'\])\Z")


def validate(rollout: Rollout) -> list[Problem]:
    """Everything that is wrong with it; an empty list for a rollout that can run."""
    return list(validate_spec(rollout))


def validate_spec(rollout: Rollout) -> Iterator[Problem]:
    """The whole spec (ValidateRolloutSpec)."""
    spec = rollout.spec
    for name, value in (
        ("replicas", spec.desired),
        ("minReadySeconds", spec.min_ready_seconds),
        ("revisionHistoryLimit", spec.history_limit),
        ("progressDeadlineSeconds", spec.progress_deadline),
    ):
        if value < 0:
            yield _invalid(f"spec.{name}", value, "must be greater than or equal to 0")
    if spec.progress_deadline <= spec.min_ready_seconds:
        yield _invalid("spec.progressDeadlineSeconds", spec.progress_deadline, "must be greater than minReadySeconds")
    yield from _template(rollout)
    yield from validate_strategy(rollout)


def _template(rollout: Rollout) -> Iterator[Problem]:
    spec, template = rollout.spec, rollout.spec.template or {}
    if spec.workload_ref is not None:
        if template and not rollout.from_workload:
            yield Problem("spec.template", "Internal error: template must be empty for workload reference rollout")
        return
    selector = spec.selector
    if selector is None:
        yield _required("spec.selector", "Rollout has missing field '.spec.selector'")
        return
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield _invalid("spec.selector", selector, "empty selector is invalid for deployment")
        return
    labels = (template.get("metadata") or {}).get("labels") or {}
    try:
        fits = matches(label_selector(selector), labels)
    except EvaluationError as x:
        yield _invalid("spec.selector", selector, str(x))
        return
    if not fits:
        yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _containers(template)


def _containers(template: Mapping[str, Any]) -> Iterator[Problem]:
    containers = (template.get("spec") or {}).get("containers") or []
    if not containers:
        yield _required("spec.template.spec.containers", "")
    for index, container in enumerate(containers):
        for name in ("name", "image"):
            if not container.get(name):
                yield _required(f"spec.template.spec.containers[{index}].{name}", "")


def validate_strategy(rollout: Rollout) -> Iterator[Problem]:
    """The strategy (ValidateRolloutStrategy)."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if canary is None and blue_green is None:
        yield _required(
            f"{_STRATEGY}.strategy", "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'"
        )
    elif canary is not None and blue_green is not None:
        yield _invalid(f"{_STRATEGY}.strategy", "", "Multiple Strategies can not be listed")
    elif blue_green is not None:
        yield from _blue_green(rollout, blue_green)
    else:
        yield from validate_canary(rollout)


def _blue_green(rollout: Rollout, spec: BlueGreen) -> Iterator[Problem]:
    if spec.active_service == spec.preview_service:
        yield _invalid(f"{_STRATEGY}.activeService", spec.active_service, _SAME.format("active and preview"))
    yield from _revision_limit(rollout, spec.scale_down_delay_revision_limit)
    yield from _affinity(spec.anti_affinity)


def _revision_limit(rollout: Rollout, limit: int | None) -> Iterator[Problem]:
    if limit is not None and limit > rollout.spec.history_limit:
        yield _invalid(
            f"{_STRATEGY}.scaleDownDelayRevisionLimit",
            limit,
            "This rollout's revision history limit can not be smaller than the rollout's scale down limit",
        )


def _affinity(affinity: AntiAffinity | None) -> Iterator[Problem]:
    if affinity is None:
        return
    if (affinity.preferred is None) == (affinity.required is None):
        yield _invalid(f"{_STRATEGY}.antiAffinity", "", "AntiAffinity must have exactly one strategy listed")
    elif affinity.preferred is not None and not 1 <= affinity.preferred.get("weight", 0) <= 100:
        weight = affinity.preferred.get("weight", 0)
        yield _invalid(f"{_STRATEGY}.antiAffinity.weight", weight, "AntiAffinity weight must be between 1-100")


def validate_canary(rollout: Rollout) -> Iterator[Problem]:
    """The canary strategy (ValidateRolloutStrategyCanary)."""
    canary = rollout.canary
    if canary is None:
        return
    if _number(canary.max_surge) == 0 and _number(canary.max_unavailable) == 0:
        yield _invalid(f"{_STRATEGY}.maxSurge", canary.max_surge, "MaxSurge and MaxUnavailable both can not be zero")
    if canary.canary_service and canary.canary_service == canary.stable_service:
        yield _invalid(f"{_STRATEGY}.stableService", canary.stable_service, _SAME.format("stable and canary"))
    if canary.ping_pong is not None:
        yield from _ping_pong(canary, canary.ping_pong)
    routing = canary.traffic_routing
    if routing is None:
        yield from _unrouted(canary)
    else:
        yield from _routing(canary, routing)
    for index, step in enumerate(canary.steps or ()):
        yield from _step(canary, step, f"{_STRATEGY}.steps[{index}]")
    analyses = [canary.analysis, *(step.analysis for step in canary.steps or ())]
    yield from _field_refs(one for one in analyses if one is not None)
    yield from _affinity(canary.anti_affinity)


def _number(value: int | str | None) -> int:
    """As it is written: the percentage of a text, the default where nothing is."""
    if value is None:
        return 25
    if isinstance(value, int):
        return value
    digits = value.replace("%", "")
    return int(digits) if digits.lstrip("-").isdigit() else -1


def _ping_pong(canary: Canary, names: PingPong) -> Iterator[Problem]:
    routing, path = canary.traffic_routing, f"{_STRATEGY}.pingPong"
    if routing is not None and routing.alb is None and routing.istio is None and not routing.plugins:
        message = "Ping-pong feature works with the ALB, Istio or plugins traffic routers"
        yield _invalid(f"{_STRATEGY}.trafficRouting.alb", "", message)
    if not names.ping_service:
        yield _invalid(f"{path}.pingService", "", "Ping service name can not be empty for the ping-pong feature")
    if not names.pong_service:
        yield _invalid(f"{path}.pongService", "", "Pong service name can not be empty for the ping-pong feature")
    if names.ping_service == names.pong_service:
        yield _invalid(f"{path}.pingService", names.ping_service, _SAME.format("ping and pong"))
    if routing is not None and routing.alb is not None and not routing.alb.root_service:
        message = "Root service field is required for the configuration with ALB and ping-pong feature enabled"
        yield _invalid(f"{_STRATEGY}.trafficRouting.alb.rootService", "", message)


def _unrouted(canary: Canary) -> Iterator[Problem]:
    if canary.scale_down_delay_seconds is not None:
        yield _invalid(
            f"{_STRATEGY}.scaleDownDelaySeconds",
            canary.scale_down_delay_seconds,
            "Canary scaleDownDelaySeconds can only be used with traffic routing",
        )
    if canary.dynamic_stable_scale:
        message = "Canary dynamicStableScale can only be used with traffic routing"
        yield _invalid(f"{_STRATEGY}.dynamicStableScale", value=True, message=message)


def _routing(canary: Canary, routing: TrafficRouting) -> Iterator[Problem]:
    if _needs_services(canary, routing):
        for name, value in (("stableService", canary.stable_service), ("canaryService", canary.canary_service)):
            if not value:
                yield _invalid(f"{_STRATEGY}.{name}", value, _ONE_OF_SERVICES)
    if canary.scale_down_delay_seconds is not None and canary.dynamic_stable_scale:
        message = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        yield _invalid(f"{_STRATEGY}.dynamicStableScale", value=True, message=message)
    if routing.max_traffic_weight is not None and routing.nginx is None and not routing.plugins:
        yield _invalid(
            f"{_STRATEGY}.trafficRouting.maxTrafficWeight",
            routing.max_traffic_weight,
            "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
        )


def _needs_services(canary: Canary, routing: TrafficRouting) -> bool:
    paired = canary.ping_pong is not None
    for name in _NEEDS_SERVICES:
        if getattr(routing, name) is None or (name == "alb" and paired):
            continue
        if name == "istio" and (paired or (routing.istio is not None and routing.istio.destination_rule is not None)):
            continue
        return True
    return False


def _step(canary: Canary, step: Step, path: str) -> Iterator[Problem]:
    kinds = [one is not None for one in (step.set_weight, step.pause, step.experiment, step.analysis)]
    others = (step.set_canary_scale, step.set_header_route, step.set_mirror_route, step.plugin)
    if sum(kinds) > 1 or not (any(kinds) or any(one is not None for one in others)):
        yield _invalid(
            path, "", "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
        )
    if step.set_weight is not None and not 0 <= step.set_weight <= canary.max_weight:
        message = f"SetWeight needs to be between 0 and {canary.max_weight}"
        yield _invalid(f"{path}.setWeight", step.set_weight, message)
    if step.pause is not None and step.pause.duration is not None and not _lasts(step.pause.duration):
        yield _invalid(f"{path}.pause.duration", step.pause.duration, "Duration needs to be greater than 0")
    if step.set_canary_scale is not None and canary.traffic_routing is None:
        yield _invalid(f"{_STRATEGY}.trafficRouting", "", "SetCanaryScale requires TrafficRouting to be set")
    yield from _header_route(canary, step, path)
    yield from _mirror_route(canary, step, path)
    routing = canary.traffic_routing or TrafficRouting()
    weighted = any((routing.alb, routing.smi, routing.istio, routing.plugins))
    for index, template in enumerate(step.experiment.templates if step.experiment is not None else ()):
        if template.weight is not None and not weighted:
            message = "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins"
            yield _invalid(f"{path}.experiment.templates[{index}].weight", template.weight, message)


def _lasts(value: int | str) -> bool:
    plain = duration.plain_seconds(value)
    try:
        return (duration.parse(str(value)) if plain is None else plain) >= 0
    except EvaluationError:
        return False


def _header_route(canary: Canary, step: Step, path: str) -> Iterator[Problem]:
    route, routing = step.set_header_route, canary.traffic_routing
    if route is None:
        return
    at = f"{path}.setHeaderRoute"
    if routing is None or not any((routing.istio, routing.alb, routing.apisix, routing.plugins)):
        yield _invalid(at, route.name, "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix")
        if routing is None:
            return
    alb_only = routing.alb is not None and not any((routing.istio, routing.apisix, routing.plugins))
    for index, match in enumerate(route.match):
        given = {name for name in ("exact", "regex", "prefix") if (match.get("headerValue") or {}).get(name)}
        if alb_only and given != {"exact"}:
            yield _invalid(f"{at}.match[{index}]", match, "SetHeaderRoute match value invalid, alb supports only exact")
        elif not alb_only and len(given) != 1:
            yield _invalid(f"{at}.match[{index}]", match, f"Set Header match value {_ONE_MATCH}")
    yield from _managed(routing, route.name, at)


def _mirror_route(canary: Canary, step: Step, path: str) -> Iterator[Problem]:
    route, routing = step.set_mirror_route, canary.traffic_routing
    if route is None:
        return
    at = f"{path}.setMirrorRoute"
    if routing is None or not any((routing.istio, routing.plugins)):
        yield _invalid(at, route.name, "SetMirrorRoute requires TrafficRouting, supports Istio only")
        if routing is None:
            return
    for index, match in enumerate(route.match):
        values = [match[name] for name in ("method", "path") if match.get(name) is not None]
        values += (match.get("headers") or {}).values()
        if any(sum(bool(value.get(name)) for name in ("exact", "regex", "prefix")) != 1 for value in values):
            yield _invalid(f"{at}.match[{index}]", match, f"SetMirrorRoute match value {_ONE_MATCH}")
    yield from _managed(routing, route.name, at)


def _managed(routing: TrafficRouting, name: str, at: str) -> Iterator[Problem]:
    if not routing.managed_routes:
        message = "SetHeaderRoute and SetMirrorRoute require TrafficRouting.ManagedRoutes to be set"
        yield _required(f"{_STRATEGY}.trafficRouting.managedRoutes", message)
    elif all(one.name != name for one in routing.managed_routes):
        yield _invalid(
            at, name, "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"
        )


def _field_refs(analyses: Iterator[RolloutAnalysis]) -> Iterator[Problem]:
    for analysis in analyses:
        for arg in analysis.args:
            path = str(((arg.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath", ""))
            if path.startswith("metadata") and not _FIELD.match(path):
                yield _invalid(f"{_STRATEGY}.analyses", path, "is no field of the downward API")


def _invalid(path: str, value: object, message: str) -> Problem:
    """As `field.Invalid` of Kubernetes reads."""
    shown = json.dumps(dict(value) if isinstance(value, Mapping) else value, separators=(",", ":"))
    return Problem(path, f"Invalid value: {shown}: {message}")


def _required(path: str, message: str) -> Problem:
    return Problem(path, f"Required value: {message}" if message else "Required value")
