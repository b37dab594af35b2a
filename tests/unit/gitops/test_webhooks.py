"""Webhooks: secrets, events that are not known, bodies that are none, and the Applications that are concerned."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from argosy.errors import Denied, EvaluationError
from argosy.gitops.loading import load
from argosy.gitops.revisions import bare_address
from argosy.gitops.webhooks import matching, receiving
from argosy.gitops.webhooks.delivery import Artifact, Delivery, Push
from argosy.gitops.webhooks.matching import means, url_matches
from argosy.resources.application import Application
from argosy.resources.source import Source

PUSH = {"ref": "refs/heads/main", "repository": {"html_url": "https://h/o/r", "default_branch": "main"}}
BODY = json.dumps(PUSH).encode()
SECRETS = {
    "webhook.github.secret": "github's",
    "webhook.gitlab.secret": "gitlab's",
    "webhook.gogs.secret": "gogs's",
    "webhook.bitbucket.uuid": "an-id",
    "webhook.bitbucketserver.secret": "server's",
    "webhook.azuredevops.username": "user",
    "webhook.azuredevops.password": "pass:word",
    "webhook.harbor.secret": "harbor's",
}


def _signed(secret: str, body: bytes = BODY) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


AZURE = json.dumps({"eventType": "git.push", "resource": {}}).encode()
SERVER = {"X-Event-Key": "repo:refs_changed"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + _signed("github's")}, BODY),
        ({"x-github-event": "push", "x-hub-signature-256": "sha256=" + _signed("github's")}, BODY),
        ({"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "gitlab's"}, BODY),
        ({"X-Gogs-Event": "push", "X-GitHub-Event": "push", "X-Gogs-Signature": _signed("gogs's")}, BODY),
        ({"X-Hook-UUID": "an-id", "X-Event-Key": "repo:push"}, BODY),
        (SERVER | {"X-Hub-Signature": "sha256=" + _signed("server's")}, BODY),
        ({"X-Vss-Activityid": "1", "Authorization": _basic("user:pass:word")}, AZURE),
    ],
)
def test_who_knows_the_secret(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(receiving.received(Delivery(headers, body), SECRETS), Push)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-GitHub-Event": "push"},
        {"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + _signed("other")},
        {"X-GitHub-Event": "push", "X-Hub-Signature": "sha1=" + "0" * 40},
        {"X-GitHub-Event": "package"},
        {"X-Gitlab-Event": "Push Hook"},
        {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "other"},
        {"X-Gogs-Event": "push", "X-Gogs-Signature": "é"},
        {"X-Hook-UUID": "other", "X-Event-Key": "repo:push"},
        SERVER,
        {"X-Vss-Activityid": "1"},
        {"X-Vss-Activityid": "1", "Authorization": "Basic ???"},
        {"X-Vss-Activityid": "1", "Authorization": _basic("user:other")},
        {"X-Vss-Activityid": "1", "Authorization": "Bearer user"},
    ],
)
def test_who_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Denied):
        receiving.received(Delivery(headers, BODY), SECRETS)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "harbor's"},
        {"X-GitHub-Event": "issues"},
        {"X-Gitlab-Event": "Issue Hook"},
        {"X-Gogs-Event": "create"},
        {"X-Hook-UUID": "x"},
        {"X-Hook-UUID": "x", "X-Event-Key": "repo:fork"},
        {"X-Event-Key": "pr:opened"},
        {"X-Vss-Activityid": "1"},
    ],
)
def test_events_that_nobody_takes(headers: dict[str, str]) -> None:
    with pytest.raises(EvaluationError):
        receiving.received(Delivery(headers, BODY), {})


@pytest.mark.parametrize(
    "headers",
    [
        {"X-GitHub-Event": "ping"},
        {"X-Event-Key": "diagnostics:ping"},
        {"X-Gitlab-Event": "System Hook"},
        {"X-GitHub-Event": "package"},
    ],
)
def test_events_that_say_nothing(headers: dict[str, str]) -> None:
    assert receiving.received(Delivery(headers, BODY), {}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"ref": 7}',
        b'{"repository": "x"}',
        b'{"commits": {}}',
    ],
)
def test_bodies_that_are_none(body: bytes) -> None:
    with pytest.raises(EvaluationError):
        receiving.received(Delivery({"X-GitHub-Event": "push"}, body), {})


def test_odd_commits_are_left_out() -> None:
    body = json.dumps(PUSH | {"commits": ["x", None, {"added": [1, "a"]}]}).encode()
    found = receiving.received(Delivery({"X-GitHub-Event": "push"}, body), {})
    assert isinstance(found, Push)
    assert found.files == ["a"]


def test_harbor() -> None:
    event = {
        "type": "PUSH_ARTIFACT",
        "event_data": {
            "resources": [{"tag": "x", "resource_url": "://"}, {"tag": "1.0.0", "resource_url": "h:80/a/b:1.0.0"}],
            "repository": {"repo_full_name": "a/b"},
        },
    }
    delivery = Delivery({"Authorization": "harbor's"}, json.dumps(event).encode())
    assert receiving.received(delivery, SECRETS) == Artifact("h:80", "a/b", "1.0.0")
    nameless = event | {"event_data": {"resources": [{"tag": "x", "resource_url": "h/a"}]}}
    with pytest.raises(EvaluationError):
        receiving.received(Delivery({"Authorization": "harbor's"}, json.dumps(nameless).encode()), SECRETS)


@pytest.mark.parametrize("host", sorted(receiving.HOSTS))
def test_every_host_is_whole(host: str) -> None:
    for name in ("EVENTS", "check", "event", "read"):
        assert load(f"{receiving.HOSTS[host]}:{name}") is not None


def _app(**annotations: str) -> Application:
    named = {f"argocd.argoproj.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    sources = [{"repoURL": "https://other/x", "path": "a"}, {"repoURL": "git@h:o/r.git", "path": "a"}]
    return Application.of({"metadata": {"annotations": named}, "spec": {"sources": sources}})


def _push(**more: Any) -> Push:
    given: dict[str, Any] = {"urls": ["%%", "https://h/o/r"], "revision": "main", "touched_head": True}
    return Push(**given | more)


def test_an_address_that_is_none_stops_no_other() -> None:
    assert matching.concern(_app(), _push()).refresh


def test_what_was_rendered_before_still_holds() -> None:
    app = _app(manifest_generate_paths=".")
    moved = matching.concern(app, _push(files=["b/x"], before="1", after="2"))
    assert not moved.refresh
    assert [one.path for one in moved.same] == ["a"]
    assert matching.concern(app, _push(files=["b/x"])) == matching.Concern()
    assert matching.concern(app, _push(files=["a/x"], before="1", after="2")).refresh


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source(repoURL="oci://ghcr.io/o/r", target_revision="^1"), True),
        (Source(repoURL="ghcr.io/o", chart="r", target_revision="1.2.0"), True),
        (Source(repoURL="oci://ghcr.io/o/r", target_revision=""), False),
        (Source(repoURL="https://ghcr.io/o/r", target_revision="1.2.0"), False),
    ],
)
def test_artifacts(source: Source, found: bool) -> None:
    artifact = Artifact("ghcr.io", "o/r", "1.2.0")
    assert matching.artifact_matches(artifact, source) is found
    app = Application.of({"spec": {"source": source.model_dump(by_alias=True, exclude_unset=True)}})
    assert matching.concern_of_artifact(app, artifact) == matching.Concern(found, found)


_ADDRESSES = [
    f"{way}{user}{ssh}{host}{port}{between}{path}{end}"
    for way in ("", "SSH://")
    for user in ("", "a.b-c@")
    for ssh in ("", "ssh.", "altssh.")
    for host in ("h.example.com", "ssh.example.com")
    for port in ("", ":22")
    for between in (":", "/")
    for path in ("o/r", "O/R", "12/r", "12/34", "34", "r.git", "r/", "r.git/", "34/", "")
    for end in ("", ".git")
]
_WEB = [
    f"https://{host}/{path}"
    for host in ("h.example.com", "ssh.example.com", "example.com", "someone@h.example.com:8443")
    for path in ("o/r", "12/r", "22/12/r", "12/34", "34", "r", "r.git", "o/r?tab=1", "r/", "r.git/", "34/", "")
]


def test_whatever_a_delivery_means_is_found_by_its_bare_address() -> None:
    matching_pairs = 0
    for web in _WEB:
        (address,) = means(Push(urls=(web,)))
        for url in _ADDRESSES:
            if url_matches(web, url):
                matching_pairs += 1
                assert bare_address(url) == address, (web, url)
    assert matching_pairs > 500


def test_an_artifact_is_found_by_its_bare_address() -> None:
    artifact = Artifact("h:5000", "o/r", "1.0.0")
    assert means(artifact) == [bare_address("oci://H:5000/o/r/")] == [bare_address("h:5000/o/r")]


def test_distinct_repositories_are_mostly_apart() -> None:
    found = {bare_address(f"https://{host}/{path}") for host in ("a", "b") for path in ("o/r", "o/s", "p/r")}
    assert len(found) == 6


@pytest.mark.parametrize("text", ["/.git", "/.gitx", "ssh.", "a@", "/", "1/", "1/x", "a", ":", "h:22"])
def test_a_long_address_is_read_as_fast_as_a_short_one(text: str) -> None:
    """Whoever sends a delivery without a secret chooses the text; what takes quadratic time would never end here."""
    assert len(bare_address(text * 300_000)) <= 300_000 * len(text)
