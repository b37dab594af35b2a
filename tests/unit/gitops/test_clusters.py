"""Clusters as Argo CD's Secrets have them (`util/db/cluster_test.go`), and what of them is not served."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from argosy.errors import ArgosyError, InvalidObject, Unsupported
from argosy.gitops.clusters import Access, ClusterSecret, access_of, unmanaged
from argosy.gitops.identity import Key

CANARY = "canary-5f1c"
PEM = b64encode(b"-----BEGIN").decode()


def test_a_secret() -> None:
    data = {"name": "prod", "server": "https://prod:6443/", "project": "team", "namespaces": "a, b,", "config": "{}"}
    found = ClusterSecret.of("s", {**data, "clusterResources": "true"}, "7")
    assert found == ClusterSecret("s", "prod", "https://prod:6443", "team", ("a", "b"), True, "7")
    assert ClusterSecret.of("s", {"server": "https://x"}).name == "https://x"
    assert "names no server" in ClusterSecret.of("s", {"name": "x"}).problem


def test_what_signs_in() -> None:
    tls = {"insecure": False, "serverName": "api", "caData": PEM, "certData": PEM, "keyData": PEM}
    config = {"bearerToken": CANARY, "tlsClientConfig": tls}
    found = access_of(json.dumps(config))
    assert (found.token, found.server_name, found.ca, found.key) == (CANARY, "api", "-----BEGIN", "-----BEGIN")
    assert CANARY not in repr(found)
    assert access_of("") == Access()
    aws = access_of('{"awsAuthConfig": {"clusterName": "main", "roleARN": "arn:aws:iam::1:role/r"}}')
    assert (aws.aws_cluster, aws.aws_role) == ("main", "arn:aws:iam::1:role/r")


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"execProviderConfig": {"command": CANARY}}, Unsupported, "config.execProviderConfig"),
        ({"proxyUrl": f"http://{CANARY}@proxy"}, Unsupported, "config.proxyUrl"),
        ({"awsAuthConfig": {"profile": CANARY}}, Unsupported, "config.awsAuthConfig.profile"),
        ({"bearerToken": [CANARY]}, InvalidObject, "config.bearerToken"),
        ({"tlsClientConfig": CANARY}, InvalidObject, "config.tlsClientConfig"),
        (
            {"tlsClientConfig": {"keyData": PEM}},
            InvalidObject,
            "config.tlsClientConfig: certData and keyData go together",
        ),
        ({"tlsClientConfig": {"caData": CANARY}}, InvalidObject, "config.tlsClientConfig.caData"),
        (CANARY, InvalidObject, "config"),
    ],
)
def test_what_is_refused_says_where_and_tells_no_value(config: Any, error: type[ArgosyError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        access_of(json.dumps(config))
    assert CANARY not in str(caught.value)
    problem = ClusterSecret.of("s", {"server": "https://x", "config": json.dumps(config)}).problem
    assert (said in problem, CANARY in problem) == (True, False)


def test_text_that_is_no_json_is_not_quoted() -> None:
    with pytest.raises(InvalidObject, match="is not JSON") as caught:
        access_of(f"{{{CANARY}")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("key", "namespaces", "cluster_resources", "said"),
    [
        (Key("", "ConfigMap", "c", "m"), (), False, ""),
        (Key("", "ConfigMap", "a", "m"), ("a", "b"), False, ""),
        (Key("", "ConfigMap", "c", "m"), ("a", "b"), True, 'namespace "c" for ConfigMap "m" is not managed'),
        (Key("", "Node", "", "n"), ("a",), True, ""),
        (Key("", "Node", "", "n"), ("a",), False, 'cluster level Node "n" can not be managed when in namespaced mode'),
    ],
)
def test_what_is_managed(key: Key, namespaces: tuple[str, ...], cluster_resources: bool, said: str) -> None:
    assert unmanaged([key], namespaces, cluster_resources=cluster_resources) == said
