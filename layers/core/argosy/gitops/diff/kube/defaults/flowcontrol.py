"""Defaults of flowcontrol.apiserver.k8s.io (`pkg/apis/flowcontrol/v1/defaults.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.gitops.diff.kube.defaults.core import fill

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _shares(obj: Json, shares: int) -> None:
    for name, value in (("nominalConcurrencyShares", shares), ("lendablePercent", 0)):
        if obj.get(name) is None:
            obj[name] = value


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "flowcontrol.v1.ExemptPriorityLevelConfiguration": lambda obj: _shares(obj, 0),
    "flowcontrol.v1.FlowSchemaSpec": lambda obj: fill(obj, {"matchingPrecedence": 1000}),
    "flowcontrol.v1.LimitedPriorityLevelConfiguration": lambda obj: _shares(obj, 30),
    "flowcontrol.v1.QueuingConfiguration": lambda obj: fill(obj, {"handSize": 8, "queues": 64, "queueLengthLimit": 50}),
}
