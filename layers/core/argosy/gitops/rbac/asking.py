"""Questions about policies, as `argocd admin settings rbac` asks them.

In: what `argocd-rbac-cm` holds, and a resource, an action and an object as somebody types them. Out: an `Enforcer`, and the
`Request` that is meant. Follows `cmd/argocd/commands/admin/settings_rbac.go` of Argo CD 3.6; what its server asks for and
that file does not know (`get` of accounts, `rollback`) is taken too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from argosy.errors import InvalidObject
from argosy.gitops.rbac.builtin import BUILTIN_POLICY
from argosy.gitops.rbac.enforcing import Enforcer, Request
from argosy.gitops.rbac.policies import composed

__all__ = ["CONFIG_MAP", "asked", "enforcer_of"]

CONFIG_MAP: Final = "argocd-rbac-cm"

_CHANGED: Final = ("create", "get", "update", "delete")
_KEPT: Final = ("create", "get", "delete")
_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("create", "get", "update"),
    "applications": (*_CHANGED, "sync", "rollback", "override", "action"),
    "applicationsets": _CHANGED,
    "certificates": _KEPT,
    "clusters": _CHANGED,
    "exec": ("create",),
    "extensions": ("invoke",),
    "gpgkeys": _KEPT,
    "logs": ("get",),
    "projects": _CHANGED,
    "repositories": _CHANGED,
    "write-repositories": _CHANGED,
}
_OF_ONE_OBJECT: Final = ("action/", "update/", "delete/")
_SHORT: Final = {
    "account": "accounts",
    "app": "applications",
    "apps": "applications",
    "application": "applications",
    "applicationset": "applicationsets",
    "cert": "certificates",
    "certs": "certificates",
    "certificate": "certificates",
    "cluster": "clusters",
    "extension": "extensions",
    "gpgkey": "gpgkeys",
    "key": "gpgkeys",
    "log": "logs",
    "proj": "projects",
    "projs": "projects",
    "project": "projects",
    "repo": "repositories",
    "repos": "repositories",
    "repository": "repositories",
}
_PER_PROJECT: Final = ("applications", "applicationsets", "clusters", "exec", "logs", "repositories")


def enforcer_of(data: Mapping[str, str], *, builtin: bool = True, default_role: str = "") -> Enforcer:
    """The policies of the ConfigMap's `data`, and those that are built in; `default_role` counts in place of its own.

    Raises InvalidObject that names the first line that is no policy.
    """
    mode: Literal["glob", "regex"] = "regex" if data.get("policy.matchMode") == "regex" else "glob"
    texts = [*([BUILTIN_POLICY] if builtin else []), composed(data)]
    return Enforcer.of(texts, default_role or data.get("policy.default", ""), mode)


def asked(action: str, resource: str, target: str, *, strict: bool = True) -> Request:
    """What is asked: short names of resources count, and no object of a project means all.

    Raises InvalidObject for a resource, or an action on it, that there is not, unless it need not be `strict`.
    """
    meant = _SHORT.get(resource, resource)
    if strict:
        if meant not in _ACTIONS:
            raise InvalidObject(f"{resource!r} is no resource; there are {', '.join(_ACTIONS)}", field="RESOURCE")
        of_one = meant == "applications" and action.startswith(_OF_ONE_OBJECT)
        if action not in _ACTIONS[meant] and not of_one:
            known = ", ".join(_ACTIONS[meant])
            raise InvalidObject(f"{action!r} is no action on {meant}; there are {known}", field="ACTION")
    if meant in _PER_PROJECT and target in ("", "*"):
        target = "*/*"
    return Request(meant, action, target)
