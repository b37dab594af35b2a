"""Defaults of admissionregistration.k8s.io (`pkg/apis/admissionregistration/v1/defaults.go`, `v1beta1`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]


def _missing(obj: Json, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


def _webhook(obj: Json, *, mutating: bool) -> None:
    _missing(
        obj, failurePolicy="Fail", matchPolicy="Equivalent", namespaceSelector={}, objectSelector={}, timeoutSeconds=10
    )
    if mutating:
        _missing(obj, reinvocationPolicy="Never")


def _resources(obj: Json) -> None:
    _missing(obj, matchPolicy="Equivalent", namespaceSelector={}, objectSelector={})


def _fails(obj: Json) -> None:
    _missing(obj, failurePolicy="Fail")


def _scoped(obj: Json) -> None:
    _missing(obj, scope="*")


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "admissionregistration.v1.MatchResources": _resources,
    "admissionregistration.v1.MutatingAdmissionPolicySpec": _fails,
    "admissionregistration.v1.MutatingWebhook": partial(_webhook, mutating=True),
    "admissionregistration.v1.NamedRuleWithOperations": _scoped,
    "admissionregistration.v1.RuleWithOperations": _scoped,
    "admissionregistration.v1.ServiceReference": lambda obj: _missing(obj, port=443),
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": _fails,
    "admissionregistration.v1.ValidatingWebhook": partial(_webhook, mutating=False),
}
