"""What is right by Argo's validation and cannot be carried out here: it is refused before anything moves.

Argo would ask a plugin that is not here, or fail in the middle of an update over a number that no computer can use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.duration import MOST_INT32
from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout
from argosy.rollouts.bounds import percent
from argosy.rollouts.traffic import PLUGINS

__all__ = ["unserved"]

_CANARY: Final = "spec.strategy.canary"
_ROUTING: Final = f"{_CANARY}.trafficRouting"
_NUMBERS: Final = (
    "replicas",
    "minReadySeconds",
    "progressDeadlineSeconds",
    "revisionHistoryLimit",
    "strategy.canary.scaleDownDelaySeconds",
    "strategy.canary.abortScaleDownDelaySeconds",
    "strategy.blueGreen.scaleDownDelaySeconds",
    "strategy.blueGreen.abortScaleDownDelaySeconds",
    "strategy.blueGreen.autoPromotionSeconds",
)
_BOUNDS: Final = (
    "strategy.canary.maxSurge",
    "strategy.canary.maxUnavailable",
    "strategy.blueGreen.maxUnavailable",
)
_GATEWAY_ROUTES: Final = ("grpcRoute", "grpcRoutes", "tcpRoute", "tcpRoutes", "tlsRoute", "tlsRoutes")


def unserved(rollout: Rollout, body: Mapping[str, Any]) -> Iterator[Problem]:
    """What of a Rollout; `body`: as it is written."""
    spec = body.get("spec") or {}
    for path in _NUMBERS:
        value = _at(spec, path)
        if isinstance(value, int) and value > MOST_INT32:
            yield _invalid(f"spec.{path}", value, f"must be at most {MOST_INT32}")
    for path in _BOUNDS:
        value = _at(spec, path)
        try:
            percent(value if isinstance(value, int | str) else 0)
        except EvaluationError as x:
            yield _invalid(f"spec.{path}", value, str(x))
    yield from _routing(rollout)
    for index, step in enumerate(rollout.steps):
        if step.plugin is not None:
            path = f"{_CANARY}.steps[{index}].plugin.name"
            yield _invalid(path, step.plugin.name, "plugins of steps are not served", served=False)


def _routing(rollout: Rollout) -> Iterator[Problem]:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    if routing is None:
        return
    if routing.max_traffic_weight is not None and routing.max_traffic_weight <= 0:
        yield _invalid(f"{_ROUTING}.maxTrafficWeight", routing.max_traffic_weight, "must be greater than 0")
    if routing.app_mesh is not None:
        yield _invalid(f"{_ROUTING}.appMesh", "", "AWS App Mesh is not served", served=False)
    for name, config in (routing.plugins or {}).items():
        path = f"{_ROUTING}.plugins[{name}]"
        if name not in PLUGINS:
            served = ", ".join(sorted(PLUGINS))
            yield _invalid(path, name, f"this plugin of traffic routers is not served; {served} is", served=False)
            continue
        for route in _GATEWAY_ROUTES:
            if isinstance(config, Mapping) and config.get(route):
                yield _invalid(f"{path}.{route}", "", "httpRoute and httpRoutes alone are served", served=False)


def _at(spec: Any, path: str) -> Any:
    for name in path.split("."):
        spec = spec.get(name) if isinstance(spec, Mapping) else None
    return spec


def _invalid(path: str, value: object, message: str, *, served: bool = True) -> Problem:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return Problem(path, f"Invalid value: {shown}: {message}", unsupported=not served)
