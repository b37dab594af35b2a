"""What a reconcile of an Application looks at, and what it leads to.

In: `Observed`, gathered by `argosy.services.applications`. Out: `Plan`, which says what to write and what to carry out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from argosy.gitops.comparison import Destination, Known, Targets, targets_of
from argosy.gitops.diff.evidence import Evidence
from argosy.gitops.diff.ignored import Programs
from argosy.gitops.identity import Key
from argosy.gitops.projects.accounts import Account
from argosy.gitops.refresh.needs import Refresh
from argosy.gitops.settings import CONTROL, Settings
from argosy.gitops.sync.writes import Batch, Outcome
from argosy.resources.application import Application
from argosy.resources.application_operation import OperationState
from argosy.resources.appproject import AppProject

__all__ = ["Carried", "Made", "Observed", "Plan", "instance_name"]

type Object = Mapping[str, Any]


def instance_name(namespace: str, name: str, control: str = CONTROL) -> str:
    """What an application's objects name it by: outside the control plane's namespace with its own (`InstanceName`)."""
    return name if namespace == control else f"{namespace}_{name}"


@dataclass(frozen=True, slots=True)
class Made:
    """What sources have come to: their objects in order, and a revision and a type each.

    `name`: the same for the same objects, "" where nobody says. `problems`: why they have not; `transient`: as something
    could not be reached, `forbidden`: because the project does not permit it. `unverified`: which signatures they lack; they
    are compared, and nothing is written. `untouched`: no file that counts for the Application (manifest-generate-paths) is
    another one than in the last sync.
    """

    objects: Sequence[Object] = ()
    revisions: Sequence[str] = ()
    types: Sequence[str] = ()
    problems: Sequence[str] = ()
    transient: bool = False
    forbidden: bool = False
    unverified: Sequence[str] = ()
    name: str = ""
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """How far the writes of an attempt have come: their outcomes, and what the last step has said of the next.

    `written`: the resourceVersions at which objects were left by its writes.
    """

    attempt: str = ""
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    not_before: datetime | None = None
    written: Mapping[Key, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Observed:
    """`body` is the Application as it stands in its home, `own` its key there.

    `to`: its destination, nowhere when that is not known. `refused`: why its spec may not be reconciled; `hindrances`: why
    nothing may be deleted with it, as not all of what it has can be told. `made`: what its
    sources have come to, None where they were not asked for; `wanted`: the same for the operation that runs. `live`: by key
    what is there of all targets, and all that is tracked; `unseen`: what was written later than that. `known`: comparisons
    that were made before; `evidence`: what the destination's API server was asked besides;
    `orphaned`: how many objects of the destination's namespace are nobody's, where the project watches for them.
    """

    body: Object
    own: Key
    instance: str
    refresh: Refresh
    project: AppProject
    settings: Settings
    jq: Programs
    to: Destination = Destination()  # noqa: RUF009 - frozen, like all that is in it
    refused: Sequence[str] = ()
    made: Made | None = None
    wanted: Made | None = None
    live: Mapping[Key, Object] = field(default_factory=dict)
    unseen: Collection[Key] = ()
    carried: Carried = Carried()
    known: Known = field(default_factory=Known)
    hindrances: Sequence[str] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    orphaned: int = 0
    parsed: Application | None = None

    @cached_property
    def app(self) -> Application:
        """The body as a model; whoever has it already gives it as `parsed`."""
        return self.parsed if self.parsed is not None else Application.of(self.body)

    def targets(self, made: Made) -> Targets:
        """The objects of what sources have come to, as they are applied. Raises InvalidObject for one that cannot be."""
        cluster, namespace = self.to.cluster.server, self.app.spec.destination.namespace
        name = made.name and f"{made.name} {self.instance} {cluster} {namespace}"

        def make() -> Targets:
            return targets_of(made.objects, self.app, self.instance, self.settings, self.to)

        return self.known.targets(name, (self.settings, self.to.namespaced), make)

    @property
    def trusts_writers(self) -> bool:
        """Whether fields of some objects do not count because of who has written them (`managedFieldsManagers`)."""
        customized = [rules.get("ignoreDifferences") or {} for rules in self.settings.overrides.values()]
        return any(one.managed_fields_managers for one in self.app.spec.ignore_differences) or any(
            one.get("managedFieldsManagers") for one in customized
        )

    @property
    def state(self) -> Mapping[str, Any] | None:
        """`status.operationState`."""
        found: Mapping[str, Any] | None = (self.body.get("status") or {}).get("operationState")
        return found

    @property
    def operating(self) -> bool:
        """Whether an operation runs, or is asked for."""
        known = OperationState.model_validate(self.state) if self.state is not None else None
        return self.app.operation is not None or (known is not None and not known.completed)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do before the status is written: carry the operation on, or do a batch of writes; and when to look again.

    `account`: as whom the batch is written.
    """

    carry_on: bool = False
    batch: Batch = ()
    due: datetime | None = None
    account: Account | None = None
