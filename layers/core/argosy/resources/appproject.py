"""AppProject (argoproj.io/v1alpha1): what Applications of a project may use, and who may do what with them.

Follows `AppProjectSpec` of `pkg/apis/application/v1alpha1/types.go` of Argo CD 3.6. Validation is in
`argosy.resources.appproject_validation`; what a project permits is told by `argosy.gitops.projects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from argosy.resources.application import Destination
from argosy.resources.base import Metadata, Model

__all__ = [
    "DEFAULT_PROJECT",
    "AppProject",
    "AppProjectSpec",
    "ClusterKind",
    "OrphanIgnore",
    "OrphanedResources",
    "Role",
    "ServiceAccount",
    "SyncWindow",
]

type Json = Mapping[str, Any]


class NamespacedKind(Model):
    """An entry of the lists of namespaced kinds; both are globs."""

    group: str = ""
    kind: str = ""


class ClusterKind(NamespacedKind):
    """An entry of the lists of cluster-wide kinds; a `name` limits it to objects of that name."""

    name: str = ""


class JwtToken(Model):
    """A token of a role."""

    iat: int = 0
    exp: int = 0
    id: str = ""


class Role(Model):
    """An entry of `spec.roles`: policies in casbin's form, and the groups that have the role."""

    name: str = ""
    description: str = ""
    policies: Sequence[str] = ()
    groups: Sequence[str] = ()
    jwt_tokens: Sequence[JwtToken] = ()


class SyncWindow(Model):
    """An entry of `spec.syncWindows`."""

    kind: str = ""
    schedule: str = ""
    duration: str = ""
    applications: Sequence[str] = ()
    namespaces: Sequence[str] = ()
    clusters: Sequence[str] = ()
    manual_sync: bool = False
    sync_overrun: bool = False
    time_zone: str = ""
    and_operator: bool = False
    description: str = ""


class OrphanIgnore(Model):
    """An entry of `orphanedResources.ignore`."""

    group: str = ""
    kind: str = ""
    name: str = ""


class OrphanedResources(Model):
    """`spec.orphanedResources`: that it stands there turns the watch on; `warn` None = warn."""

    warn: bool | None = None
    ignore: Sequence[OrphanIgnore] = ()


class SignatureKey(Model):
    """An entry of `spec.signatureKeys`."""

    key_id: str = Field(default="", alias="keyID")


class ServiceAccount(Model):
    """An entry of `spec.destinationServiceAccounts`: who writes to a destination."""

    server: str = ""
    namespace: str = ""
    default_service_account: str = ""


class AppProjectSpec(Model):
    """`spec`. A list of namespaced kinds that is not given permits all, an empty one none."""

    source_repos: Sequence[str] = ()
    destinations: Sequence[Destination] = ()
    description: str = ""
    roles: Sequence[Role] = ()
    cluster_resource_whitelist: Sequence[ClusterKind] = ()
    cluster_resource_blacklist: Sequence[ClusterKind] = ()
    namespace_resource_whitelist: Sequence[NamespacedKind] | None = None
    namespace_resource_blacklist: Sequence[NamespacedKind] = ()
    orphaned_resources: OrphanedResources | None = None
    sync_windows: Sequence[SyncWindow | None] = ()
    signature_keys: Sequence[SignatureKey] = ()
    source_namespaces: Sequence[str] = ()
    permit_only_project_scoped_clusters: bool = False
    destination_service_accounts: Sequence[ServiceAccount] = ()


class AppProject(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: AppProjectSpec = AppProjectSpec()

    @classmethod
    def of(cls, body: Json) -> AppProject:
        """Read an object that the API server has accepted. Raises pydantic's ValidationError for one of other types."""
        return cls.model_validate(body)

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name


DEFAULT_PROJECT: Final = AppProject(
    metadata=Metadata(name="default"),
    spec=AppProjectSpec(
        source_repos=("*",),
        destinations=(Destination(server="*", namespace="*"),),
        cluster_resource_whitelist=(ClusterKind(group="*", kind="*"),),
    ),
)
"""The project `default`, which is there without being declared."""
