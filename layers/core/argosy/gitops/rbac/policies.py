"""Policies: their text, and the rules that stand in it.

In: texts in casbin's form (`p, subject, resource, action, object, effect` and `g, member, role`); out: rules. Called when
`argocd-rbac-cm` or a project is read. Follows `loadPolicyLine` and `PolicyCSV` of `util/rbac/rbac.go`, and
`ProjectPoliciesString` of `pkg/apis/application/v1alpha1/types.go`, in Argo CD 3.6. Lines are read as Go's `encoding/csv`
reads them, blanks before a field left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from argosy.errors import InvalidObject
from argosy.resources.appproject import Role

__all__ = ["Policy", "Rule", "composed", "parse", "project_text"]

_BLANK = " \t"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line `p`."""

    subject: str
    resource: str
    action: str
    object: str
    effect: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules, and who is a member of which role."""

    rules: tuple[Rule, ...] = ()
    members: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Policy) -> Policy:
        return Policy(self.rules + other.rules, self.members + other.members)


def composed(data: Mapping[str, str]) -> str:
    """The text of a ConfigMap's `policy.csv` and all `policy.NAME.csv`, these in the order of their keys."""
    parts = [
        data[key]
        for key in sorted(data)
        if key.startswith("policy.") and key.endswith(".csv") and key != "policy.csv" and len(key) > len("policy..csv")
    ]
    return "\n".join([data.get("policy.csv", ""), *parts])


def project_text(project: str, roles: Sequence[Role]) -> str:
    """What a project's roles say: each may read the project, what its policies say, and who its groups are."""
    lines: list[str] = []
    for role in roles:
        name = f"proj:{project}:{role.name}"
        lines.append(f"p, {name}, projects, get, {project}, allow")
        lines += role.policies
        lines += [f"g, {group}, {name}" for group in role.groups]
    return "\n".join(lines)


def parse(text: str) -> Policy:
    """Read a policy. Raises InvalidObject that names the first line that is wrong."""
    rules: list[Rule] = []
    members: list[tuple[str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        fields = list(_fields(stripped, number))
        if fields[0] == "p" and len(fields) == 6:
            rules.append(Rule(*fields[1:]))
        elif fields[0] == "g" and len(fields) == 3:
            members.append((fields[1], fields[2]))
        else:
            raise InvalidObject(f"invalid RBAC policy: {stripped}", line=number)
    return Policy(tuple(rules), tuple(members))


def _fields(line: str, number: int) -> Iterator[str]:
    """The fields of a line of CSV."""
    at = 0
    while True:
        while line[at : at + 1] in _BLANK and at < len(line):
            at += 1
        if line[at : at + 1] == '"':
            field, at = _quoted(line, at + 1, number)
        else:
            end = line.find(",", at)
            end = len(line) if end < 0 else end
            field = line[at:end]
            if '"' in field:
                raise InvalidObject(f"invalid RBAC policy: a quote stands within a field: {line}", line=number)
            at = end
        yield field
        if at >= len(line):
            return
        at += 1


def _quoted(line: str, at: int, number: int) -> tuple[str, int]:
    """A field in quotes, and the place behind it; two quotes within stand for one."""
    out = ""
    while True:
        end = line.find('"', at)
        if end < 0:
            raise InvalidObject(f"invalid RBAC policy: a quote is not closed: {line}", line=number)
        out += line[at:end]
        behind = line[end + 1 : end + 2]
        if behind == '"':
            out, at = out + '"', end + 2
        elif behind in ("", ","):
            return out, end + 1
        else:
            raise InvalidObject(f"invalid RBAC policy: text follows a closing quote: {line}", line=number)
