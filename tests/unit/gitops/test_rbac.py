"""Who may do what, where policies are broken or loops."""

from __future__ import annotations

import pytest

from argosy.errors import InvalidObject
from argosy.gitops.rbac import claims, policies
from argosy.gitops.rbac.builtin import BUILTIN_POLICY
from argosy.gitops.rbac.enforcing import Enforcer, Request
from argosy.resources.appproject import AppProject, Role

GET = Request("applications", "get", "team/app")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ('g, "a, b", "say ""hi"""', ("a, b", 'say "hi"')),
        ("g,  a ,b", ("a ", "b")),
        ("g, ,b", ("", "b")),
    ],
)
def test_fields_of_a_line(line: str, fields: tuple[str, str]) -> None:
    assert policies.parse(line).members == (fields,)


@pytest.mark.parametrize(
    "line",
    ['g, "a, b', 'g, a"b, c', 'g, "a"b, c', "g, a", "p, a, b, c, d", "x, a, b", ", a, b", "p2, a, b, c, d, allow"],
)
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(InvalidObject) as raised:
        policies.parse(f"# about\n\n{line}")
    assert raised.value.line == 3


def test_roles_may_run_in_a_circle() -> None:
    enforcer = Enforcer.of(["g, a, b\ng, b, a\np, b, applications, get, */*, allow"])
    assert enforcer.allows("a", GET)
    assert not enforcer.allows("c", GET)


def test_a_pattern_that_is_none_matches_nothing() -> None:
    text = "p, a, applications, get, [, allow"
    assert not Enforcer.of([text]).allows("a", GET)
    assert not Enforcer.of([text], mode="regex").allows("a", GET)


def test_a_project_whose_policies_cannot_be_read_adds_none() -> None:
    enforcer = Enforcer.of([BUILTIN_POLICY])
    assert enforcer.for_project("team", [Role(name="r", policies=("nonsense",))]) == enforcer


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"sub": "proj:team:dev"}, True),
        ({"sub": "proj:team:ops"}, False),
        ({"sub": "proj:other:dev"}, False),
        ({"sub": "proj:team"}, False),
        ({"sub": "x", "groups": ["devs"]}, True),
        ({"sub": "x", "groups": "devs"}, True),
        ({"sub": "x", "groups": [7, None]}, False),
        ({"sub": 7}, False),
        ({"sub": "x", "federated_claims": {"user_id": "admin"}}, True),
        ({}, False),
    ],
)
def test_tokens(given: dict[str, object], found: bool) -> None:
    role = {"name": "dev", "policies": ["p, proj:team:dev, applications, get, team/*, allow"], "groups": ["devs"]}
    project = AppProject.of({"metadata": {"name": "team"}, "spec": {"roles": [role]}})
    enforcer = Enforcer.of([BUILTIN_POLICY])
    assert claims.allows(enforcer, given, GET, {"team": project}.get) is found
