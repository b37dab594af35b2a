"""The Cluster port on a kubeconfig, by the kubernetes package's `DynamicClient` (37.0).

In: a kubeconfig and a context, as kubectl takes them. Out: `DirectCluster`. Called by entry points only (`argosy
up`, the CLI, the agent); `eks` is the way in of functions, on the same connection. The package takes half a second
to import, so every import of it stands inside the function that needs it.

Impersonation sends the user alone: for a service account the API server adds its three groups itself (apiserver
v0.34, endpoints/filters/impersonation.go), and an installation then needs no right to impersonate groups. Redirects
are not followed and nothing is retried here: a bearer token goes to the server of the kubeconfig only, and the
callers' queues know better when to try again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argosy.adapters.kube.kinds import Kinds, Served
from argosy.adapters.kube.problems import is_route_missing, problem
from argosy.errors import InvalidObject, NotFound, Unavailable
from argosy.ports.cluster import Objects, ServiceAccount, object_reference, unknown_kind

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, Configuration

__all__ = ["Connection", "DirectCluster", "connect"]

_TIMEOUT = (3.0, 30.0)
"""Seconds to connect, seconds between two pieces of the answer."""

_PAGE = 500
_FIELD_MANAGER = "argosy"


def connect(kubeconfig: Path | None = None, context: str | None = None) -> DirectCluster:
    """Connect as kubectl would and ask the server for its version.

    Without `kubeconfig`: the files of $KUBECONFIG, ~/.kube/config, or the service account of the pod that we run
    in. Raises `NotFound` for a missing file or context, `InvalidObject` for a file that is no kubeconfig,
    `Unavailable` within seconds when nobody answers, `Denied` when the credentials are refused.
    """
    from kubernetes.client import ApiClient

    configuration = _configuration(kubeconfig, context)
    configuration.retries = False
    cluster = DirectCluster(Connection(ApiClient(configuration)))
    try:
        cluster.version()
    except BaseException:
        cluster.close()
        raise
    return cluster


def _configuration(kubeconfig: Path | None, context: str | None) -> Configuration:
    from kubernetes import config
    from kubernetes.client import Configuration
    from yaml import YAMLError

    configuration = Configuration()
    shown = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        if kubeconfig is None and context is None and _in_pod(shown):
            config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
                config_file=str(kubeconfig) if kubeconfig else None,
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


def _in_pod(shown: str) -> bool:
    files = [Path(one).expanduser() for one in shown.split(os.pathsep)]
    return "KUBERNETES_SERVICE_HOST" in os.environ and not any(file.exists() for file in files)


class Connection:
    """One API server: the client, and what it was seen to serve."""

    def __init__(self, client: ApiClient, token: Callable[[], str] | None = None) -> None:
        """`token`: what each request authenticates with, where the client's own configuration does not say."""
        self.kinds = Kinds(self._fetch)
        self._token = token
        self.use(client)

    def use(self, client: ApiClient) -> None:
        """Go on through another client."""
        from kubernetes.dynamic import DynamicClient

        self.host = str(client.configuration.host)
        self._client = client
        self._dynamic = DynamicClient(client, None, lambda *_: self.kinds)  # type: ignore[no-untyped-call]  # as above

    def call(
        self, method: str, path: str, subject: str, *, user: ServiceAccount | None = None, **options: Any
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """(status, body, headers) of one request. Raises `Unavailable` when there is no answer."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Impersonate-User": user.user} if user else {}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            answer = self._dynamic.request(
                method, path, serialize=False, header_params=headers, _request_timeout=_TIMEOUT, **options
            )
            return answer.status, answer.data, answer.headers
        except ApiException as error:
            if not error.status:  # no answer at all: TLS
                raise Unavailable(f"{subject}: {self.host}: {error.reason}") from error
            body = error.body.encode() if isinstance(error.body, str) else error.body or b""
            return error.status, body, error.headers or {}
        except (HTTPError, OSError) as error:
            raise Unavailable(f"{subject}: no answer from {self.host}: {error}") from error

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # untyped in kubernetes 37

    def _fetch(self, path: str) -> bytes | None:
        status, body, headers = self.call("get", path, path)
        if status == 404:
            return None
        if status != 200:
            raise problem(status, body, headers, f"discovery of {path}")
        return body


class DirectCluster:
    """A `Cluster` on one API server; the connection is shared with what `acting_as` returns."""

    def __init__(self, connection: Connection, user: ServiceAccount | None = None) -> None:
        self._connection, self._user = connection, user

    def create(self, manifest: Mapping[str, Any], *, namespace: str | None = None) -> dict[str, Any]:
        """See `Cluster.create`."""
        api_version, kind, found, name = object_reference(manifest, namespace)
        served = self._connection.kinds.find(api_version, kind)
        path, subject = served.collection_path(found), served.subject(found, name)
        return self._ask("post", served, path, subject, body=dict(manifest), field_manager=_FIELD_MANAGER)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """See `Cluster.get`."""
        served = self._connection.kinds.find(api_version, kind)
        return self._ask("get", served, served.object_path(namespace, name), served.subject(namespace, name))

    def list(self, api_version: str, kind: str, namespace: str, *, label_selector: str = "") -> Objects:
        """See `Cluster.list`. Read in pages, which the server answers from one version of its state."""
        served = self._connection.kinds.find(api_version, kind)
        path = served.collection_path(namespace) if namespace else served.all_path()
        subject = served.subject(namespace, "")
        options: dict[str, Any] = {"label_selector": label_selector or None, "limit": _PAGE}
        items: Objects = []
        while True:
            page = self._ask("get", served, path, subject, **options)
            items += [{"apiVersion": api_version, "kind": kind} | item for item in page["items"]]
            options["_continue"] = page.get("metadata", {}).get("continue")
            if not options["_continue"]:
                return items

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """See `Cluster.delete`."""
        served = self._connection.kinds.find(api_version, kind)
        path, subject = served.object_path(namespace, name), served.subject(namespace, name)
        # The server's own default for some kinds (Jobs) is to orphan what they made; kubectl never does that.
        self._ask("delete", served, path, subject, propagation_policy="Background")

    def acting_as(self, user: ServiceAccount) -> DirectCluster:
        """See `Cluster.acting_as`. Discovery goes on under our own identity."""
        return DirectCluster(self._connection, user)

    def version(self) -> str:
        """See `Cluster.version`."""
        status, body, headers = self._connection.call("get", "/version", "version")
        if status != 200:
            raise problem(status, body, headers, self._connection.host)
        return str(json.loads(body)["gitVersion"])

    def close(self) -> None:
        """Close the connection, also for every `acting_as` of this cluster."""
        self._connection.close()

    def _ask(self, method: str, served: Served, path: str, subject: str, **options: Any) -> dict[str, Any]:
        status, body, headers = self._connection.call(method, path, subject, user=self._user, **options)
        if is_route_missing(status, body):
            self._connection.kinds.forget(served.api_version)
            raise unknown_kind(served.api_version, served.kind)
        if not 200 <= status <= 299:
            raise problem(status, body, headers, subject)
        answer: dict[str, Any] = json.loads(body)
        return answer
