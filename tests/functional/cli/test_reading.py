"""What `argosy app` shows, on a cluster in memory."""

from __future__ import annotations

from support.verbs import Verbs


def test_resources_of_an_application_of_another_project() -> None:
    verbs = Verbs()
    verbs.put("a", source={"repoURL": "https://git/x", "path": "p"})
    assert verbs.does("app resources a --project default") == verbs.does("app resources a")
    assert "application 'a' is not of project 'team'" in verbs.fails("app resources a --project team")
