"""Pull requests: what hosts tell of them, whom they concern, and what is said there."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest

from argosy.errors import Denied, EvaluationError
from argosy.gitops.pullrequests import Change, Verdict, change_of, comment, marker, verdict
from argosy.gitops.webhooks.delivery import Delivery
from argosy.gitops.webhooks.matching import merged_into
from argosy.gitops.webhooks.pullrequests import PullRequest, is_pull_request, pull_request_of
from argosy.resources.application import Application

HEAD = "a" * 40
SECRETS = {"webhook.github.secret": "s", "webhook.gitlab.secret": "s"}

type Json = dict[str, Any]


def of_github(**changes: Any) -> Json:
    repository = {"html_url": "https://github.com/team/apps", "full_name": "team/apps", "default_branch": "main"}
    head = {"sha": HEAD, "ref": "change", "repo": {"full_name": "team/apps"}}
    request = {"number": 5, "base": {"ref": "main", "sha": "b" * 40}, "head": head}
    return {"action": "synchronize", "number": 5, "pull_request": request, "repository": repository, **changes}


def of_gitlab(**changes: Any) -> Json:
    about = {
        "action": "update",
        "iid": 5,
        "target_branch": "main",
        "last_commit": {"id": HEAD},
        "source_project_id": 7,
        "target_project_id": 7,
    }
    project = {"id": 7, "web_url": "https://gitlab.example.com/team/apps", "default_branch": "main"}
    return {"object_kind": "merge_request", "project": project, "object_attributes": about | changes}


def delivery(payload: Json, key: str = "s") -> Delivery:
    body = json.dumps(payload).encode()
    if "object_attributes" in payload:
        return Delivery({"X-Gitlab-Event": "Merge Request Hook", "X-Gitlab-Token": key}, body)
    signature = f"sha256={hmac.digest(key.encode(), body, 'sha256').hex()}"
    return Delivery({"X-GitHub-Event": "pull_request", "X-Hub-Signature-256": signature}, body)


def app(**source: str) -> Application:
    whole = {"repoURL": "https://github.com/team/apps.git", "path": "app", "targetRevision": "main", **source}
    return Application.of({"metadata": {"name": "shop"}, "spec": {"source": whole, "destination": {}}})


def test_of_github() -> None:
    assert pull_request_of(delivery(of_github()), SECRETS) == PullRequest(
        "github",
        "https://github.com/team/apps",
        "https://api.github.com",
        "repos/team/apps",
        5,
        "main",
        HEAD,
        to_default=True,
    )


def test_of_an_enterprise() -> None:
    repository = {"html_url": "https://git.example.com:8443/team/apps", "full_name": "team/apps"}
    found = pull_request_of(delivery(of_github(repository=repository)), SECRETS)
    assert found is not None
    assert (found.api, found.to_default) == ("https://git.example.com:8443/api/v3", False)


def test_of_gitlab() -> None:
    assert pull_request_of(delivery(of_gitlab()), SECRETS) == PullRequest(
        "gitlab",
        "https://gitlab.example.com/team/apps",
        "https://gitlab.example.com/api/v4",
        "projects/7",
        5,
        "main",
        HEAD,
        to_default=True,
    )


@pytest.mark.parametrize("payload", [of_github(action="closed"), of_gitlab(action="merge"), of_gitlab(action="close")])
def test_what_has_not_changed(payload: Json) -> None:
    assert pull_request_of(delivery(payload), SECRETS) is None


@pytest.mark.parametrize("payload", [of_github(), of_gitlab()])
def test_nobody_is_believed_without_the_secret(payload: Json) -> None:
    assert not is_pull_request(delivery(payload), {})
    with pytest.raises(Denied):
        pull_request_of(delivery(payload, "another"), SECRETS)


def test_forks() -> None:
    request = of_github()["pull_request"]
    request["head"]["repo"]["full_name"] = "stranger/apps"
    found = pull_request_of(delivery(of_github(pull_request=request)), SECRETS)
    assert found is not None
    assert found.fork
    found = pull_request_of(delivery(of_gitlab(source_project_id=8)), SECRETS)
    assert found is not None
    assert found.fork


@pytest.mark.parametrize(
    "payload",
    [
        of_github(number="5"),
        of_github(number=True),
        of_github(pull_request={"base": {"ref": "main"}, "head": {"sha": "../../x"}}),
        of_github(pull_request=[]),
        of_gitlab(iid=-1),
        of_gitlab(last_commit={"id": "main"}),
    ],
)
def test_what_is_no_pull_request(payload: Json) -> None:
    with pytest.raises(EvaluationError):
        pull_request_of(delivery(payload), SECRETS)


@pytest.mark.parametrize(
    ("application", "places"),
    [
        (app(), [0]),
        (app(targetRevision=""), [0]),
        (app(targetRevision="HEAD"), [0]),
        (app(targetRevision="other"), []),
        (app(repoURL="git@github.com:team/apps.git"), [0]),
        (app(repoURL="https://github.com/team/other"), []),
    ],
)
def test_whom_it_concerns(application: Application, places: list[int]) -> None:
    request = pull_request_of(delivery(of_github()), SECRETS)
    assert request is not None
    assert merged_into(application, request) == places


def config_map(name: str, value: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"v": value}}


def secret(value: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"v": value}}


def test_what_differs() -> None:
    before, after = [config_map("a", "1"), config_map("b", "1")], [config_map("a", "2"), config_map("c", "1")]
    found = change_of("argocd/shop", "web", before, after)
    assert [title for title, _ in found.diffs] == ["ConfigMap web/a", "ConfigMap web/b", "ConfigMap web/c"]
    assert "-  v: '1'\n+  v: '2'\n" in found.diffs[0][1]


def test_values_of_secrets_are_not_shown() -> None:
    found = change_of("argocd/shop", "web", [secret("first-value")], [secret("second-value")])
    said = comment(HEAD, marker("home"), [found])
    assert "first-value" not in said
    assert "second-value" not in said
    assert "Secret web/s" in said


def test_what_is_said() -> None:
    changed = [
        change_of("argocd/shop", "web", [config_map("a", "1")], [config_map("a", "```\n<b>")]),
        Change("argocd/same"),
        Change("argocd/broken", problem="no such path"),
    ]
    said = comment(HEAD, marker("home --> x"), changed)
    assert said.startswith("<!-- argosy diff: home--x -->\n")
    assert "````diff" in said
    assert "argocd/same" not in said
    assert "**argocd/broken** cannot be rendered:\n```\nno such path\n```" in said
    assert verdict(changed).state == "failure"
    assert verdict(changed[:2]) == Verdict("success", "1 of 2 applications would change")


def test_a_long_comment_is_cut() -> None:
    changed = [change_of("argocd/shop", "web", [], [config_map(f"c{n}", "x" * 2000) for n in range(60)])]
    said = comment(HEAD, marker("home"), changed)
    assert len(said) < 65_536
    assert "- argocd/shop: 60 objects" in said
