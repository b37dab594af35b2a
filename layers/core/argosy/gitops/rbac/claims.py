"""Deciding for a token.

In: the claims of a token that has been checked, and a request; out: yes or no. Called by `argosy admin settings rbac`, whose
subject is such a claim. Follows
`server/rbacpolicy/rbacpolicy.go` of Argo CD 3.6: the project that a request is about adds its own roles; a project's token
has these and nothing else; otherwise the user may it, or one of the user's groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from argosy.gitops.rbac.enforcing import Enforcer, Request
from argosy.resources.appproject import AppProject

__all__ = ["DEFAULT_SCOPES", "allows", "application_object"]

DEFAULT_SCOPES: Final = ("groups",)

_OF_PROJECT: Final = ("applications", "applicationsets", "repositories", "clusters", "logs", "exec")


def application_object(project: str, namespace: str, name: str, control: str) -> str:
    """How policies name an Application (RBACName): with its namespace only when that is not Argo's own, `control`."""
    middle = f"{namespace}/" if namespace and namespace != control else ""
    return f"{project or 'default'}/{middle}{name}"


def allows(
    enforcer: Enforcer,
    claims: Mapping[str, Any],
    request: Request,
    project_of: Callable[[str], AppProject | None],
    scopes: Sequence[str] = DEFAULT_SCOPES,
) -> bool:
    """Whether whoever holds the token may do it; `project_of` finds a project by its name."""
    subject = _subject(claims)
    name = _project_name(request)
    project = project_of(name) if name is not None else None
    if project is not None:
        enforcer = enforcer.for_project(project.name, project.spec.roles)
        if subject.startswith("proj:"):
            parts = subject.split(":")
            return len(parts) == 3 and parts[1] == project.name and enforcer.allows(subject, request)
    if enforcer.allows(subject, request):
        return True
    known = {member for member, _ in enforcer.policy.members}
    return any(enforcer.allows(group, request) for group in _groups(claims, scopes) if group in known)


def _subject(claims: Mapping[str, Any]) -> str:
    """Who it is (GetUserIdentifier)."""
    federated = claims.get("federated_claims")
    user = federated.get("user_id") if isinstance(federated, Mapping) else None
    found = user if isinstance(user, str) and user else claims.get("sub")
    return found if isinstance(found, str) else ""


def _project_name(request: Request) -> str | None:
    """The project that a request is about."""
    if request.resource == "projects":
        return request.object
    if request.resource in _OF_PROJECT and "/" in request.object:
        return request.object.partition("/")[0]
    return None


def _groups(claims: Mapping[str, Any], scopes: Sequence[str]) -> list[str]:
    """The values of the claims that name groups (GetScopeValues)."""
    found: list[str] = []
    for scope in scopes:
        value = claims.get(scope)
        values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        found += [one for one in values if isinstance(one, str)]
    return found
