"""`argosy app create` on a cluster in memory."""

from __future__ import annotations

from support.verbs import FROM, Verbs

CASCADE = "resources-finalizer.argocd.argoproj.io"


def test_what_upsert_brings_beside_the_spec() -> None:
    verbs = Verbs()
    verbs.does(f"app create a {FROM} --label kept=1")
    more = f"app create a {FROM} --set-finalizer --label x=y --annotations q=z"
    assert "existing application spec of 'argocd/a' is different, use --upsert" in verbs.fails(more)
    assert verbs.does(f"{more} --upsert") == "application 'a' updated\n"
    metadata = verbs.app("a")["metadata"]
    assert metadata["labels"] == {"kept": "1", "x": "y"}
    assert (metadata["annotations"], metadata["finalizers"]) == ({"q": "z"}, [CASCADE])
    assert verbs.does(f"{more} --upsert") == verbs.does(more) == "application 'a' unchanged\n"


def test_what_is_no_label_names_its_flag() -> None:
    assert "--label 'x' is not KEY=VALUE" in Verbs().fails(f"app create a {FROM} --label x")


def test_a_name_may_be_a_flag() -> None:
    verbs = Verbs()
    verbs.does(f"app create --name team-a/a {FROM} --project default --validate=false")
    assert verbs.app("a", "team-a")
    assert "--name argument 'c' does not match app name b" in verbs.fails(f"app create b --name c {FROM}")


def test_components_that_may_be_missing() -> None:
    verbs = Verbs()
    verbs.does(f"app create a {FROM} --ignore-missing-components")
    assert verbs.app("a")["spec"]["source"]["kustomize"] == {"ignoreMissingComponents": True}
    verbs.does("app set a --ignore-missing-components=false")
    assert verbs.app("a")["spec"]["source"]["kustomize"] == {"ignoreMissingComponents": False}
    verbs.does("app set a --kustomize-ignore-missing-components")
    verbs.does("app unset a --ignore-missing-components")
    assert "kustomize" not in verbs.app("a")["spec"]["source"]
