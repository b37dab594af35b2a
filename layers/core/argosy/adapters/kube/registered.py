"""The ways into registered clusters that have no agent: a server with a token or a client certificate, or EKS.

In: what `argosy cluster add` has kept of the cluster, and the secrets. Out: `DirectCluster`. A credential is the secret
`cluster-<name>` of namespace `@clusters`: key `token`, or `certificate` and `key` (PEM), as Argo CD keeps them in a
cluster's Secret. Called by entry points, behind `LazyCluster`.
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argosy.adapters.kube.client import ClientConnection, load_package
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import InvalidObject, NotFound, Unsupported
from argosy.ports.secrets import Secrets

__all__ = ["CREDENTIALS", "connect", "secret_name"]

CREDENTIALS: Final = "@clusters"
"""The namespace of the secrets: one that no declaration can have, so that no Sensor can name them."""


def secret_name(cluster: str) -> str:
    """The secret that holds a cluster's credential."""
    return f"cluster-{cluster}"


def connect(name: str, way: str, settings: Mapping[str, str], secrets: Secrets) -> DirectCluster:
    """Connect to a registered cluster; `settings` are `server` and `ca` (base64 of PEM), or those of EKS.

    Raises NotFound without a credential, InvalidObject for settings that cannot be used, Unsupported for another way.
    """
    if way == "eks":
        from argosy.adapters.aws.clients import Clients
        from argosy.adapters.kube import eks

        arn, role, external = (settings.get(key, "") for key in ("arn", "role_arn", "external_id"))
        return eks.connect(eks.EksCluster(arn, role, external), Clients())
    if way != "server":
        raise Unsupported(f"a cluster of way {way!r} is not reached from here", obj=f"cluster {name}")
    return _server(name, settings, secrets)


def _server(name: str, settings: Mapping[str, str], secrets: Secrets) -> DirectCluster:
    load_package()
    from kubernetes.client import ApiClient, Configuration

    configuration = Configuration()
    configuration.host, configuration.retries = settings.get("server", ""), False
    if not configuration.host.startswith("https://"):
        raise InvalidObject("is no URL that begins with https://", obj=f"cluster {name}", field="server")
    try:
        configuration.ca_cert_data = base64.b64decode(settings.get("ca", ""), validate=True).decode("ascii") or None
    except (binascii.Error, UnicodeDecodeError) as x:
        raise InvalidObject("is no base64 of a PEM text", obj=f"cluster {name}", field="ca") from x
    secret = secret_name(name)
    try:
        token = secrets.secret(CREDENTIALS, secret, "token")
    except NotFound:
        pair = [secrets.secret(CREDENTIALS, secret, key) for key in ("certificate", "key")]
        configuration.cert_file, configuration.key_file = (_private(text) for text in pair)
    else:
        configuration.api_key = {"authorization": f"Bearer {token}"}
    return DirectCluster(ClientConnection(ApiClient(configuration)))


def _private(text: str) -> str:
    """A file of ours alone: the TLS library reads certificates and keys from files only."""
    handle, path = tempfile.mkstemp(prefix="argosy-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return str(Path(path))
