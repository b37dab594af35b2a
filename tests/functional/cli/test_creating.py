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
