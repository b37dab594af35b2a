"""The account that a registered cluster is reached by: what `argosy cluster add CONTEXT` makes in it.

In: the cluster, through the Cluster port, as the user whose kubeconfig it is. Out: a token that does not end by itself,
which the caller keeps. As in Argo CD (util/clusterauth/clusterauth.go, v3.1): a service account, a role, a binding, and a
Secret of type kubernetes.io/service-account-token, which the cluster fills.

On purpose different: the role is not everything. What a Sensor does is done as the service account that the Sensor names, so
the manager may act as service accounts, in all namespaces or in those given, and nothing else; everything where it is to
bring Applications there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import NotFound, Unavailable
from argosy.ports.clock import Clock
from argosy.ports.cluster import Cluster
from argosy.services.agents.manifests import EVERYTHING

__all__ = ["MANAGER", "Account", "install", "manager_manifests"]

MANAGER: Final = "argosy-manager"
_SECRET: Final = f"{MANAGER}-token"
_ACTING: Final[dict[str, Any]] = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}
_SECONDS: Final = 60.0
_LOOK: Final = 0.2


@dataclass(frozen=True, slots=True)
class Account:
    """Where the account is made, and in which namespaces it has its rights, () = all. `gitops`: it has all rights there."""

    system_namespace: str = "kube-system"
    namespaces: tuple[str, ...] = ()
    gitops: bool = False

    @property
    def rights(self) -> str:
        """What it may do, in words."""
        what = "do everything in" if self.gitops else "act as every service account of"
        return f"{what} {f'namespaces {", ".join(self.namespaces)}' if self.namespaces else 'all namespaces'}"


def manager_manifests(account: Account) -> Iterator[dict[str, Any]]:
    """The objects, in the order in which they are to be applied."""
    system_namespace = account.system_namespace
    core, rbac = "v1", "rbac.authorization.k8s.io"
    metadata = {"name": MANAGER, "labels": {"app.kubernetes.io/part-of": "argosy"}}
    yield {"apiVersion": core, "kind": "ServiceAccount", "metadata": {**metadata, "namespace": system_namespace}}
    rules = [
        EVERYTHING
        if account.gitops
        else {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}
    ]
    scopes = [("", namespace) for namespace in sorted(set(account.namespaces))] or [("Cluster", "")]
    for scope, namespace in scopes:
        placed = metadata | ({"namespace": namespace} if namespace else {})
        yield {"apiVersion": f"{rbac}/v1", "kind": f"{scope}Role", "metadata": placed, "rules": rules}
        yield {
            "apiVersion": f"{rbac}/v1",
            "kind": f"{scope}RoleBinding",
            "metadata": placed,
            "roleRef": {"apiGroup": rbac, "kind": f"{scope}Role", "name": MANAGER},
            "subjects": [{"kind": "ServiceAccount", "name": MANAGER, "namespace": system_namespace}],
        }
    of = {"kubernetes.io/service-account.name": MANAGER}
    named = {**metadata, "name": _SECRET, "namespace": system_namespace, "annotations": of}
    yield {"apiVersion": core, "kind": "Secret", "metadata": named, "type": "kubernetes.io/service-account-token"}


def install(cluster: Cluster, clock: Clock, account: Account) -> str:
    """Make them, or make them as they are to be, and give the token.

    Raises what the cluster raises, and Unavailable when it does not fill the Secret: its controllers do not run.
    """
    for manifest in manager_manifests(account):
        cluster.apply(manifest, force=True)
    end = clock.now().timestamp() + _SECONDS
    while True:
        token = _token(cluster, account.system_namespace)
        if token:
            return token
        if clock.now().timestamp() >= end or not clock.sleep(_LOOK):
            raise Unavailable(
                f"the cluster has not filled Secret {account.system_namespace}/{_SECRET} within {_SECONDS:.0f} s: "
                "does its kube-controller-manager run?"
            )


def _token(cluster: Cluster, namespace: str) -> str:
    try:
        data = cluster.get("v1", "Secret", namespace, _SECRET).get("data") or {}
    except NotFound:
        return ""
    return base64.b64decode(data.get("token", "")).decode()
