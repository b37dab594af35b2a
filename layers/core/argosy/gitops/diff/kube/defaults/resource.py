"""Defaults of resource.k8s.io (`pkg/apis/resource/v1/defaults.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.gitops.diff.kube.defaults.core import fill

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _request(obj: Json) -> None:
    fill(obj, {"allocationMode": "ExactCount"})
    if obj["allocationMode"] == "ExactCount":
        fill(obj, {"count": 1})


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "resource.v1.DeviceSubRequest": _request,
    "resource.v1.ExactDeviceRequest": _request,
}
