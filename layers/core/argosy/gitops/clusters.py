"""Clusters as Argo CD's labelled Secrets have them (`argocd.argoproj.io/secret-type: cluster`).

In: the data of a Secret. Out: the cluster, without what signs in; `Access`, which is that; what of a sync is not managed
there. Called where destinations of Applications are looked up, and by who connects. Follows `SecretToCluster` of
`util/db/cluster.go` and `ClusterConfig` of `pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6, and
`GetManagedLiveObjs` of its gitops-engine (`pkg/cache/cluster.go`). Of what signs in nothing shows in texts.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import ArgosyError, InvalidObject, Unsupported
from argosy.gitops.identity import Key

__all__ = ["CLUSTER", "FACTS", "Access", "ClusterSecret", "access_of", "unmanaged"]

CLUSTER: Final = "cluster"
"""The value of the label."""
FACTS: Final = ("clusterResources", "name", "namespaces", "project", "server")
"""The keys that sign nobody in."""
_UNSERVED: Final = {
    "execProviderConfig": "no programs are run to sign in: give a bearerToken, or a certificate in tlsClientConfig",
    "proxyUrl": "clusters are not reached through a proxy of their own: leave it out",
}


@dataclass(frozen=True, slots=True)
class ClusterSecret:
    """`secret` is its name, `version` its resourceVersion; `namespaces` () = all. `problem`: why it cannot be used."""

    secret: str
    name: str = ""
    server: str = ""
    project: str = ""
    namespaces: tuple[str, ...] = ()
    cluster_resources: bool = False
    version: str = ""
    problem: str = ""

    @classmethod
    def of(cls, secret: str, data: Mapping[str, str], version: str = "") -> ClusterSecret:
        """A Secret; where its `config` is there, it is checked, too."""
        server = data.get("server", "").rstrip("/")
        problem = "" if server else f"Secret {secret} names no server: give it the key server"
        try:
            access_of(data.get("config", ""))
        except ArgosyError as x:
            problem = problem or f"cluster {data.get('name') or server} of Secret {secret}: {x}"
        spaces = (one.strip() for one in data.get("namespaces", "").split(","))
        return cls(
            secret,
            data.get("name", "") or server,
            server,
            data.get("project", ""),
            tuple(one for one in spaces if one),
            data.get("clusterResources") == "true",
            version,
            problem,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """`config` of a cluster's Secret: `ca`, `certificate` and `key` are PEM texts, `aws_cluster` is a name of EKS."""

    token: str = ""
    username: str = ""
    password: str = ""
    insecure: bool = False
    server_name: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    aws_cluster: str = ""
    aws_role: str = ""


def access_of(config: str) -> Access:
    """What signs in. Raises InvalidObject for what is no such config, Unsupported for a way that is not served."""
    try:
        told = json.loads(config or "{}")
    except ValueError:  # without its cause, which quotes the text
        raise InvalidObject("is not JSON", field="config") from None
    if not isinstance(told, dict):
        raise InvalidObject("is no JSON object", field="config")
    for field, reason in _UNSERVED.items():
        if told.get(field):
            raise Unsupported(reason, field=f"config.{field}")
    tls, aws = _object(told, "tlsClientConfig"), _object(told, "awsAuthConfig")
    if bool(tls.get("certData")) != bool(tls.get("keyData")):
        raise InvalidObject("certData and keyData go together", field="config.tlsClientConfig")
    if aws.get("profile"):
        raise Unsupported("profiles are not read: give a roleARN", field="config.awsAuthConfig.profile")
    return Access(
        _text(told, "bearerToken"),
        _text(told, "username"),
        _text(told, "password"),
        tls.get("insecure") is True,
        _text(tls, "serverName"),
        _pem(tls, "caData"),
        _pem(tls, "certData"),
        _pem(tls, "keyData"),
        _text(aws, "clusterName"),
        _text(aws, "roleARN"),
    )


def unmanaged(keys: Iterable[Key], namespaces: Sequence[str], *, cluster_resources: bool) -> str:
    """Why something may not be put into a cluster of which these namespaces alone are managed, "" when all may."""
    for key in keys if namespaces else ():
        if not key.namespace and not cluster_resources:
            return f'cluster level {key.kind} "{key.name}" can not be managed when in namespaced mode'
        if key.namespace and key.namespace not in namespaces:
            return f'namespace "{key.namespace}" for {key.kind} "{key.name}" is not managed'
    return ""


def _object(told: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = told.get(field) or {}
    if not isinstance(found, dict):
        raise InvalidObject("is no JSON object", field=f"config.{field}")
    return found


def _text(told: Mapping[str, Any], field: str) -> str:
    found = told.get(field) or ""
    if not isinstance(found, str):
        raise InvalidObject("is no text", field=f"config.{field}")
    return found


def _pem(told: Mapping[str, Any], field: str) -> str:
    try:
        return base64.b64decode(_text(told, field), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidObject("is no base64 of a PEM text", field=f"config.tlsClientConfig.{field}") from None
