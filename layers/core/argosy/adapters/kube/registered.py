"""The ways into registered clusters that have no agent: a server with a token or a client certificate, or EKS.

In: what `argosy cluster add` has kept of the cluster, and the secrets. Out: `DirectCluster`. A credential is the secret
`cluster-<name>` of namespace `@clusters`: key `token`, or `certificate` and `key` (PEM), as Argo CD keeps them in a
cluster's Secret. Those Secrets themselves are taken, too (`by_access`). Called by entry points, behind `LazyCluster`.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from argosy.adapters.kube.client import ClientConnection, load_package
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import InvalidObject, NotFound, Unsupported
from argosy.gitops.clusters import Access
from argosy.ports.secrets import Secrets

if TYPE_CHECKING:
    from kubernetes.client import Configuration

__all__ = ["CREDENTIALS", "by_access", "connect", "secret_name"]

_EKS: Final = re.compile(r"\.([a-z0-9-]+)\.eks\.amazonaws\.com(\.cn)?\Z")
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


def by_access(name: str, server: str, access: Access) -> DirectCluster:
    """Connect to the cluster of one of Argo CD's Secrets, and ask it for its version.

    Raises InvalidObject for what cannot be used, Denied and Unavailable as `client.connect`.
    """
    load_package()
    from urllib3 import disable_warnings
    from urllib3.exceptions import InsecureRequestWarning

    configuration = _configuration(name, server)
    configuration.ca_cert_data = access.ca or None
    if access.insecure:
        configuration.verify_ssl = False
        disable_warnings(InsecureRequestWarning)  # at each request, of what somebody has asked for
    configuration.tls_server_name = access.server_name or None
    configuration.username, configuration.password = access.username, access.password
    if access.token or access.username:
        token = f"Bearer {access.token}" if access.token else configuration.get_basic_auth_token()
        configuration.api_key = {"authorization": str(token)}
    pair = [one for one in (access.certificate, access.key) if one]
    cluster = DirectCluster(_Connection(configuration, pair, _aws_token(name, server, access)))
    try:
        cluster.version()
    except BaseException:
        cluster.close()
        raise
    return cluster


def _aws_token(name: str, server: str, access: Access) -> Callable[[], str] | None:
    """What gives the tokens of a cluster of EKS; its region stands in its address."""
    if not access.aws_cluster:
        return None
    from argosy.adapters.aws.clients import Clients
    from argosy.adapters.kube import eks

    found = _EKS.search(urlsplit(server).hostname or "")
    if found is None:
        raise InvalidObject(f"awsAuthConfig is for clusters of EKS, which {server} is not", obj=f"cluster {name}")
    # Nobody looks at the account: the token tells who asks, and the cluster by its name alone.
    partition = "aws-cn" if found[2] else "aws"
    arn = f"arn:{partition}:eks:{found[1]}:000000000000:cluster/{access.aws_cluster}"
    return eks.token_of(eks.EksCluster(arn, access.aws_role), Clients())


def _configuration(name: str, server: str) -> Configuration:
    from kubernetes.client import Configuration

    configuration = Configuration()
    configuration.host, configuration.retries = server, False
    if not configuration.host.startswith("https://"):
        raise InvalidObject("is no URL that begins with https://", obj=f"cluster {name}", field="server")
    return configuration


def _server(name: str, settings: Mapping[str, str], secrets: Secrets) -> DirectCluster:
    load_package()
    configuration = _configuration(name, settings.get("server", ""))
    try:
        configuration.ca_cert_data = base64.b64decode(settings.get("ca", ""), validate=True).decode("ascii") or None
    except (binascii.Error, UnicodeDecodeError) as x:
        raise InvalidObject("is no base64 of a PEM text", obj=f"cluster {name}", field="ca") from x
    secret, pair = secret_name(name), list[str]()
    try:
        token = secrets.secret(CREDENTIALS, secret, "token")
    except NotFound:
        pair = [secrets.secret(CREDENTIALS, secret, key) for key in ("certificate", "key")]
    else:
        configuration.api_key = {"authorization": f"Bearer {token}"}
    return DirectCluster(_Connection(configuration, pair))


class _Connection(ClientConnection):
    """By a certificate and its key, if there are any, in files that go with it: TLS reads them from files only."""

    def __init__(
        self, configuration: Configuration, pair: Sequence[str], token: Callable[[], str] | None = None
    ) -> None:
        from kubernetes.client import ApiClient

        files = [_private(text) for text in pair]
        if files:
            configuration.cert_file, configuration.key_file = map(str, files)
        super().__init__(ApiClient(configuration), token)
        self._forget = weakref.finalize(self, _remove, files)

    def close(self) -> None:
        """See `Connection.close`."""
        super().close()
        self._forget()


def _private(text: str) -> Path:
    """A file of ours alone."""
    handle, path = tempfile.mkstemp(prefix="argosy-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return Path(path)


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
