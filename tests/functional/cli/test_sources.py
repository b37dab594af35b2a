"""The sources of an Application as `argosy app` chooses and changes them, on a cluster in memory."""

from __future__ import annotations

import pytest

from support.verbs import FROM, Verbs


def source(name: str, path: str) -> dict[str, object]:
    return {"repoURL": "https://git/x.git", "path": path, "name": name, "helm": {"parameters": [{"name": path}]}}


@pytest.fixture
def verbs() -> Verbs:
    made = Verbs()
    made.put("m", sources=[source("one", "a"), source("two", "b")])
    return made


def paths(verbs: Verbs) -> list[tuple[str, str]]:
    return [(one.get("name", ""), one["path"]) for one in verbs.app("m")["spec"]["sources"]]


def test_a_name_chooses_and_renames_nothing(verbs: Verbs) -> None:
    verbs.does("app set m --source-name two --path c")
    assert paths(verbs) == [("one", "a"), ("two", "c")]
    shown = verbs.does("app get m --show-params --source-name two")
    assert shown.split("NAME  VALUE")[1].split() == ["b"]
    verbs.does("app unset m --source-name one -p a")
    assert "helm" not in verbs.app("m")["spec"]["sources"][0]


@pytest.mark.parametrize("verb", ["set m --path c", "unset m -p a", "get m --show-params"])
def test_one_way_to_choose(verbs: Verbs, verb: str) -> None:
    said = verbs.fails(f"app {verb} --source-name one --source-position 2")
    assert "Only one of source-position and source-name can be specified." in said
    assert "Unknown source name 'three'" in verbs.fails(f"app {verb} --source-name three")
    assert paths(verbs) == [("one", "a"), ("two", "b")]


def test_a_name_is_given_when_a_source_is_made() -> None:
    verbs = Verbs()
    verbs.does(f"app create a {FROM} --source-name one")
    assert verbs.app("a")["spec"]["source"]["name"] == "one"
