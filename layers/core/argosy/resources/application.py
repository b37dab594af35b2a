"""Application (argoproj.io/v1alpha1): the object as its controller, the webhook and the tools read it.

Follows `pkg/apis/application/v1alpha1/types.go` of Argo CD 3.6. A source has its model in `argosy.resources.source`; what
an operation is and what became of it, in `argosy.resources.application_operation`. Status is read here and written as
plain JSON by `argosy.gitops`; validation is in `argosy.gitops.projects.specs`, as it needs the project and the clusters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from argosy.resources.application_operation import InitiatedBy, NamespaceMetadata, Operation, OperationState, Retry
from argosy.resources.base import Metadata, Model
from argosy.resources.source import Source

__all__ = [
    "Application",
    "ApplicationMetadata",
    "ApplicationSpec",
    "ApplicationStatus",
    "Automated",
    "Condition",
    "Destination",
    "DrySource",
    "History",
    "Hydrator",
    "IgnoreDifference",
    "ResourceStatus",
    "SyncPolicy",
    "SyncSource",
]

type Json = Mapping[str, Any]

REVISION_HISTORY: Final = 10


class ApplicationMetadata(Metadata):
    """What deciding looks at beyond the metadata of every object."""

    finalizers: Sequence[str] = ()
    deletion_timestamp: str = ""
    resource_version: str = ""


class Destination(Model):
    """`spec.destination`: a cluster by `server` or by `name`, and the namespace of objects that name none."""

    server: str = ""
    name: str = ""
    namespace: str = ""


class IgnoreDifference(Model):
    """An entry of `spec.ignoreDifferences`."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    json_pointers: Sequence[str] = ()
    jq_path_expressions: Sequence[str] = ()
    managed_fields_managers: Sequence[str] = ()


class Automated(Model):
    """`syncPolicy.automated`: that it stands there turns it on."""

    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False
    enabled: bool | None = None


class SyncPolicy(Model):
    """`spec.syncPolicy`."""

    automated: Automated | None = None
    sync_options: Sequence[str] = ()
    retry: Retry | None = None
    managed_namespace_metadata: NamespaceMetadata | None = None


class DrySource(Model):
    """`sourceHydrator.drySource`: what manifests are made from."""

    repo_url: str = Field(default="", alias="repoURL")
    target_revision: str = ""
    path: str = ""


class SyncSource(Model):
    """`sourceHydrator.syncSource`: where the made manifests are synced from; `repoURL` "" = the dry source's."""

    target_branch: str = ""
    path: str = ""
    repo_url: str = Field(default="", alias="repoURL")


class HydrateTo(Model):
    """`sourceHydrator.hydrateTo`."""

    target_branch: str = ""


class Hydrator(Model):
    """`spec.sourceHydrator`."""

    dry_source: DrySource = DrySource()
    sync_source: SyncSource = SyncSource()
    hydrate_to: HydrateTo | None = None

    @property
    def synced(self) -> Source:
        """The source that is synced (GetSyncSource)."""
        return Source(
            repoURL=self.sync_source.repo_url or self.dry_source.repo_url,
            path=self.sync_source.path,
            target_revision=self.sync_source.target_branch,
        )

    @property
    def dry(self) -> Source:
        """The source that manifests are made from (GetDrySource)."""
        dry = self.dry_source
        return Source(repoURL=dry.repo_url, path=dry.path, target_revision=dry.target_revision)


class ApplicationSpec(Model):
    """`spec`."""

    project: str = ""
    source: Source | None = None
    sources: Sequence[Source] = ()
    source_hydrator: Hydrator | None = None
    destination: Destination = Destination()
    sync_policy: SyncPolicy | None = None
    ignore_differences: Sequence[IgnoreDifference] = ()
    info: Sequence[Json] = ()
    revision_history_limit: int | None = None

    @property
    def multiple(self) -> bool:
        """Whether it has `sources`; they count before `source` (HasMultipleSources)."""
        return self.source_hydrator is None and bool(self.sources)

    @property
    def all_sources(self) -> Sequence[Source]:
        """The sources that are synced, at least one (GetSources)."""
        if self.source_hydrator is not None:
            return (self.source_hydrator.synced,)
        return self.sources or (self.source or Source(),)

    @property
    def project_name(self) -> str:
        """`project`, `default` where none is given (GetProject)."""
        return self.project or "default"

    @property
    def history_limit(self) -> int:
        """`revisionHistoryLimit`, 10 where none is given (GetRevisionHistoryLimit)."""
        return REVISION_HISTORY if self.revision_history_limit is None else self.revision_history_limit

    @property
    def automated(self) -> Automated | None:
        """The automated policy if it is on (IsAutomatedSyncEnabled)."""
        found = self.sync_policy.automated if self.sync_policy is not None else None
        return None if found is None or found.enabled is False else found

    @property
    def sync_options(self) -> Sequence[str]:
        """`syncPolicy.syncOptions`."""
        return self.sync_policy.sync_options if self.sync_policy is not None else ()


class Condition(Model):
    """A condition of the status."""

    type: str = ""
    message: str = ""
    last_transition_time: str = ""


class Health(Model):
    """`health` of the application or of a resource."""

    status: str = ""
    message: str = ""
    last_transition_time: str = ""


class ComparedTo(Model):
    """`status.sync.comparedTo`: what of the spec the comparison was made with."""

    source: Source | None = None
    sources: Sequence[Source] = ()
    destination: Destination = Destination()
    ignore_differences: Sequence[IgnoreDifference] = ()


class SyncStatus(Model):
    """`status.sync`."""

    status: str = ""
    revision: str = ""
    revisions: Sequence[str] = ()
    compared_to: ComparedTo = ComparedTo()

    @property
    def told(self) -> Sequence[str]:
        """The commit of each source, none before the first comparison."""
        return self.revisions or ([self.revision] if self.revision else [])


class ResourceStatus(Model):
    """An entry of `status.resources`."""

    group: str = ""
    version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    health: Health | None = None
    hook: bool = False
    requires_pruning: bool = False
    requires_deletion_confirmation: bool = False
    sync_wave: int = 0


class History(Model):
    """An entry of `status.history`: a full sync that went through."""

    id: int = 0
    revision: str = ""
    revisions: Sequence[str] = ()
    source: Source | None = None
    sources: Sequence[Source] = ()
    deploy_started_at: str = ""
    deployed_at: str = ""
    initiated_by: InitiatedBy = InitiatedBy()


class ApplicationStatus(Model):
    """`status`."""

    sync: SyncStatus = SyncStatus()
    health: Health = Health()
    history: Sequence[History] = ()
    resources: Sequence[ResourceStatus] = ()
    conditions: Sequence[Condition] = ()
    operation_state: OperationState | None = None
    reconciled_at: str | None = None
    observed_at: str | None = None
    source_type: str = ""
    source_types: Sequence[str] = ()
    controller_namespace: str = ""
    resource_health_source: str = ""


class Application(Model):
    """The object."""

    metadata: ApplicationMetadata = ApplicationMetadata()
    spec: ApplicationSpec = ApplicationSpec()
    status: ApplicationStatus = ApplicationStatus()
    operation: Operation | None = None

    @classmethod
    def of(cls, body: Json) -> Application:
        """Read an object that the API server has accepted. Raises pydantic's ValidationError for one of other types."""
        return cls.model_validate(body)

    @property
    def deleting(self) -> bool:
        """Whether somebody has deleted it."""
        return bool(self.metadata.deletion_timestamp)
