"""Projects that ask for signatures: what is not signed is compared, and never written."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.ports.repository import Ref, Signature
from support.edge import URL, Edge
from support.gitops import API, config_map

KEY = "4AEE18F83AFDEB23"
GOOD = Signature("good", KEY, "RSA")


def asking(edge: Edge, *known: str, allowed: str = KEY) -> None:
    """A project that asks for a key, of those that are known."""
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-gpg-keys-cm", "namespace": "argocd", "labels": labels}
    data = dict.fromkeys(known, "armored")
    edge.agent.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    spec |= {"signatureKeys": [{"keyID": allowed}]}
    project = {"name": "p", "namespace": "argocd"}
    edge.agent.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": project, "spec": spec})


def comparison_error(status: dict[str, Any]) -> str:
    (said,) = [one["message"] for one in status["conditions"] if one["type"] == "ComparisonError"]
    return str(said)


def test_what_is_not_signed_is_not_synced() -> None:
    """`TestSyncToUnsignedCommit` and `TestSyncToSignedCommitWithoutKnownKey` of test/e2e/app_management_test.go."""
    edge = Edge()
    asking(edge, KEY)
    first = edge.commit(config_map("a"))
    edge.create(project="p", syncPolicy={"automated": {}, "retry": {"limit": 0}})
    status = edge.status()
    said = f"Target revision {first} in Git is not signed, but a signature is required"
    assert comparison_error(status) == said
    assert (status["sync"]["status"], status["sync"]["revision"]) == ("OutOfSync", first)
    assert (status["operationState"]["phase"], status["operationState"]["message"]) == ("Error", said)
    with pytest.raises(NotFound):
        edge.value()
    second = edge.commit(config_map("a", "2"))
    edge.held.signatures[second] = GOOD
    edge.settle(300)
    status = edge.status()
    assert (status["sync"]["status"], status["sync"]["revision"]) == ("Synced", second)
    assert not status.get("conditions")
    assert edge.value() == "2"


def test_a_key_that_the_project_does_not_name() -> None:
    edge = Edge()
    asking(edge, KEY, allowed="0" * 16)
    edge.held.signatures[edge.commit(config_map("a"))] = GOOD
    edge.create(project="p")
    assert "this key is not allowed in AppProject" in comparison_error(edge.status())
    with pytest.raises(NotFound):
        edge.value()


def test_a_key_that_becomes_known() -> None:
    edge = Edge()
    asking(edge)
    edge.held.signatures[edge.commit(config_map("a"))] = GOOD
    edge.create(project="p")
    assert "verification result was invalid" in comparison_error(edge.status())
    edge.agent.cluster.patch("v1", "ConfigMap", "argocd", "argocd-gpg-keys-cm", {"data": {KEY: "armored"}})
    edge.settle(300)
    assert edge.status()["sync"]["status"] == "Synced"
    assert not edge.status().get("conditions")


def test_a_tag_that_is_signed_in_the_end() -> None:
    edge = Edge()
    asking(edge, KEY)
    commit = edge.commit(config_map("a"))
    edge.held.refs.append(Ref("refs/tags/v1", commit, object="e" * 40))
    edge.create(project="p", source={"repoURL": URL, "path": "app", "targetRevision": "v1"})
    assert "is not signed" in comparison_error(edge.status())
    edge.held.refs[-1] = Ref("refs/tags/v1", commit, object="f" * 40)
    edge.held.signatures["f" * 40] = GOOD
    edge.settle(300)
    assert not edge.status().get("conditions")


def test_a_commit_is_looked_at_once_for_all_of_its_applications() -> None:
    edge = Edge()
    asking(edge, KEY)
    commit = edge.commit(config_map("a"))
    edge.held.signatures[commit] = GOOD
    edge.create(project="p")
    edge.create(project="p", name="second")
    edge.settle(300)
    assert edge.repository.verified == [commit]
