"""Rollout (argoproj.io/v1alpha1): the object as its controller and its tools read it.

Follows `pkg/apis/rollouts/v1alpha1/types.go` of Argo Rollouts. Pod templates stay as they are written. Status is read here
and written as plain JSON by `argosy.rollouts`; validation is in `argosy.resources.rollout_validation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from argosy.resources.base import Metadata, Model
from argosy.resources.rollout_traffic import TrafficRouting

__all__ = [
    "AnalysisRunStatus",
    "BlueGreen",
    "Canary",
    "Condition",
    "Experiment",
    "PauseCondition",
    "PodMetadata",
    "Rollout",
    "RolloutAnalysis",
    "RolloutSpec",
    "RolloutStatus",
    "SetCanaryScale",
    "Step",
    "Weights",
]

type IntOrString = int | str
type Json = Mapping[str, Any]

FULL_WEIGHT = 100


class PodMetadata(Model):
    """Labels and annotations that pods carry for a while (`canaryMetadata` and its like)."""

    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class AntiAffinity(Model):
    """`antiAffinity`: keeps pods of two versions apart while both run."""

    required: Json | None = Field(default=None, alias="requiredDuringSchedulingIgnoredDuringExecution")
    preferred: Json | None = Field(default=None, alias="preferredDuringSchedulingIgnoredDuringExecution")


class TemplateRef(Model):
    """An AnalysisTemplate, or a ClusterAnalysisTemplate, by name."""

    template_name: str = ""
    cluster_scope: bool = False


class RolloutAnalysis(Model):
    """What makes an AnalysisRun."""

    templates: Sequence[TemplateRef] = ()
    args: Sequence[Json] = ()
    dry_run: Sequence[Json] = ()
    measurement_retention: Sequence[Json] = ()
    analysis_run_metadata: PodMetadata = PodMetadata()


class BackgroundAnalysis(RolloutAnalysis):
    """`canary.analysis`: runs beside the steps, from `startingStep` on."""

    starting_step: int | None = None


class SetCanaryScale(Model):
    """`setCanaryScale`: how many canary pods, whatever the weight."""

    weight: int | None = None
    replicas: int | None = None
    match_traffic_weight: bool = False


class Pause(Model):
    """`pause`; `duration` in seconds or as a Go duration, None = until somebody resumes it."""

    duration: IntOrString | None = None


class Named(Model):
    """A route, or a plugin, by its name; `match` is for the router."""

    name: str = ""
    match: Sequence[Json] = ()


class MirrorRoute(Named):
    """`setMirrorRoute`."""

    percentage: int | None = None


class ExperimentTemplate(Model):
    """A template of an experiment step."""

    name: str = ""
    spec_ref: str = ""
    replicas: int | None = None
    weight: int | None = None
    metadata: PodMetadata = PodMetadata()
    selector: Json | None = None
    service: Json | None = None


class ExperimentAnalysis(Model):
    """An analysis of an experiment step."""

    name: str = ""
    template_name: str = ""
    cluster_scope: bool = False
    args: Sequence[Json] = ()
    required_for_completion: bool = False


class Experiment(Model):
    """`experiment` of a step."""

    templates: Sequence[ExperimentTemplate] = ()
    duration: str = ""
    analyses: Sequence[ExperimentAnalysis] = ()
    dry_run: Sequence[Json] = ()
    analysis_run_metadata: PodMetadata = PodMetadata()
    scale_down_delay_seconds: int | None = None


class Step(Model):
    """One canary step; exactly one of its fields is given in a valid one."""

    set_weight: int | None = None
    pause: Pause | None = None
    experiment: Experiment | None = None
    analysis: RolloutAnalysis | None = None
    set_canary_scale: SetCanaryScale | None = None
    set_header_route: Named | None = None
    set_mirror_route: MirrorRoute | None = None
    plugin: Named | None = None


class PingPong(Model):
    """`pingPong`: the two services that take turns in being the stable one."""

    ping_service: str = ""
    pong_service: str = ""


class Threshold(Model):
    """`replicaProgressThreshold`."""

    type: str = ""
    value: int = 0


class Canary(Model):
    """`strategy.canary`."""

    canary_service: str = ""
    stable_service: str = ""
    steps: Sequence[Step] | None = None
    traffic_routing: TrafficRouting | None = None
    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None
    analysis: BackgroundAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    canary_metadata: PodMetadata | None = None
    stable_metadata: PodMetadata | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    abort_scale_down_delay_seconds: int | None = None
    dynamic_stable_scale: bool = False
    ping_pong: PingPong | None = None
    min_pods_per_replica_set: int | None = None
    replica_progress_threshold: Threshold | None = None

    @property
    def max_weight(self) -> int:
        """The weight that stands for all of the traffic."""
        if self.traffic_routing is not None and self.traffic_routing.max_traffic_weight is not None:
            return self.traffic_routing.max_traffic_weight
        return FULL_WEIGHT


class BlueGreen(Model):
    """`strategy.blueGreen`."""

    active_service: str = ""
    preview_service: str = ""
    preview_replica_count: int | None = None
    auto_promotion_enabled: bool | None = None
    auto_promotion_seconds: int = 0
    max_unavailable: IntOrString | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    abort_scale_down_delay_seconds: int | None = None
    pre_promotion_analysis: RolloutAnalysis | None = None
    post_promotion_analysis: RolloutAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    active_metadata: PodMetadata | None = None
    preview_metadata: PodMetadata | None = None


class Strategy(Model):
    """`strategy`: one of the two."""

    canary: Canary | None = None
    blue_green: BlueGreen | None = None


class WorkloadRef(Model):
    """`workloadRef`: whose pod template is rolled out."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    scale_down: str = ""


class AnalysisLimits(Model):
    """`spec.analysis`: how many ended runs are kept."""

    successful_run_history_limit: int | None = None
    unsuccessful_run_history_limit: int | None = None


class RollbackWindow(Model):
    """`rollbackWindow`."""

    revisions: int = 0


class RolloutSpec(Model):
    """`spec`, with the defaults of `utils/defaults/defaults.go` behind methods."""

    replicas: int | None = None
    selector: Json | None = None
    template: Json | None = None
    workload_ref: WorkloadRef | None = None
    resolved: bool = Field(default=False, alias="templateResolvedFromRef")
    min_ready_seconds: int = 0
    strategy: Strategy = Strategy()
    revision_history_limit: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None
    progress_deadline_abort: bool = False
    restart_at: str | None = None
    analysis: AnalysisLimits | None = None
    rollback_window: RollbackWindow | None = None

    @property
    def desired(self) -> int:
        """`replicas`, 1 where none is given."""
        return 1 if self.replicas is None else self.replicas

    @property
    def history_limit(self) -> int:
        """`revisionHistoryLimit`, 10 where none is given."""
        return 10 if self.revision_history_limit is None else self.revision_history_limit

    @property
    def progress_deadline(self) -> int:
        """Seconds without progress after which a rollout is degraded, 600 where none are given."""
        return 600 if self.progress_deadline_seconds is None else self.progress_deadline_seconds


class PauseCondition(Model):
    """Why the controller has paused, and since when (RFC 3339)."""

    reason: str = ""
    start_time: str = ""


class Condition(Model):
    """A condition of the status."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_update_time: str = ""
    last_transition_time: str = ""


class AnalysisRunStatus(Model):
    """What a Rollout's status says of one of its AnalysisRuns."""

    name: str = ""
    status: str = ""
    message: str = ""


class Weight(Model):
    """The weight of one destination."""

    weight: int = 0
    service_name: str = ""
    pod_template_hash: str = ""


class Weights(Model):
    """The weights as the router was last told; `verified` None = nothing to verify."""

    canary: Weight = Weight()
    stable: Weight = Weight()
    additional: Sequence[Weight] = ()
    verified: bool | None = None


class CanaryStatus(Model):
    """`status.canary`."""

    current_step_analysis_run_status: AnalysisRunStatus | None = None
    current_background_analysis_run_status: AnalysisRunStatus | None = None
    current_experiment: str = ""
    weights: Weights | None = None
    stable_ping_pong: str = ""


class BlueGreenStatus(Model):
    """`status.blueGreen`."""

    preview_selector: str = ""
    active_selector: str = ""
    scale_up_preview_check_point: bool = False
    pre_promotion_analysis_run_status: AnalysisRunStatus | None = None
    post_promotion_analysis_run_status: AnalysisRunStatus | None = None


class RolloutStatus(Model):
    """`status`."""

    observed_generation: str = ""
    workload_observed_generation: str = ""
    current_pod_hash: str = ""
    current_step_hash: str = ""
    current_step_index: int | None = None
    stable_rs: str = Field(default="", alias="stableRS")
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    hpa_replicas: int = Field(default=0, alias="HPAReplicas")
    abort: bool = False
    aborted_at: str | None = None
    pause_conditions: Sequence[PauseCondition] = ()
    controller_pause: bool = False
    promote_full: bool = False
    collision_count: int | None = None
    conditions: Sequence[Condition] = ()
    canary: CanaryStatus = CanaryStatus()
    blue_green: BlueGreenStatus = BlueGreenStatus()
    restarted_at: str | None = None
    phase: str = ""
    message: str = ""
    selector: str = ""

    def condition(self, kind: str) -> Condition | None:
        """The condition of a type."""
        return next((one for one in self.conditions if one.type == kind), None)

    def paused_for(self, reason: str) -> PauseCondition | None:
        """The pause of a reason."""
        return next((one for one in self.pause_conditions if one.reason == reason), None)


class Rollout(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: RolloutSpec = RolloutSpec()
    status: RolloutStatus = RolloutStatus()

    @classmethod
    def of(cls, body: Json) -> Rollout:
        """Read an object that the API server has accepted. Raises pydantic's ValidationError for one of other types."""
        return cls.model_validate(body)

    @property
    def from_workload(self) -> bool:
        """Whether the pod template is the one of a workloadRef."""
        return self.spec.resolved

    @property
    def canary(self) -> Canary | None:
        """The canary strategy, if that is what it has."""
        return self.spec.strategy.canary

    @property
    def blue_green(self) -> BlueGreen | None:
        """The blue-green strategy, if that is what it has."""
        return self.spec.strategy.blue_green

    @property
    def steps(self) -> Sequence[Step]:
        """The canary steps; none for a blue-green rollout."""
        return (self.canary.steps or ()) if self.canary is not None else ()

    @property
    def routed(self) -> bool:
        """Whether a canary's traffic is split by a router and not by numbers of pods."""
        return self.canary is not None and self.canary.traffic_routing is not None

    @property
    def fully_promoted(self) -> bool:
        """Whether the stable version is the one of the spec (`utils/rollout/rolloututil.go` IsFullyPromoted)."""
        return self.status.stable_rs == self.status.current_pod_hash
