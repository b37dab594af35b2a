"""As whom objects are written: `Test_deriveServiceAccountMatchingNamespaces` and `…Servers` of `controller/sync_test.go`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.gitops.projects.accounts import Account, account_of
from argosy.gitops.projects.permissions import Cluster
from argosy.resources.application import Application
from argosy.resources.appproject import AppProject

HERE = "https://kubernetes.svc.local"


def derived(*entries: tuple[str, str, str], namespace: str = "testns", server: str = HERE) -> Account:
    """The account of an Application `argocd-ns/app`; entries are server, namespace and account."""
    names = ("server", "namespace", "defaultServiceAccount")
    given = [dict(zip(names, one, strict=True)) for one in entries]
    project = AppProject.of({"spec": {"destinationServiceAccounts": given}})
    destination = {"server": server, "namespace": namespace}
    app = Application.of({"metadata": {"name": "app", "namespace": "argocd-ns"}, "spec": {"destination": destination}})
    return account_of(project, app, Cluster(server))


@pytest.mark.parametrize(
    ("entries", "namespace", "account"),
    [
        ([(HERE, "testns", "test-sa")], "testns", ("testns", "test-sa")),
        ([(HERE, "testns1", "sa-1"), (HERE, "testns", "sa-2"), (HERE, "testns", "sa-3")], "testns", ("testns", "sa-2")),
        ([(HERE, "test*", "glob"), (HERE, "testns", "sa-2")], "testns", ("testns", "glob")),
        ([(HERE, "{a,testns}", "either")], "testns", ("testns", "either")),
        ([(HERE, "*", "any")], "", ("argocd-ns", "any")),
        ([(HERE, "testns", "other:test-sa")], "testns", ("other", "test-sa")),
        ([("*", "*", "any")], "testns", ("testns", "any")),
        ([("https://abc.svc.local", "testns", "abc"), (HERE, "testns", "here")], "testns", ("testns", "here")),
        ([("https://*.svc.local", "testns", "glob")], "testns", ("testns", "glob")),
    ],
)
def test_the_first_entry_that_takes_the_destination(
    entries: list[tuple[str, str, str]], namespace: str, account: tuple[str, str]
) -> None:
    assert derived(*entries, namespace=namespace) == account


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], f"no matching service account found for destination server {HERE} and namespace testns"),
        ([(HERE, "", "sa")], f"no matching service account found for destination server {HERE} and namespace testns"),
        ([("https://other", "*", "sa")], "no matching service account found"),
        ([(HERE, "e[ab-c]", "sa")], "invalid glob pattern for destination namespace"),
        ([("e[ab-c]", "*", "sa")], "invalid glob pattern for destination server"),
        ([(HERE, "*", " ")], "default service account contains invalid chars ' '"),
        ([(HERE, "*", "a/b")], "default service account contains invalid chars 'a/b'"),
        ([(HERE, "*", "system:masters:x")], "default service account contains invalid chars"),
    ],
)
def test_why_there_is_none(entries: list[tuple[str, str, str]], said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        derived(*entries)
    assert str(caught.value).startswith(said)
