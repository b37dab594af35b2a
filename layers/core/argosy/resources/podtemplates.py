"""Pod templates as the API server completes them, so that a written one can be compared with a stored one.

Follows `pkg/apis/core/v1/defaults.go` and `zz_generated.defaults.go` of Kubernetes (SetObjectDefaults_PodTemplate). In and
out: plain JSON; what is given is never changed in place. A custom resource's template is stored as it was written, a
ReplicaSet's with its defaults; this is the only way to tell that both mean the same pods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.quantity import parse

__all__ = ["completed", "same_pods"]

type Json = dict[str, Any]

_POD: Final = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER: Final = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_PROBE: Final = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_MODES: Final = ("secret", "configMap", "downwardAPI", "projected")


def completed(template: Mapping[str, Any]) -> Json:
    """The template with all defaults, quantities in their canonical form, and nothing that is empty."""
    spec = dict(template.get("spec") or {})
    for name, value in _POD.items():
        spec.setdefault(name, value)
    account = spec.pop("serviceAccount", None)  # deprecated; the server keeps both names the same
    if account and not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = account
    host = bool(spec.get("hostNetwork"))
    for name in ("containers", "initContainers", "ephemeralContainers"):
        if spec.get(name):
            spec[name] = [_container(one, host=host) for one in spec[name]]
    if spec.get("volumes"):
        spec["volumes"] = [_volume(one) for one in spec["volumes"]]
    if spec.get("overhead"):
        spec["overhead"] = _quantities(spec["overhead"])
    metadata = {name: value for name, value in (template.get("metadata") or {}).items() if name != "creationTimestamp"}
    made: Json = _bare({"metadata": metadata, "spec": spec})
    return made


def same_pods(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two templates make the same pods."""
    return completed(one) == completed(other)


def _container(container: Mapping[str, Any], *, host: bool) -> Json:
    made = {**_CONTAINER, **container}
    if not made.get("imagePullPolicy"):
        made["imagePullPolicy"] = "Always" if _is_latest(str(made.get("image", ""))) else "IfNotPresent"
    if made.get("ports"):
        made["ports"] = [_port(one, host=host) for one in made["ports"]]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if made.get(name):
            made[name] = _probe(made[name])
    if made.get("lifecycle"):
        made["lifecycle"] = {name: _handler(one) for name, one in made["lifecycle"].items()}
    if made.get("env"):
        made["env"] = [_variable(one) for one in made["env"]]
    resources = made.get("resources") or {}
    limits, requests = _quantities(resources.get("limits") or {}), _quantities(resources.get("requests") or {})
    made["resources"] = {**resources, "limits": limits, "requests": {**limits, **requests}}
    return made


def _is_latest(image: str) -> bool:
    if "@" in image:
        return False
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")


def _port(port: Mapping[str, Any], *, host: bool) -> Json:
    made = {"protocol": "TCP", **port}
    if host and not made.get("hostPort"):
        made["hostPort"] = made.get("containerPort")
    return made


def _probe(probe: Mapping[str, Any]) -> Json:
    return {**_handler(probe), **{name: probe.get(name) or value for name, value in _PROBE.items()}}


def _handler(handler: Mapping[str, Any]) -> Json:
    made = dict(handler)
    if made.get("httpGet"):
        get = made["httpGet"]
        made["httpGet"] = {**get, "path": get.get("path") or "/", "scheme": get.get("scheme") or "HTTP"}
    if made.get("grpc"):
        made["grpc"] = {"service": "", **made["grpc"]}
    return made


def _variable(variable: Mapping[str, Any]) -> Json:
    source = variable.get("valueFrom") or {}
    if "fieldRef" in source:
        return {**variable, "valueFrom": {**source, "fieldRef": _field(source["fieldRef"])}}
    if "resourceFieldRef" in source:
        return {**variable, "valueFrom": {**source, "resourceFieldRef": _resource(source["resourceFieldRef"])}}
    return dict(variable)


def _field(reference: Mapping[str, Any]) -> Json:
    return {"apiVersion": "v1", **reference}


def _resource(reference: Mapping[str, Any]) -> Json:
    divisor = _quantities({"d": reference["divisor"]})["d"] if reference.get("divisor") else "0"
    return {**reference, "divisor": divisor}


def _items(source: Json) -> Json:
    """A volume of the downward API, with its fields completed."""
    items = []
    for one in source.get("items") or ():
        made = dict(one)
        if made.get("fieldRef"):
            made["fieldRef"] = _field(made["fieldRef"])
        if made.get("resourceFieldRef"):
            made["resourceFieldRef"] = _resource(made["resourceFieldRef"])
        items.append(made)
    return {**source, "items": items}


def _projection(source: Mapping[str, Any]) -> Json:
    made = dict(source)
    if made.get("serviceAccountToken") is not None:
        made["serviceAccountToken"] = {"expirationSeconds": 3600, **made["serviceAccountToken"]}
    if made.get("downwardAPI"):
        made["downwardAPI"] = _items(made["downwardAPI"])
    return made


def _volume(volume: Mapping[str, Any]) -> Json:
    made = dict(volume)
    for name in _MODES:
        if made.get(name) is not None:
            made[name] = {"defaultMode": 420, **made[name]}
    if made.get("downwardAPI"):
        made["downwardAPI"] = _items(made["downwardAPI"])
    if made.get("projected"):
        made["projected"]["sources"] = [_projection(one) for one in made["projected"].get("sources") or ()]
    for name, default in _VOLUMES.items():
        if made.get(name) is not None:
            made[name] = {**default, **made[name]}
    if made.get("emptyDir") and made["emptyDir"].get("sizeLimit"):
        made["emptyDir"] = {**made["emptyDir"], "sizeLimit": _quantities({"s": made["emptyDir"]["sizeLimit"]})["s"]}
    if not made.keys() - {"name"}:
        made["emptyDir"] = {}
    made["kind"] = sorted(made.keys() - {"name"})  # an empty source says nothing but which one it is
    return made


_VOLUMES: Final[Mapping[str, Json]] = {
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def _quantities(values: Mapping[str, Any]) -> Json:
    made: Json = {}
    for name, value in values.items():
        try:
            made[name] = str(parse(str(value)))
        except EvaluationError:
            made[name] = value  # the API server will say what is wrong with it
    return made


def _bare(value: Any) -> Any:
    """Without what Go leaves out of JSON: nulls, empty texts, lists and objects, and false."""
    if isinstance(value, Mapping):
        made = {name: _bare(one) for name, one in value.items()}
        return {name: one for name, one in made.items() if not (one in (None, "", [], {}) or one is False)}
    if isinstance(value, list | tuple):
        return [_bare(one) for one in value]
    return value
