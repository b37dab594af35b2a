"""Defaults of core/v1 (`pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

__all__ = ["DEFAULTS", "fill"]

type Json = dict[str, Any]

_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/-]*\Z")
_VOLUME_PARTS: Final = {"name"}
_MODE: Final = 0o644


def fill(obj: Json, values: Mapping[str, Any]) -> None:
    """Set what is absent or empty."""
    for name, value in values.items():
        if obj.get(name) in (None, "", 0) and obj.get(name) is not False:
            obj[name] = value


def _filling(**values: Any) -> Callable[[Json], None]:
    return partial(fill, values=values)


def _missing(obj: Json, name: str, value: Any) -> None:
    """Set what is absent; pointers to zero stay."""
    if obj.get(name) is None:
        obj[name] = value


def _pull_policy(image: str) -> str:
    """A tag that moves is pulled always."""
    whole, _, digest = image.partition("@")
    head, slash, last = whole.rpartition("/")
    name, colon, tag = last.partition(":")
    domain, _, rest = head.partition("/")
    is_domain = bool(slash) and ("." in domain or ":" in domain or domain == "localhost")
    path = "/".join(part for part in ((rest if is_domain else head), name) if part)
    if not _IMAGE.match(path):
        return "IfNotPresent"
    latest = tag == "latest" if colon else not digest
    return "Always" if latest else "IfNotPresent"


def _container(obj: Json) -> None:
    fill(
        obj,
        {
            "imagePullPolicy": _pull_policy(obj.get("image", "")),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        },
    )


def _volume(obj: Json) -> None:
    if not any(name not in _VOLUME_PARTS for name in obj):
        obj["emptyDir"] = {}
    image = obj.get("image")
    if image is not None:
        fill(image, {"pullPolicy": _pull_policy(image.get("reference", ""))})


def _pod(obj: Json) -> None:
    spec = obj["spec"]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        resources = container["resources"]
        if resources.get("limits") is not None:
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
        if spec.get("hostNetwork"):
            for port in container.get("ports") or ():
                fill(port, {"hostPort": port.get("containerPort", 0)})
    _missing(spec, "enableServiceLinks", True)


def _pod_spec(obj: Json) -> None:
    fill(obj, {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler"})
    _missing(obj, "securityContext", {})
    _missing(obj, "terminationGracePeriodSeconds", 30)


def _service(obj: Json) -> None:
    spec, status = obj["spec"], obj["status"]
    fill(spec, {"sessionAffinity": "None"})
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if config.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
    fill(spec, {"type": "ClusterIP"})
    kind = spec["type"]
    for port in spec.get("ports") or ():
        fill(port, {"protocol": "TCP", "targetPort": port.get("port", 0)})
    if kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and spec.get("externalIPs")):
        fill(spec, {"externalTrafficPolicy": "Cluster"})
    if kind in ("NodePort", "LoadBalancer", "ClusterIP"):
        _missing(spec, "internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        _missing(spec, "allocateLoadBalancerNodePorts", True)
        for one in status["loadBalancer"].get("ingress") or ():
            if one.get("ip"):
                _missing(one, "ipMode", "VIP")


def _controller(obj: Json) -> None:
    labels = ((obj["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        obj["spec"]["selector"] = obj["spec"].get("selector") or labels
        obj["metadata"]["labels"] = obj["metadata"].get("labels") or labels
    _missing(obj["spec"], "replicas", 1)


def _namespace(obj: Json) -> None:
    name = obj["metadata"].get("name")
    if name:
        obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": name}


def _node_status(obj: Json) -> None:
    if obj.get("allocatable") is None and obj.get("capacity") is not None:
        obj["allocatable"] = dict(obj["capacity"])


def _limit(obj: Json) -> None:
    if obj.get("type") != "Container":
        return
    obj["default"] = {**(obj.get("max") or {}), **(obj.get("default") or {})}
    obj["defaultRequest"] = {**(obj.get("min") or {}), **obj["default"], **(obj.get("defaultRequest") or {})}


def _volume_of(obj: Json) -> None:
    fill(obj["status"], {"phase": "Pending"})
    fill(obj["spec"], {"persistentVolumeReclaimPolicy": "Retain"})
    _missing(obj["spec"], "volumeMode", "Filesystem")


def _claim(obj: Json) -> None:
    fill(obj["status"], {"phase": "Pending"})


def _absent(**values: Any) -> Callable[[Json], None]:
    def set_(obj: Json) -> None:
        for name, value in values.items():
            _missing(obj, name, value)

    return set_


_SCALE_IO = _filling(storageMode="ThinProvisioned", fsType="xfs")
_ISCSI = _filling(iscsiInterface="default")
_RBD = _filling(pool="rbd", user="admin", keyring="/etc/ceph/keyring")

DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "core.v1.AzureDiskVolumeSource": _absent(cachingMode="ReadWrite", fsType="ext4", readOnly=False, kind="Shared"),
    "core.v1.ConfigMapVolumeSource": _absent(defaultMode=_MODE),
    "core.v1.Container": _container,
    "core.v1.ContainerPort": _filling(protocol="TCP"),
    "core.v1.DownwardAPIVolumeSource": _absent(defaultMode=_MODE),
    "core.v1.EndpointPort": _filling(protocol="TCP"),
    "core.v1.EphemeralContainer": _container,
    "core.v1.FileKeySelector": _absent(optional=False),
    "core.v1.GRPCAction": _absent(service=""),
    "core.v1.HTTPGetAction": _filling(path="/", scheme="HTTP"),
    "core.v1.HostPathVolumeSource": _absent(type=""),
    "core.v1.ISCSIPersistentVolumeSource": _ISCSI,
    "core.v1.ISCSIVolumeSource": _ISCSI,
    "core.v1.LimitRangeItem": _limit,
    "core.v1.Namespace": _namespace,
    "core.v1.NamespaceStatus": _filling(phase="Active"),
    "core.v1.NodeStatus": _node_status,
    "core.v1.ObjectFieldSelector": _filling(apiVersion="v1"),
    "core.v1.PersistentVolume": _volume_of,
    "core.v1.PersistentVolumeClaim": _claim,
    "core.v1.PersistentVolumeClaimSpec": _absent(volumeMode="Filesystem"),
    "core.v1.Pod": _pod,
    "core.v1.PodSpec": _pod_spec,
    "core.v1.Probe": _filling(timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3),
    "core.v1.ProjectedVolumeSource": _absent(defaultMode=_MODE),
    "core.v1.RBDPersistentVolumeSource": _RBD,
    "core.v1.RBDVolumeSource": _RBD,
    "core.v1.ReplicationController": _controller,
    "core.v1.ScaleIOPersistentVolumeSource": _SCALE_IO,
    "core.v1.ScaleIOVolumeSource": _SCALE_IO,
    "core.v1.Secret": _filling(type="Opaque"),
    "core.v1.SecretVolumeSource": _absent(defaultMode=_MODE),
    "core.v1.Service": _service,
    "core.v1.ServiceAccountTokenProjection": _absent(expirationSeconds=3600),
    "core.v1.Volume": _volume,
}
