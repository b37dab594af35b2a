"""Defaults of storage.k8s.io (`pkg/apis/storage/v1/defaults.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _missing(obj: Json, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


def _class(obj: Json) -> None:
    _missing(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _driver(obj: Json) -> None:
    spec = obj["spec"]
    _missing(
        spec,
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        requiresRepublish=False,
        seLinuxMount=False,
    )
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "storage.v1.CSIDriver": _driver,
    "storage.v1.StorageClass": _class,
    "storage.v1beta1.CSIDriver": _driver,
    "storage.v1beta1.StorageClass": _class,
}
