"""Defaults of rbac.authorization.k8s.io and scheduling.k8s.io (`pkg/apis/rbac/v1/defaults.go`, `pkg/apis/scheduling/v1`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]

_GROUP: Final = "rbac.authorization.k8s.io"


def _binding(obj: Json) -> None:
    obj["roleRef"]["apiGroup"] = obj["roleRef"].get("apiGroup") or _GROUP


def _subject(obj: Json) -> None:
    if not obj.get("apiGroup") and obj.get("kind") in ("User", "Group"):
        obj["apiGroup"] = _GROUP


def _priority(obj: Json) -> None:
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "rbac.v1.ClusterRoleBinding": _binding,
    "rbac.v1.RoleBinding": _binding,
    "rbac.v1.Subject": _subject,
    "rbac.v1beta1.ClusterRoleBinding": _binding,
    "rbac.v1beta1.RoleBinding": _binding,
    "rbac.v1beta1.Subject": _subject,
    "scheduling.v1.PriorityClass": _priority,
    "scheduling.v1beta1.PriorityClass": _priority,
}
