"""`argosy proj` on a cluster in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.verbs import Verbs


@pytest.fixture
def verbs() -> Verbs:
    made = Verbs()
    made.project("team")
    return made


def test_what_is_set_takes_the_place_of_what_was_there(verbs: Verbs) -> None:
    set_ = "proj set team --src https://git/a --src https://git/b --description d --orphaned-resources"
    assert verbs.does(set_) == "project 'team' updated\n"
    spec = verbs.spec_of("team")
    assert (spec["sourceRepos"], spec["description"]) == (["https://git/a", "https://git/b"], "d")
    assert spec["destinations"] == [{"server": "*", "namespace": "*"}]
    verbs.does("proj set team --orphaned-resources=false")
    assert "orphanedResources" not in verbs.spec_of("team")


def test_what_is_not_set(verbs: Verbs) -> None:
    before = verbs.spec_of("team")
    assert "Please set at least one option to update" in verbs.fails("proj set team")
    assert "--dest: 'x' is not SERVER,NAMESPACE" in verbs.fails("proj set team --dest x")
    assert "x is not a valid GnuPG key ID" in verbs.fails("proj set team --signature-keys x")
    assert "team" in verbs.fails("proj set team --dest k,a --dest k,a")
    assert verbs.spec_of("team") == before


def test_one_entry_at_a_time(verbs: Verbs) -> None:
    for line, said in (
        ("add-source-namespace team a", "Source namespace 'a' is allowed"),
        ("add-source-namespace team a", "Source namespace 'a' already allowed in project"),
        ("remove-source-namespace team a", "Source namespace 'a' is removed"),
        ("add-orphaned-ignore team '' Secret --name 'a-*'", "are ignored"),
    ):
        assert said in verbs.does(f"proj {line}")
    assert verbs.spec_of("team")["sourceNamespaces"] == []
    assert verbs.spec_of("team")["orphanedResources"]["ignore"] == [{"group": "", "kind": "Secret", "name": "a-*"}]
    verbs.does("proj remove-orphaned-ignore team '' Secret --name 'a-*'")
    assert "does not exist" in verbs.fails("proj remove-orphaned-ignore team '' Secret")


def test_a_spec_is_edited(verbs: Verbs, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'description: by hand\\n' >> \"$1\"\n")
    editor.chmod(0o755)
    assert verbs.does("proj edit team", VISUAL="true") == "Edit cancelled, no changes made.\n"
    assert verbs.does("proj edit team", VISUAL=str(editor)) == "project 'team' edited\n"
    spec = verbs.spec_of("team")
    assert (spec["description"], spec["sourceRepos"]) == ("by hand", ["*"])
    assert "the editor 'false' ($VISUAL, $EDITOR) failed" in verbs.fails("proj edit team", VISUAL="false")
