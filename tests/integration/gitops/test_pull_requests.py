"""A pull request at a Git host is told what merging it would change; the host's API is played, all else is real."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest

from argosy.adapters.kube.direct import DirectCluster
from support.gitops import Site, config_map
from support.gitserver import GitServer
from support.pullrequests import RequestHost
from support.up import Up, until
from support.webhooks import SECRET, deliver

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]


@pytest.fixture
def host(cluster: DirectCluster, control: str, repositories: GitServer) -> Iterator[RequestHost]:
    fake = RequestHost()
    repositories.api = fake.answer
    data = {"webhook.github.secret": SECRET, "pullrequests.github.token": fake.token}
    encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": "argocd-secret", "namespace": control}
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded})
    yield fake
    cluster.delete("v1", "Secret", control, "argocd-secret")


def opened(site: Site, head: str, fork: bool = False) -> bytes:
    name = site.namespace
    repository = {"html_url": site.url.removesuffix(".git"), "full_name": name, "default_branch": "main"}
    source = {"sha": head, "repo": {"full_name": "stranger/copy" if fork else name}}
    request = {"number": 5, "base": {"ref": "main"}, "head": source}
    return json.dumps({"action": "opened", "number": 5, "pull_request": request, "repository": repository}).encode()


def branch(site: Site, value: str) -> str:
    """A commit beside main."""
    site.repo.git("checkout", "--quiet", "-B", "change")
    head = site.commit(config_map("a", value), config_map("new"))
    site.repo.git("checkout", "--quiet", "main")
    return head


def test_what_merging_would_change(up: Up, site: Site, host: RequestHost) -> None:
    host.base = site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    head = branch(site, "2")
    assert deliver(up, opened(site, head), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    until(lambda: host.statuses, "the status of the commit")
    assert host.statuses[0] == (
        head,
        {"state": "success", "context": "argosy/diff", "description": "1 of 1 application would change"},
    )
    (said,) = (one["body"] for one in host.comments)
    assert f"<b>{site.control}/{site.namespace}</b>: 2 objects" in said
    assert "-  v: '1'\n+  v: '2'" in said
    assert site.value("a") == "1"
    newer = branch(site, "3")
    assert deliver(up, opened(site, newer), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    until(lambda: len(host.statuses) == 2, "the status of the next commit")
    (said,) = (one["body"] for one in host.comments)
    assert "+  v: '3'" in said


def test_a_commit_that_cannot_be_rendered(up: Up, site: Site, host: RequestHost) -> None:
    host.base = site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    site.repo.git("checkout", "--quiet", "-B", "broken")
    head = site.repo.commit({"app/all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n"})
    site.repo.git("checkout", "--quiet", "main")
    assert deliver(up, opened(site, head), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    until(lambda: host.statuses, "the status of the commit")
    ((_, status),) = host.statuses
    assert status["state"] == "failure"
    assert "cannot be rendered" in host.comments[0]["body"]
    assert "all.yaml" in host.comments[0]["body"]


def test_strangers_are_not_rendered(up: Up, site: Site, host: RequestHost) -> None:
    host.base = site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    head = branch(site, "2")
    assert deliver(up, opened(site, head, fork=True), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    code, said = deliver(up, opened(site, head), "another", **{"X-GitHub-Event": "pull_request"})
    assert (code, "HMAC verification failed" in said) == (400, True)
    assert deliver(up, opened(site, head), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    until(lambda: host.statuses, "the status of a commit that is no stranger's")
    assert len(host.statuses) == len(host.comments) == 1


def test_without_a_token_nobody_is_told(up: Up, site: Site, host: RequestHost, cluster: DirectCluster) -> None:
    change = {"data": {"pullrequests.github.token": None}}
    cluster.patch("v1", "Secret", site.control, "argocd-secret", change)
    host.base = site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    assert deliver(up, opened(site, branch(site, "2")), **{"X-GitHub-Event": "pull_request"}) == (200, "")
    assert (host.comments, host.statuses) == ([], [])
