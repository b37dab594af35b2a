"""The way into a cluster by a kubeconfig, read and authenticated by the kubernetes package (37.0).

In: a kubeconfig and a context, as kubectl takes them, so that exec plugins, client certificates and OIDC work as they do
there. Out: `DirectCluster`. Called by entry points only (`argosy up`, the CLI, tests). Requests go over a `Wire`; behind a
proxy they go through the package's `DynamicClient` and its urllib3, which knows all sorts of them. The package takes half a
second to import, so every import of it stands inside the function that needs it.
"""

from __future__ import annotations

import importlib
import os
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from argosy.adapters.kube import pod
from argosy.adapters.kube.connection import TIMEOUT, Answer, Call, Connection, Door, no_answer, trusting
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.wire import Wire
from argosy.errors import InvalidObject, NotFound, Unavailable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.dynamic import DynamicClient

__all__ = ["ClientConnection", "connect", "load_package"]

_KNOWN_SECONDS: Final = 1.0
_LOADING = threading.Lock()


def connect(kubeconfig: Path | None = None, context: str | None = None) -> DirectCluster:
    """Connect as kubectl would and ask the server for its version.

    Without `kubeconfig`: the files of $KUBECONFIG, ~/.kube/config, or the service account of the pod that we run
    in. Raises `NotFound` for a missing file or context, `InvalidObject` for a file that is no kubeconfig,
    `Unavailable` within seconds when nobody answers, `Denied` when the credentials are refused.
    """
    shown = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    if kubeconfig is None and context is None and _in_pod(shown):
        cluster = pod.connect()
    else:
        load_package()
        from kubernetes.client import ApiClient

        configuration = _configuration(shown, kubeconfig, context)
        configuration.retries = False
        cluster = DirectCluster(ClientConnection(ApiClient(configuration)), home=partial(_home, kubeconfig, context))
    try:
        cluster.version()
    except BaseException:
        cluster.close()
        raise
    return cluster


def load_package() -> None:
    """Import the kubernetes package; to be called before anything of it is imported.

    Its modules import each other in a circle: two threads that begin at different ends are each given half a module.
    """
    with _LOADING:
        importlib.import_module("kubernetes.client")
        importlib.import_module("kubernetes.config")
        importlib.import_module("kubernetes.dynamic")


def _configuration(shown: str, kubeconfig: Path | None, context: str | None) -> Configuration:
    from kubernetes import config
    from kubernetes.client import Configuration
    from yaml import YAMLError

    configuration = Configuration()
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
            # The package remembers the variable as it was when it was imported.
            config_file=str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG"),
            context=context,
            client_configuration=configuration,
            persist_config=False,  # a refreshed token belongs into the user's file only by the user's own tools
        )
    except config.ConfigException as error:
        where = f" (context {context})" if context else ""
        raise NotFound(f"kubeconfig {shown}{where}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, YAMLError) as error:
        raise InvalidObject(f"cannot be used: {error}", obj="kubeconfig", file=shown) from error
    return configuration


def _home(kubeconfig: Path | None, context: str | None) -> str:
    """The namespace that a context of a kubeconfig, which has just been read, means by default."""
    from kubernetes.config import kube_config

    file = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    merged = kube_config.KubeConfigMerger(file).config  # type: ignore[no-untyped-call]  # as above
    name = context or merged.safe_get("current-context")
    found = merged["contexts"].get_with_name(name, safe=True) if name else None
    return str((found.value.get("context") or {}).get("namespace") or "default") if found is not None else "default"


def _in_pod(shown: str) -> bool:
    files = [Path(one).expanduser() for one in shown.split(os.pathsep)]
    return "KUBERNETES_SERVICE_HOST" in os.environ and not any(file.exists() for file in files)


class ClientConnection(Connection):
    """A connection under the credentials of a configuration of the package."""

    def __init__(self, client: ApiClient, token: Callable[[], str] | None = None) -> None:
        """`token`: what each request authenticates with, where the client's own configuration does not say."""
        super().__init__()
        self._token = token
        self.use(client)

    def use(self, client: ApiClient) -> None:
        """Go on through another client."""
        from urllib3 import ProxyManager

        self.host = str(client.configuration.host)
        self._client = client
        self._wire: Wire | None = None
        self._known = -_KNOWN_SECONDS, ""
        self._proxied: DynamicClient | None = None
        if isinstance(client.rest_client.pool_manager, ProxyManager):
            from kubernetes.dynamic import DynamicClient

            self._proxied = DynamicClient(client, None, lambda *_: self.kinds)  # type: ignore[no-untyped-call]  # as above

    def call(self, call: Call, subject: str) -> Answer:
        """See `Connection.call`."""
        if self._proxied is not None:
            return self._through_proxy(self._proxied, call, subject)
        try:
            wire = self._wire or self._open()
        except (OSError, ValueError) as error:  # certificates that cannot be read
            raise no_answer(self.host, subject, error) from error
        return wire.send(call, subject, self._authorization())

    def _open(self) -> Wire:
        """Threads that come together may open several; one stays."""
        self._wire = Wire(self.door())
        return self._wire

    def _through_proxy(self, dynamic: DynamicClient, call: Call, subject: str) -> Answer:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Impersonate-User": call.user.user} if call.user else {}
        headers["Accept"] = call.accept
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            response = dynamic.request(
                call.method,
                call.path,
                body=call.body,
                serialize=False,
                query_params=list(call.query.items()),
                header_params=headers,
                content_type=call.content_type,
                _request_timeout=TIMEOUT,
            )
            return Answer(response.status, response.data, response.headers)
        except ApiException as error:
            if not error.status:  # no answer at all: TLS
                raise Unavailable(f"{subject}: {self.host}: {error.reason}") from error
            body = error.body.encode() if isinstance(error.body, str) else error.body or b""
            return Answer(error.status, body, error.headers or {})
        except (HTTPError, OSError) as error:
            raise no_answer(self.host, subject, error) from error

    def door(self) -> Door:
        """See `Connection.door`."""
        configuration = self._client.configuration
        tls = trusting(configuration.ssl_ca_cert, configuration.ca_cert_data or None)
        if not configuration.verify_ssl:
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        if configuration.cert_file:
            tls.load_cert_chain(configuration.cert_file, configuration.key_file)
        secure = self.host.startswith("https:")
        server_name = configuration.tls_server_name or ""
        return Door(self.host, tls if secure else None, self._authorization, self._refused, server_name)

    def close(self) -> None:
        """See `Connection.close`."""
        if self._wire is not None:
            self._wire.close()
        self._client.close()  # type: ignore[no-untyped-call]  # untyped in kubernetes 37

    def _refused(self, header: str) -> None:
        """A kubeconfig's credentials are asked for each second anyway: its hook renews what has an end."""

    def _authorization(self) -> str:
        """Of a kubeconfig it is asked for once a second: the package sets all of its configuration anew each time."""
        if self._token is not None:
            return f"Bearer {self._token()}"
        asked, known = self._known
        now = time.monotonic()
        if now - asked >= _KNOWN_SECONDS:
            configuration = self._client.configuration
            known = configuration.get_api_key_with_prefix("BearerToken", "authorization") or ""
            if not known and configuration.username:
                known = configuration.get_basic_auth_token() or ""
            self._known = now, known
        return known
