"""`argosy admin settings rbac`: what policies of a file allow, and what is no question and no policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from argosy.cli.main import app
from argosy.errors import ArgosyError, InvalidObject

OPS = """\
# those who run it
p, role:ops, applications, sync, team/*, allow
p, role:ops, applications, action/apps/Deployment/restart, team/*, allow
p, role:ops, applications, delete/*/Pod/*, team/*, allow
p, role:ops, logs, get, */*, allow
p, role:ops, certificates, *, *, allow
g, ada, role:ops
"""


def asked(*words: str) -> Result:
    result = CliRunner().invoke(app, ["admin", "settings", "rbac", *words])
    if isinstance(result.exception, ArgosyError):
        raise result.exception
    return result


@pytest.fixture
def policy(tmp_path: Path) -> str:
    (tmp_path / "policy.csv").write_text(OPS)
    return str(tmp_path / "policy.csv")


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("ada sync applications team/app", True),
        ("ada sync app team/app", True),
        ("role:ops sync apps team/app", True),
        ("bob sync applications team/app", False),
        ("ada sync applications other/app", False),
        ("ada delete applications team/app", False),
        ("ada delete/apps/Pod/x/y applications team/app", True),
        ("ada action/apps/Deployment/restart applications team/app", True),
        ("ada get logs", True),
        ("ada get logs *", True),
        ("ada get cert", True),
        ("ada get clusters", False),
        ("admin delete clusters", True),
        ("admin delete clusters --no-use-builtin-policy", False),
        ("role:readonly get projects team", True),
        ("bob get projects team --default-role role:readonly", True),
        ("bob dance applications team/app --no-strict", False),
        ("bob dance applications team/app --strict=false", False),
        ("admin delete clusters --use-builtin-policy=false", False),
    ],
)
def test_who_can(policy: str, words: str, allowed: bool) -> None:
    result = asked("can", *words.split(), "--policy-file", policy)
    assert (result.stdout, result.exit_code) == (("Yes\n", 0) if allowed else ("No\n", 1))


def test_quietly(policy: str) -> None:
    result = asked("can", "ada", "get", "logs", "-q", "--policy-file", policy)
    assert (result.stdout, result.exit_code) == ("", 0)


def test_a_config_map(tmp_path: Path) -> None:
    data = {
        "policy.default": "role:all",
        "policy.matchMode": "regex",
        "policy.csv": "p, role:all, projects, get, ^a+$, allow",
        "policy.more.csv": "p, role:all, clusters, get, b, allow",
    }
    file = tmp_path / "rbac.yaml"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}))
    assert asked("can", "eve", "get", "projects", "aaa", "--policy-file", str(file)).exit_code == 0
    assert asked("can", "eve", "get", "projects", "ab", "--policy-file", str(file)).exit_code == 1
    assert asked("can", "eve", "get", "clusters", "b", "--policy-file", str(file)).exit_code == 0
    assert (
        asked("can", "eve", "get", "projects", "ab", "--policy-file", str(file), "--default-role", "x").exit_code == 1
    )


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("ada get balloons", "RESOURCE"),
        ("ada sync clusters", "ACTION"),
        ("ada action/x clusters", "ACTION"),
        ("ada * applications", "ACTION"),
        ("ada get logs --namespace argocd", "--policy-file, --namespace"),
    ],
)
def test_what_is_no_question(policy: str, words: str, field: str) -> None:
    with pytest.raises(InvalidObject) as raised:
        asked("can", *words.split(), "--policy-file", policy)
    assert raised.value.field == field


@pytest.mark.parametrize("verb", [["can", "ada", "get", "logs"], ["validate"]])
def test_no_policies(verb: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidObject, match="not both"):
        asked(*verb)
    with pytest.raises(InvalidObject, match="cannot be read"):
        asked(*verb, "--policy-file", str(tmp_path / "nowhere"))


def test_policies_that_can_be_read(policy: str) -> None:
    assert asked("validate", "--policy-file", policy).stdout == "Policy is valid.\n"


def test_policies_that_cannot(policy: str) -> None:
    Path(policy).write_text(OPS + "p, role:ops, applications, sync, allow\n")
    with pytest.raises(InvalidObject, match="invalid RBAC policy: p, role:ops") as raised:
        asked("validate", "--policy-file", policy)
    assert raised.value.line == 8
