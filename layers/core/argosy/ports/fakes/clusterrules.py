"""The rules of an API server that the fake cluster follows: label selectors and role-based access.

In: selector texts, labels, Role and RoleBinding objects. Out: yes or no. Called by `FakeCluster` alone; a real
server does both itself. Selectors as in apimachinery v0.34 (labels/selector.go), access as in the RBAC authorizer
(plugin/pkg/auth/authorizer/rbac).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.errors import InvalidObject
from argosy.ports.cluster import ServiceAccount

__all__ = ["Request", "allowed", "selector"]

type Labels = Mapping[str, str]

_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]*"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<key1>{_KEY})"
    rf"|(?P<key2>{_KEY})\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key3>{_KEY})\s*(?P<operator>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|(?P<key4>{_KEY}))\s*(?:,|$)"
)


def selector(text: str) -> Callable[[Labels], bool]:
    """A test for labels. Raises `InvalidObject` for a text that is no selector."""
    tests: list[Callable[[Labels], bool]] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise InvalidObject(
                f"unable to parse requirement at {text[position:]!r}", obj="list", field="labelSelector"
            )
        tests.append(_requirement(match))
        position = match.end()
    if text.rstrip().endswith(","):
        raise InvalidObject("a requirement is missing at the end", obj="list", field="labelSelector")
    return lambda labels: all(test(labels) for test in tests)


def _requirement(match: re.Match[str]) -> Callable[[Labels], bool]:
    key = match["key1"] or match["key2"] or match["key3"] or match["key4"]
    if match["absent"]:
        return lambda labels: key not in labels
    if match["set"]:
        values = {one.strip() for one in match["values"].split(",")}
    elif match["operator"]:
        values = {match["value"]}
    else:
        return lambda labels: key in labels
    if match["set"] == "notin" or match["operator"] == "!=":
        return lambda labels: labels.get(key) not in values  # as upstream: also without the label
    return lambda labels: labels.get(key) in values


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do. `namespace` is empty for kinds without one and for all namespaces."""

    verb: str
    group: str
    plural: str
    namespace: str
    name: str


def allowed(user: ServiceAccount, request: Request, objects: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a binding among `objects` (all RBAC objects of the cluster) gives `user` the right."""
    found = list(objects)
    roles = {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one.get("rules") or []
        for one in found
    }
    for binding in found:
        if binding["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        namespace = binding["metadata"].get("namespace", "")
        if binding["kind"] == "RoleBinding" and namespace != request.namespace:
            continue
        if not any(_is_subject(user, one, namespace) for one in binding.get("subjects") or []):
            continue
        reference = binding["roleRef"]
        home = namespace if reference["kind"] == "Role" else ""
        if any(_covers(rule, request) for rule in roles.get((reference["kind"], home, reference["name"]), [])):
            return True
    return False


def _is_subject(user: ServiceAccount, subject: Mapping[str, Any], namespace: str) -> bool:
    if subject["kind"] == "ServiceAccount":
        return (subject.get("namespace", namespace), subject["name"]) == (user.namespace, user.name)
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    return bool(subject["name"] == user.user)


def _covers(rule: Mapping[str, Any], request: Request) -> bool:
    def has(field: str, value: str) -> bool:
        return value in rule.get(field, []) or "*" in rule.get(field, [])

    names = rule.get("resourceNames") or []
    named = not names or (request.verb not in ("create", "list") and request.name in names)
    return has("verbs", request.verb) and has("apiGroups", request.group) and has("resources", request.plural) and named
