"""Defaults of apps/v1 (`pkg/apis/apps/v1/defaults.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _missing(obj: Json, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


def _deployment(obj: Json) -> None:
    spec = obj["spec"]
    strategy = spec["strategy"]
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        _missing(strategy, rollingUpdate={})
        _missing(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _missing(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)


def _daemon_set(obj: Json) -> None:
    strategy = obj["spec"]["updateStrategy"]
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        _missing(strategy, rollingUpdate={})
        _missing(strategy["rollingUpdate"], maxUnavailable=1, maxSurge=0)
    _missing(obj["spec"], revisionHistoryLimit=10)


def _stateful_set(obj: Json) -> None:
    spec = obj["spec"]
    strategy = spec["updateStrategy"]
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        _missing(strategy, rollingUpdate={})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        _missing(strategy["rollingUpdate"], partition=0)
    _missing(spec, persistentVolumeClaimRetentionPolicy={}, replicas=1, revisionHistoryLimit=10)
    _missing(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")


def _replica_set(obj: Json) -> None:
    _missing(obj["spec"], replicas=1)


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "apps.v1.DaemonSet": _daemon_set,
    "apps.v1.Deployment": _deployment,
    "apps.v1.ReplicaSet": _replica_set,
    "apps.v1.StatefulSet": _stateful_set,
}
