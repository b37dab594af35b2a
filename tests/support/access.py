"""Who may do what, by the authorizer of a real API server, which learns of a new binding a moment after it was made."""

from __future__ import annotations

from typing import Any

from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster, ServiceAccount

__all__ = ["may", "wait_for_access"]

_SECONDS = 20.0


def may(
    cluster: Cluster, who: ServiceAccount, verb: str, resource: str, where: str = "", sub: str = "", name: str = ""
) -> bool:
    """Whether the account may; `resource` is `plural.group`, `where` a namespace or "" for all, as `name`."""
    plural, _, group = resource.partition(".")
    attributes = {"verb": verb, "resource": plural, "group": group, "namespace": where, "subresource": sub}
    attributes |= {"name": name} if name else {}
    spec: dict[str, Any] = {"user": who.user, "groups": [*who.groups], "resourceAttributes": attributes}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    return bool(cluster.create(review)["status"]["allowed"])


def wait_for_access(
    cluster: Cluster, who: ServiceAccount, verb: str, resource: str, where: str = "", name: str = ""
) -> None:
    """Until the account may. What was bound before it holds then too: the authorizer learns in order."""
    assert wait_until(lambda: may(cluster, who, verb, resource, where, name=name), _SECONDS, 0.05), (
        f"{who.user}: {verb} {resource}"
    )
