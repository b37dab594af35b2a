"""The sources of an Application as `argosy app` chooses and changes them, on a cluster in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


def test_a_source_comes_and_goes(verbs: Verbs) -> None:
    added = verbs.does("app add-source m --repo https://git/y.git --path d --source-name three --nameprefix p-")
    assert added == "Application 'm' updated successfully\n"
    last = verbs.app("m")["spec"]["sources"][2]
    assert last == {"repoURL": "https://git/y.git", "path": "d", "name": "three", "kustomize": {"namePrefix": "p-"}}
    verbs.does("app remove-source m --source-name one")
    verbs.does("app remove-source m --source-position 2")
    assert paths(verbs) == [("two", "b")]
    assert "Cannot remove the only source remaining in the app" in verbs.fails("app remove-source m --source-name two")


def test_a_source_that_does_not_come_or_go(verbs: Verbs) -> None:
    verbs.put("s", source=source("", "p"))
    assert "application s does not have spec.sources defined" in verbs.fails("app add-source s --repo r --path p")
    assert "does not have multiple sources configured" in verbs.fails("app remove-source s --source-position 1")
    assert "which source?" in verbs.fails("app add-source m")
    assert "source-position must be greater than 0" in verbs.fails("app remove-source m")
    assert "No such option" in verbs.fails("app add-source m --self-heal", code=2)
    refused = verbs.fails("app add-source m --path p")
    assert "repoURL" in refused
    assert len(paths(verbs)) == 2


def test_a_deletion_that_is_confirmed(verbs: Verbs) -> None:
    verbs.does("app confirm-deletion m")
    (at,) = verbs.app("m")["metadata"]["annotations"].items()
    assert at[0] == "argocd.argoproj.io/deletion-approved"
    assert datetime.now(UTC) - datetime.fromisoformat(at[1]) < timedelta(minutes=1)
    assert "application 'nope' is not in" in verbs.fails("app confirm-deletion nope")
