"""Deciding whether a subject may do something.

In: the policies that are in force, and a request; out: yes or no. Called through `argosy.gitops.rbac.claims`. Follows
`util/rbac/rbac.go` and the model of `assets/model.conf` in Argo CD 3.6: some rule allows and none denies; the default role
is asked first, on its own, and cannot be denied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.projects.patterns import glob_matches
from argosy.gitops.rbac import policies
from argosy.gitops.rbac.policies import Policy, Rule
from argosy.lang import regex
from argosy.resources.appproject import Role

__all__ = ["Enforcer", "Request"]

_DEEPEST: Final = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do."""

    resource: str
    action: str
    object: str


@dataclass(frozen=True, slots=True)
class Enforcer:
    """The policies in force, and how they are read."""

    policy: Policy
    default_role: str = ""
    mode: Literal["glob", "regex"] = "glob"
    enabled: bool = True

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        default_role: str = "",
        mode: Literal["glob", "regex"] = "glob",
        *,
        enabled: bool = True,
    ) -> Enforcer:
        """Read the policies. Raises InvalidObject for a text that is none."""
        found = Policy()
        for text in texts:
            found += policies.parse(text)
        return cls(found, default_role, mode, enabled)

    def for_project(self, project: str, roles: Sequence[Role]) -> Enforcer:
        """The same with a project's own policies; without them when they cannot be read."""
        try:
            return replace(self, policy=self.policy + policies.parse(policies.project_text(project, roles)))
        except InvalidObject:
            return self

    def allows(self, subject: str, request: Request) -> bool:
        """Whether it may be done."""
        if not self.enabled:
            return True
        if self.default_role and self._allowed(self.default_role, request):
            return True
        return self._allowed(subject, request)

    def _allowed(self, subject: str, request: Request) -> bool:
        held = self._roles(subject)
        effects = {rule.effect for rule in self.policy.rules if rule.subject in held and self._fits(rule, request)}
        return "allow" in effects and "deny" not in effects

    def _roles(self, subject: str) -> set[str]:
        """The subject and all roles that it has, also through others."""
        above: defaultdict[str, list[str]] = defaultdict(list)
        for member, role in self.policy.members:
            above[member].append(role)
        found, newest = {subject}, [subject]
        for _ in range(_DEEPEST):
            newest = [role for one in newest for role in above[one] if role not in found]
            found.update(newest)
        return found

    def _fits(self, rule: Rule, request: Request) -> bool:
        return (
            self._matches(rule.resource, request.resource)
            and self._matches(rule.action, request.action)
            and self._matches(rule.object, request.object)
        )

    def _matches(self, pattern: str, text: str) -> bool:
        if self.mode == "glob":
            return glob_matches(pattern, text)
        try:
            return regex.compile(pattern).search(text)
        except EvaluationError:
            return False
