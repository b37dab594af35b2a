"""Health of HorizontalPodAutoscalers (`gitops-engine/pkg/health/health_hpa.go`)."""

from __future__ import annotations

from typing import Any

import orjson

from argosy.errors import InvalidObject
from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said

__all__ = ["autoscaler"]

_NOTED = "autoscaling.alpha.kubernetes.io/conditions"  # where v1 keeps its conditions
_BAD = {
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetContainerResourceMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
    ("ScalingActive", "InvalidMetricSourceType"),
    ("ScalingActive", "InvalidSelector"),
}


def autoscaler(obj: Object) -> Health:
    """Raises InvalidObject when the conditions that v1 keeps in an annotation are no JSON."""
    found = _noted(obj) if obj.get("apiVersion") == "autoscaling/v1" else conditions(obj)
    for one in found:
        if (one.get("type"), one.get("reason")) in _BAD:
            return degraded(said(one))
    for one in found:
        if one.get("type") in ("AbleToScale", "ScalingLimited") and one.get("status") == "True":
            return healthy(said(one))
    return progressing("Waiting to Autoscale")


def _noted(obj: Object) -> list[Any]:
    text = at(obj, "metadata", "annotations", _NOTED)
    if text is None:
        return []
    try:
        found = orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError) as x:
        raise InvalidObject("is no JSON", field=f"metadata.annotations.{_NOTED}") from x
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidObject("is no list of conditions", field=f"metadata.annotations.{_NOTED}")
    return found
