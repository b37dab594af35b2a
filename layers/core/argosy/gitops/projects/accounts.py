"""As whom the objects of an Application are written, where settings want syncs to be impersonated.

In: a project, an Application of it and its destination. Out: the service account. Called before the first write of an
operation or of a deletion. Follows `deriveServiceAccountToImpersonate` of `controller/sync.go` in Argo CD 3.6.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from argosy.errors import EvaluationError
from argosy.gitops.projects.permissions import Cluster
from argosy.lang import glob
from argosy.resources.application import Application
from argosy.resources.appproject import AppProject

__all__ = ["Account", "account_of"]

_LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"((?P<namespace>{_LABEL}):)?(?P<name>{_LABEL}(\.{_LABEL})*)")


class Account(NamedTuple):
    """A service account of the destination."""

    namespace: str
    name: str


def account_of(project: AppProject, app: Application, cluster: Cluster) -> Account:
    """The account of the first entry that takes the destination. Raises EvaluationError, in Argo's words, for none."""
    destination = app.spec.destination
    home = destination.namespace or app.metadata.namespace
    for one in project.spec.destination_service_accounts:
        server = _takes(one.server, cluster.server, "server")
        if server and _takes(one.namespace, destination.namespace, "namespace"):
            found = _NAME.fullmatch(one.default_service_account)
            if found is None:
                raise EvaluationError(f"default service account contains invalid chars '{one.default_service_account}'")
            return Account(found["namespace"] or home, found["name"])
    where = destination.server or cluster.server
    raise EvaluationError(f"no matching service account found for destination server {where} and namespace {home}")


def _takes(pattern: str, text: str, field: str) -> bool:
    try:
        return glob.matches(pattern, text)
    except EvaluationError as x:
        raise EvaluationError(f"invalid glob pattern for destination {field}: {x}") from x
