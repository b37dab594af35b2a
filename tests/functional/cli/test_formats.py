"""Which formats the verbs of `argosy app` and `argosy proj` print in."""

from __future__ import annotations

import pytest

from support.verbs import Verbs


@pytest.fixture
def verbs() -> Verbs:
    made = Verbs()
    made.put("a", source={"repoURL": "https://git/x", "path": "p"})
    made.project("team")
    return made


@pytest.mark.parametrize(
    ("verb", "unknown", "known"),
    [
        ("app list", "tree id foo", "wide, name, json or yaml"),
        ("app get a", "id foo", "wide, tree, name, json or yaml"),
        ("app history a", "tree name foo", "wide, id, json or yaml"),
        ("app resources a", "id name", "wide, tree, json or yaml"),
        ("app sync a --async", "tree name id", "wide, json or yaml"),
        ("app create a", "name", "wide, json or yaml"),
        ("app actions list a", "tree name", "wide, json or yaml"),
        ("proj get team", "tree id", "wide, name, json or yaml"),
        ("proj list", "tree id", "wide, name, json or yaml"),
        ("proj windows list team", "name tree", "wide, json or yaml"),
    ],
)
def test_a_format_that_a_verb_does_not_know(verbs: Verbs, verb: str, unknown: str, known: str) -> None:
    for one in unknown.split():
        assert verbs.fails(f"{verb} -o {one}") == f"error: unknown output format: {one}: give {known}\n"
    assert "operation" not in verbs.app("a")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("app list -o name", "argocd/a\n"),
        ("app get a -o name", "argocd/a\n"),
        ("app history a --output=json", "[]\n"),
        ("proj list -o name", "team\n"),
        ("proj windows list team -o json", "[]\n"),
        ("app resources a -o json", "[]\n"),
    ],
)
def test_one_that_it_knows(verbs: Verbs, line: str, shown: str) -> None:
    assert verbs.does(line) == shown


def test_one_application_that_cannot_be_read_keeps_nobody_from_the_list() -> None:
    verbs = Verbs()
    verbs.put("a")
    verbs.put("odd", source="text")
    said = verbs.does("app list -o name")
    assert "argocd/a\n" in said
    assert "Application/argocd/odd" in said
