"""Objects in the form in which two of them can be compared (`gitops-engine/pkg/diff/diff.go`, `remarshal` and `Normalize`).

In: a desired or a live object. Out: a new one as its Go type would write it, without what means nothing. Kinds that are not
Kubernetes' own, and objects that do not fit their type, stay as they are but for the parts that all have.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from argosy.gitops.diff.kube import Misfit, encoded, kind_type, whole_numbers
from argosy.gitops.diff.pruning import common
from argosy.gitops.identity import group_version

__all__ = ["canonical", "folded_secret", "normalised"]

type Object = dict[str, Any]

_RBAC: Final = "rbac.authorization.k8s.io"


def canonical(obj: Mapping[str, Any]) -> Object:
    """The object as its type writes it, without fields that were not there before."""
    plain: Object = whole_numbers(dict(obj))
    name = kind_type(plain.get("apiVersion"), plain.get("kind"))
    if name is None:
        return plain
    try:
        return common(plain, encoded(plain, name, strict=True))
    except Misfit:
        return plain


def normalised(obj: Mapping[str, Any], *, ignore_aggregated: bool = False) -> Object:
    """Without its creation time; Secrets, roles and Endpoints in their own one form.

    `ignore_aggregated`: the rules of an aggregated ClusterRole are its controller's and do not count.
    """
    found: Object = dict(obj)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = {name: value for name, value in metadata.items() if name != "creationTimestamp"}
    group, kind = group_version(found)[0], found.get("kind")
    if not group and kind == "Secret":
        return folded_secret(found)
    if group == _RBAC and kind in ("Role", "ClusterRole"):
        return _role(found, ignore_aggregated=ignore_aggregated)
    if not group and kind == "Endpoints":
        return _endpoints(found)
    return found


def folded_secret(secret: Mapping[str, Any]) -> Object:
    """A Secret with its `stringData` in `data`, and nothing null there."""
    found = dict(secret)
    given, data = found.get("stringData"), found.get("data")
    if not isinstance(data, dict | None) or not isinstance(given, dict | None):
        return found
    merged = {name: "" if value is None else value for name, value in (data or {}).items()}
    for name, value in (given or {}).items():
        merged[name] = base64.b64encode(value.encode()).decode("ascii") if isinstance(value, str) else value
    if given is not None:
        del found["stringData"]
    if merged or data is not None:
        found["data"] = merged
    return found


def _role(role: Object, *, ignore_aggregated: bool) -> Object:
    ignored = ignore_aggregated and isinstance(role.get("aggregationRule"), dict)
    if ignored or role.get("rules") == []:
        role["rules"] = None
    return role


def _endpoints(endpoints: Object) -> Object:
    subsets = endpoints.get("subsets")
    if not isinstance(subsets, list) or not _are_maps(subsets):
        return endpoints
    endpoints["subsets"] = sorted((_subset(one) for one in subsets), key=repr)
    return endpoints


def _subset(subset: Object) -> Object:
    found = dict(subset)
    for name in ("addresses", "notReadyAddresses"):
        if isinstance(found.get(name), list):
            found[name] = sorted(found[name], key=_address)
    if isinstance(found.get("ports"), list) and _are_maps(found["ports"]):
        ports = [{**one, "protocol": one.get("protocol") or "TCP"} for one in found["ports"]]
        found["ports"] = sorted(ports, key=lambda one: repr(sorted(one.items())))
    return found


def _address(one: Any) -> tuple[str, str]:
    return (str(one.get("ip")), repr(one.get("targetRef"))) if isinstance(one, dict) else ("", repr(one))


def _are_maps(listed: list[Any]) -> bool:
    return all(isinstance(one, dict) for one in listed)
