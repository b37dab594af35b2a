"""Defaults of networking.k8s.io and discovery.k8s.io (`pkg/apis/networking/v1/defaults.go`, `pkg/apis/discovery/v1`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _missing(obj: Json, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


def _policy(obj: Json) -> None:
    spec = obj["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _ingress_class(obj: Json) -> None:
    parameters = obj["spec"].get("parameters")
    if parameters is not None:
        _missing(parameters, scope="Cluster")


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "discovery.v1.EndpointPort": lambda obj: _missing(obj, name="", protocol="TCP"),
    "discovery.v1beta1.EndpointPort": lambda obj: _missing(obj, name="", protocol="TCP"),
    "networking.v1.IngressClass": _ingress_class,
    "networking.v1.NetworkPolicy": _policy,
    "networking.v1.NetworkPolicyPort": lambda obj: _missing(obj, protocol="TCP"),
}
