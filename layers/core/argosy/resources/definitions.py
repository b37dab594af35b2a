"""What a Kubernetes API server knows of each of Argo's kinds: names, scope, subresources, columns, and the fields it checks.

One table, read by the generator of the definitions (`argosy.resources.crds`) and by whatever has to reach an object in
a cluster: its plural, whether it has a namespace, and whether its status is written apart. Follows the definitions that
Argo Events 1.9, Argo CD 3.6, Argo Rollouts 1.9 and Argo Workflows install.

On purpose differently: below `spec` and `status` every field is accepted and kept for all kinds, as Argo Events and Argo
Workflows have it. Argo CD and Argo Rollouts drop what they do not know and check the types of all that they do; here the
fields that columns, scaling and every object of the kind need are checked, the rest by whoever decides on the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["DEFINITIONS", "GROUP", "VERSION", "Column", "Definition", "Field", "Scale"]

GROUP: Final = "argoproj.io"
VERSION: Final = "v1alpha1"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`; from priority 1 on it is shown with `-o wide` only."""

    name: str
    path: str
    type: Literal["string", "integer", "date"] = "string"
    description: str = ""
    priority: int = 0
    format: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that the API server checks; `path` as in `spec.replicas`. A list is one of objects."""

    path: str
    type: Literal["string", "integer", "object", "array"] = "string"
    required: bool = False
    format: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where `/scale` finds the wanted and the present number of replicas, and the selector of the pods."""

    wanted: str
    present: str
    selector: str


@dataclass(frozen=True, slots=True)
class Definition:
    """One kind. `status`: written through `/status` alone; without it, whoever writes the object writes its status."""

    kind: str
    plural: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    status: bool = False
    scale: Scale | None = None
    columns: tuple[Column, ...] = ()
    parts: tuple[str, ...] = ("spec", "status")
    required: tuple[str, ...] = ("metadata", "spec")
    fields: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


_AGE: Final = Column("Age", ".metadata.creationTimestamp", "date", "Time since resource was created")
_PODS: Final = "Total number of non-terminated pods targeted by this rollout"

_EVENTS: Final = (
    Definition("EventBus", "eventbus", ("eb",), status=True),
    Definition("EventSource", "eventsources", ("es",), status=True),
    Definition("Sensor", "sensors", ("sn",), status=True),
)

_GITOPS: Final = (
    Definition(
        "Application",
        "applications",
        ("app", "apps"),
        columns=(
            Column("Sync Status", ".status.sync.status"),
            Column("Health Status", ".status.health.status"),
            Column("Revision", ".status.sync.revision", priority=10),
            Column("Project", ".spec.project", priority=10),
        ),
        parts=("operation", "spec", "status"),
        fields=(
            Field("spec.destination", "object", required=True),
            Field("spec.project", required=True),
            Field("status.health.status"),
            Field("status.sync.revision"),
            Field("status.sync.status"),
        ),
    ),
    Definition(
        "ApplicationSet",
        "applicationsets",
        ("appset", "appsets"),
        status=True,
        fields=(
            Field("spec.generators", "array", required=True),
            Field("spec.template", "object", required=True),
        ),
    ),
    Definition("AppProject", "appprojects", ("appproj", "appprojs")),
)

_ROLLOUTS: Final = (
    Definition(
        "AnalysisRun",
        "analysisruns",
        ("ar",),
        columns=(Column("Status", ".status.phase", description="AnalysisRun status"), _AGE),
        required=("spec",),
        fields=(Field("spec.metrics", "array", required=True), Field("status.phase", required=True)),
    ),
    Definition("AnalysisTemplate", "analysistemplates", ("at",), columns=(_AGE,), parts=("spec",), required=("spec",)),
    Definition(
        "ClusterAnalysisTemplate",
        "clusteranalysistemplates",
        ("cat",),
        namespaced=False,
        columns=(_AGE,),
        parts=("spec",),
        required=("spec",),
    ),
    Definition(
        "Experiment",
        "experiments",
        ("exp",),
        columns=(Column("Status", ".status.phase", description="Experiment status"), _AGE),
        required=("spec",),
        fields=(Field("spec.templates", "array", required=True), Field("status.phase")),
    ),
    Definition(
        "Rollout",
        "rollouts",
        ("ro",),
        status=True,
        scale=Scale(".spec.replicas", ".status.HPAReplicas", ".status.selector"),
        columns=(
            Column("Desired", ".spec.replicas", "integer", "Number of desired pods"),
            Column("Current", ".status.replicas", "integer", _PODS),
            Column(
                "Up-to-date",
                ".status.updatedReplicas",
                "integer",
                f"{_PODS} that have the desired template spec",
            ),
            Column(
                "Available",
                ".status.availableReplicas",
                "integer",
                "Total number of available pods (ready for at least minReadySeconds) targeted by this rollout",
            ),
            _AGE,
        ),
        required=("spec",),
        fields=(
            Field("spec.replicas", "integer", format="int32"),
            Field("status.HPAReplicas", "integer", format="int32"),
            Field("status.availableReplicas", "integer", format="int32"),
            Field("status.replicas", "integer", format="int32"),
            Field("status.selector"),
            Field("status.updatedReplicas", "integer", format="int32"),
        ),
    ),
)

_WORKFLOWS: Final = (
    Definition(
        "ClusterWorkflowTemplate",
        "clusterworkflowtemplates",
        ("clusterwftmpl", "cwft"),
        namespaced=False,
        parts=("spec",),
    ),
    Definition("CronWorkflow", "cronworkflows", ("cwf", "cronwf")),
    Definition(
        "Workflow",
        "workflows",
        ("wf",),
        columns=(
            Column("Status", ".status.phase", description="Status of the workflow"),
            Column("Age", ".status.startedAt", "date", "When the workflow was started", format="date-time"),
            Column(
                "Message",
                ".status.message",
                description="Human readable message indicating details about why the workflow is in this condition.",
            ),
        ),
    ),
    Definition("WorkflowEventBinding", "workfloweventbindings", ("wfeb",), parts=("spec",)),
    Definition("WorkflowTemplate", "workflowtemplates", ("wftmpl",), parts=("spec",)),
)

DEFINITIONS: Final[Mapping[str, Definition]] = {
    definition.kind: definition for definition in (*_EVENTS, *_GITOPS, *_ROLLOUTS, *_WORKFLOWS)
}
