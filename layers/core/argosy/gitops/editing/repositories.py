"""Repository Secrets as `argocd repo add` and `argocd repocreds add` write them.

In: an address and what the flags say. Out: a Secret, and what of one may be shown. Follows `util/db/repository_secrets.go`
and `util/db/secrets.go` of Argo CD 3.6: the name is a hash of address and project, and a Secret that somebody else has made
loses its label when it is removed, no more.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.gitops.repositories import KIND_LABEL
from argosy.lang.fnv import fnv32a

__all__ = ["MANAGED", "SHOWN", "check", "secret", "secret_name"]

type Json = dict[str, Any]

MANAGED: Final = {"managed-by": "argocd.argoproj.io"}
SHOWN: Final = {
    "url": "repo",
    "type": "type",
    "name": "name",
    "project": "project",
    "username": "username",
    "insecure": "insecure",
    "insecureIgnoreHostKey": "insecureIgnoreHostKey",
    "enableLfs": "enableLfs",
    "enableOCI": "enableOCI",
    "insecureOCIForceHttp": "insecureOCIForceHttp",
    "forceHttpBasicAuth": "forceHttpBasicAuth",
    "githubAppID": "githubAppID",
    "githubAppInstallationID": "githubAppInstallationID",
    "githubAppEnterpriseBaseUrl": "githubAppEnterpriseBaseUrl",
    "proxy": "proxy",
    "noProxy": "noProxy",
}
"""What may be shown of a repository, by its name in a Secret; the values are the names in Argo CD's API."""

_PREFIXES: Final = {"repository": "repo", "repo-creds": "creds"}
_TYPES: Final = ("git", "helm", "oci")


def secret_name(kind: str, url: str, project: str = "") -> str:
    """The name that Argo CD gives the Secret of an address."""
    return f"{_PREFIXES[kind]}-{fnv32a(f'{url}{project}'.encode())}"


def secret(kind: str, namespace: str, data: Mapping[str, str]) -> Json:
    """The Secret of a repository or of credentials; what is empty is left out."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(kind, data["url"], data.get("project", "")),
            "namespace": namespace,
            "labels": {KIND_LABEL: kind},
            "annotations": dict(MANAGED),
        },
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items() if value},
    }


def check(data: Mapping[str, str]) -> None:
    """Raises InvalidObject for flags that do not go together, in argocd's words where it has some."""
    url, kind = data["url"], data.get("type") or "git"
    if kind not in _TYPES:
        raise InvalidObject(f"a repository's type is one of {', '.join(_TYPES)}, not {kind!r}", field="--type")
    if kind == "helm" and not data.get("name"):
        raise InvalidObject("Must specify --name for repos of type 'helm'", field="--name")
    ssh = url.startswith("ssh://") or ("://" not in url and "@" in url)
    if data.get("sshPrivateKey") and not ssh:
        raise InvalidObject("--ssh-private-key-path is only supported for SSH repositories.", obj=url)
    if bool(data.get("tlsClientCertData")) != bool(data.get("tlsClientCertKey")):
        raise InvalidObject("--tls-client-cert-path and --tls-client-cert-key-path go together", obj=url)
    if data.get("tlsClientCertData") and not url.startswith(("https://", "oci://")) and kind == "git":
        raise InvalidObject("--tls-client-cert-path is only supported for HTTPS repositories", obj=url)
    if data.get("bearerToken") and data.get("password"):
        raise InvalidObject("--bearer-token and --password exclude each other", obj=url)
