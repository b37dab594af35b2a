"""Deliveries of a Git host to `argosy up`: signed ones make an Application look for its commit at once."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Iterator

import pytest

from argosy.adapters.kube.direct import DirectCluster
from support.gitops import Site, config_map
from support.up import Up
from support.webhooks import SECRET, deliver

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]


def push(url: str, commit: str, path: str = "app/all.yaml") -> bytes:
    """What GitHub sends of a push to main."""
    web = url.removesuffix(".git")
    commits = [{"id": commit, "added": [], "removed": [], "modified": [path]}]
    repository = {"html_url": web, "default_branch": "main"}
    body = {"ref": "refs/heads/main", "before": "0" * 40, "after": commit, "commits": commits, "repository": repository}
    return json.dumps(body).encode()


@pytest.fixture
def secret(cluster: DirectCluster, control: str) -> Iterator[None]:
    data = {"webhook.github.secret": b64encode(SECRET.encode()).decode()}
    metadata = {"name": "argocd-secret", "namespace": control}
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    yield
    cluster.delete("v1", "Secret", control, "argocd-secret")


def test_a_push_is_synced_at_once(up: Up, site: Site, secret: None) -> None:
    site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    commit = site.commit(config_map("a", "2"))
    assert deliver(up, push(site.url, commit)) == (200, "")
    site.reaches("Synced", "Healthy", revision=commit)
    assert site.value("a") == "2"


def test_who_does_not_know_the_secret_is_refused(up: Up, site: Site, secret: None) -> None:
    commit = site.commit(config_map("a"))
    site.app()
    site.reaches("OutOfSync")
    body = push(site.url, commit)
    status, said = deliver(up, body, "another")
    assert (status, said) == (400, "Webhook processing failed: HMAC verification failed")
    assert deliver(up, body + b" ", SECRET, **{"X-Hub-Signature-256": "sha256=00"})[0] == 400
    assert deliver(up, b"{}", SECRET, **{"X-GitHub-Event": ""})[0] == 400
    assert deliver(up, b"[]")[0] == 400


def test_without_a_secret_a_repository_is_looked_at_once_in_a_while(up: Up, site: Site) -> None:
    site.commit(config_map("a"))
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    commit = site.commit(config_map("a", "2"))
    assert deliver(up, push(site.url, commit), "whatever")[0] == 200
    site.reaches("Synced", "Healthy", revision=commit)


def test_a_body_that_no_host_would_send(up: Up) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", up.api, timeout=30)
    connection.putrequest("POST", "/api/webhook")
    connection.putheader("Content-Length", str(51 * 1024 * 1024))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
