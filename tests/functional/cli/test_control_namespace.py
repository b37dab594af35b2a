"""Where `argosy app` and `argosy proj` look: projects in the control namespace, names of Applications where `-N` says."""

from __future__ import annotations

import pytest

from argosy.cli.apps.store import API
from support.verbs import FROM, Verbs

DENY = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}


@pytest.fixture
def verbs() -> Verbs:
    made = Verbs()
    made.project("team", sourceNamespaces=["team-a"], syncWindows=[DENY])
    made.put("b", "team-a", project="team", source={"repoURL": "https://git/x.git", "path": "p"})
    return made


@pytest.mark.parametrize("words", ["team-a/b", "b -N team-a", "b --app-namespace=team-a"])
def test_a_window_denies_however_the_application_is_named(verbs: Verbs, words: str) -> None:
    assert "cannot sync: blocked by sync window" in verbs.fails(f"app sync {words} --async")
    assert "operation" not in verbs.app("b", "team-a")
    shown = verbs.does(f"app get {words}")
    assert "Sync Denied" in shown
    assert "deny:* * * * *:1h" in shown


def test_where_the_environment_says(verbs: Verbs) -> None:
    assert "blocked by sync window" in verbs.fails("app sync b --async", ARGOCD_APP_NAMESPACE="team-a")
    assert "blocked by sync window" in verbs.fails("app sync b -N team-a --async", ARGOCD_APP_NAMESPACE="other")
    assert "project 'team' is not in namespace other" in verbs.fails("proj get team", ARGOCD_NAMESPACE="other")


def test_a_project_that_is_not_there_forbids(verbs: Verbs) -> None:
    said = verbs.fails("app sync b -N team-a --argocd-namespace team-a --async")
    assert "project 'team' is not in namespace team-a; --argocd-namespace NAMESPACE names another" in said
    verbs.cluster.delete(API, "AppProject", "argocd", "team")
    assert "project 'team' is not in namespace argocd" in verbs.fails("app sync team-a/b --async")
    assert "operation" not in verbs.app("b", "team-a")
    assert "Sync Denied (no such project)" in verbs.does("app get team-a/b")


def test_an_application_is_created_where_its_project_lets_it_be(verbs: Verbs) -> None:
    verbs.does(f"app create c -N team-a --project team {FROM}")
    assert verbs.app("c", "team-a")["spec"]["project"] == "team"
    refused = verbs.fails(f"app create c -N team-a --project default {FROM}")
    assert "applications of namespace 'team-a' may not use project 'default'" in refused


def test_the_control_namespace_has_names_without_one_where_nothing_else_is_said(verbs: Verbs) -> None:
    assert verbs.does("app list -o name --argocd-namespace team-a") == "team-a/b\n"
    assert verbs.does("app list -o name -N team-a") == "team-a/b\n"
    assert verbs.does("app list -o name") == ""
    assert verbs.does("proj list -o name") == "team\n"


def test_what_names_no_application_takes_no_namespace_of_any(verbs: Verbs) -> None:
    assert "No such option" in verbs.fails("proj get team -N team-a", code=2)


def test_the_project_default_counts_without_being_written(verbs: Verbs) -> None:
    said = verbs.fails("proj get default")
    assert "project 'default' is not written in namespace argocd and permits everything" in said
    assert "argosy proj create default" in said
