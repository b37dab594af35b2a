"""Defaults of autoscaling (`pkg/apis/autoscaling/v1/defaults.go`, `v2`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]

_PERIOD: Final = 15
_HUNDRED: Final[Json] = {"type": "Percent", "value": 100, "periodSeconds": _PERIOD}
_UP: Final[Json] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": _PERIOD}, _HUNDRED],
}
_DOWN: Final[Json] = {"selectPolicy": "Max", "policies": [_HUNDRED]}
_CPU: Final[Json] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


def _first(obj: Json) -> None:
    if obj["spec"].get("minReplicas") is None:
        obj["spec"]["minReplicas"] = 1


def _second(obj: Json) -> None:
    _first(obj)
    spec = obj["spec"]
    if not spec.get("metrics"):
        spec["metrics"] = [_CPU]
    behavior = spec.get("behavior")
    if behavior is not None:
        for name, rules in (("scaleUp", _UP), ("scaleDown", _DOWN)):
            given = {key: value for key, value in (behavior.get(name) or {}).items() if value is not None}
            behavior[name] = rules | given


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "autoscaling.v1.HorizontalPodAutoscaler": _first,
    "autoscaling.v2.HorizontalPodAutoscaler": _second,
}
