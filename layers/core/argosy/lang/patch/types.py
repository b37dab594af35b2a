"""How Kubernetes' own types are merged: the lists that are merged by a key, from the patch tags of k8s.io/api v0.34.

A type is what its fields are; a field that is not named is merged as plain JSON: objects member by member, lists replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["PLAIN", "TYPES", "Type"]


@dataclass(frozen=True, slots=True)
class Type:
    """An object, or the items of a list. `merged`: a list is merged, not replaced, by `key` ("" = of plain values).

    `retain`: a patch names the members that stay (a union of which one is set). `whole`: an object is replaced, not merged.
    """

    fields: Mapping[str, Type] = field(default_factory=dict)
    merged: bool = False
    key: str = ""
    retain: bool = False
    whole: bool = False


def _by(key: str, **fields: Type) -> Type:
    return Type(fields, merged=True, key=key)


def _of(**fields: Type) -> Type:
    return Type(fields)


PLAIN: Final = Type()
_SET: Final = Type(merged=True)
_META: Final = _of(ownerReferences=_by("uid"), finalizers=_SET)
_CONDITIONS: Final = _of(conditions=_by("type"))
_CONTAINERS: Final = _by(
    "name", env=_by("name"), ports=_by("containerPort"), volumeMounts=_by("mountPath"), volumeDevices=_by("devicePath")
)
_POD_SPEC: Final = _of(
    volumes=_by("name"),
    containers=_CONTAINERS,
    initContainers=_CONTAINERS,
    ephemeralContainers=_CONTAINERS,
    imagePullSecrets=_by("name"),
    hostAliases=_by("ip"),
    topologySpreadConstraints=_by("topologyKey"),
    schedulingGates=_by("name"),
    resourceClaims=_by("name"),
)
_TEMPLATE: Final = _of(metadata=_META, spec=_POD_SPEC)
_JOB_SPEC: Final = _of(template=_TEMPLATE)


def _workload(**spec: Type) -> Type:
    return _of(metadata=_META, spec=_of(template=_TEMPLATE, **spec), status=_CONDITIONS)


TYPES: Final[Mapping[str, Type]] = {
    "ConfigMap": _of(metadata=_META),
    "CronJob": _of(metadata=_META, spec=_of(jobTemplate=_of(metadata=_META, spec=_JOB_SPEC))),
    "DaemonSet": _workload(),
    "Deployment": _workload(),
    "Job": _of(metadata=_META, spec=_JOB_SPEC, status=_CONDITIONS),
    "Node": _of(metadata=_META, spec=_of(podCIDRs=_SET), status=_of(conditions=_by("type"), addresses=_by("type"))),
    "Pod": _of(
        metadata=_META,
        spec=_POD_SPEC,
        status=_of(conditions=_by("type"), hostIPs=_by("ip"), podIPs=_by("ip")),
    ),
    "ReplicaSet": _workload(),
    "Secret": _of(metadata=_META),
    "Service": _of(metadata=_META, spec=_of(ports=_by("port")), status=_CONDITIONS),
    "ServiceAccount": _of(metadata=_META, secrets=_by("name")),
    "StatefulSet": _workload(),
}
