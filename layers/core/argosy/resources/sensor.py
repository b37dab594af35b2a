"""Sensor (argoproj.io/v1alpha1): model of `pkg/apis/events/v1alpha1/sensor_types.go`, Argo Events 1.9.

Validation stands in `argosy.resources.sensor_validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from argosy.resources.artifacts import ArtifactSource
from argosy.resources.base import KeyRef, Metadata, Model
from argosy.resources.sources.common import BasicAuth, NatsAuth, Sasl, Tls

__all__ = [
    "ArgoWorkflowTrigger",
    "AwsLambdaTrigger",
    "AwsTarget",
    "AwsTrigger",
    "Backoff",
    "BasicAuth",
    "ConditionsReset",
    "CustomTrigger",
    "DataFilter",
    "Dependency",
    "ExprFilter",
    "Filters",
    "HttpTrigger",
    "KafkaTrigger",
    "KubernetesTrigger",
    "LabelPolicy",
    "LogTrigger",
    "NatsTrigger",
    "Parameter",
    "ParameterSource",
    "PayloadField",
    "RateLimit",
    "SecureHeader",
    "Sensor",
    "TimeFilter",
    "Trigger",
    "TriggerTemplate",
    "ValueFrom",
]


class DataFilter(Model):
    """`filters.data[]`."""

    path: str = ""
    type: str = ""
    value: list[str] = []
    comparator: str = ""
    template: str = ""


class PayloadField(Model):
    """`filters.exprs[].fields[]`: a name for what stands at a path."""

    name: str = ""
    path: str = ""


class ExprFilter(Model):
    """`filters.exprs[]`."""

    expr: str = ""
    fields: list[PayloadField] = []


class TimeFilter(Model):
    """`filters.time`: clock times `HH:MM:SS` and an IANA time zone."""

    start: str = ""
    stop: str = ""
    timezone: str = ""


class Filters(Model):
    """`filters` of a dependency."""

    data: list[DataFilter] = []
    data_logical_operator: str = ""
    context: Mapping[str, str] | None = None
    exprs: list[ExprFilter] = []
    expr_logical_operator: str = ""
    time: TimeFilter | None = None
    script: str = ""


class Transform(Model):
    """`transform` of a dependency; jq goes first when both are there."""

    jq: str = ""
    script: str = ""


class Dependency(Model):
    """`spec.dependencies[]`."""

    name: str = ""
    event_source_name: str = ""
    event_name: str = ""
    filters: Filters | None = None
    filters_logical_operator: str = ""
    transform: Transform | None = None


class ParameterSource(Model):
    """`src` of a parameter."""

    dependency_name: str = ""
    context_key: str = ""
    context_template: str = ""
    data_key: str = ""
    data_template: str = ""
    value: str | None = None
    use_raw_data: bool = False


class Parameter(Model):
    """One `{src, dest, operation}`."""

    src: ParameterSource | None = None
    dest: str = ""
    operation: str = ""


class ValueFrom(Model):
    """`valueFrom` of a secure header."""

    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None


class SecureHeader(Model):
    """`secureHeaders[]`."""

    name: str = ""
    value_from: ValueFrom | None = None


class HttpTrigger(Model):
    """`template.http`."""

    url: str = ""
    method: str = ""
    payload: list[Parameter] = []
    parameters: list[Parameter] = []
    headers: Mapping[str, str] = {}
    secure_headers: list[SecureHeader] = []
    dynamic_headers: list[Parameter] = []
    basic_auth: BasicAuth | None = None
    host: str = ""
    timeout: int = 0
    tls: Tls | None = None


class LogTrigger(Model):
    """`template.log`."""

    interval_seconds: int = 0


class KubernetesTrigger(Model):
    """`template.k8s`. `cluster` is not in Argo: a registered cluster by name, "" for the one that is home."""

    source: ArtifactSource | None = None
    operation: str = ""
    parameters: list[Parameter] = []
    patch_strategy: str = ""
    live_object: bool = False
    cluster: str = ""


class ArgoWorkflowTrigger(Model):
    """`template.argoWorkflow`; `cluster` as for `k8s`."""

    source: ArtifactSource | None = None
    operation: str = ""
    parameters: list[Parameter] = []
    args: list[str] = []
    cluster: str = ""


class AwsLambdaTrigger(Model):
    """`template.awsLambda`. Its credentials are not needed: the installation's own role invokes the function."""

    function_name: str = ""
    region: str = ""
    payload: list[Parameter] | None = None
    parameters: list[Parameter] = []
    invocation_type: str = ""
    role_arn: str = Field("", alias="roleARN")


class AwsTarget(Model):
    """One of the members of `template.aws`: where to, and what."""

    topic_arn: str = ""
    queue_arn: str = ""
    group_id: str = ""
    bus_name: str = ""
    source: str = ""
    detail_type: str = ""
    state_machine_arn: str = ""
    payload: list[Parameter] | None = None
    parameters: list[Parameter] = []


class AwsTrigger(Model):
    """`template.aws` (not in Argo): a message to a topic or queue, an event on a bus, or an execution; exactly one."""

    sns: AwsTarget | None = None
    sqs: AwsTarget | None = None
    event_bridge: AwsTarget | None = None
    step_functions: AwsTarget | None = None


class SlackSender(Model):
    """`template.slack.sender`: an `icon` is an emoji (`:wave:`) or a URL."""

    username: str = ""
    icon: str = ""


class SlackThread(Model):
    """`template.slack.thread`: messages of one key are replies to the first of them."""

    message_aggregation_key: str = ""
    broadcast_message_to_channel: bool = False


class SlackTrigger(Model):
    """`template.slack`; `attachments` and `blocks` are JSON texts."""

    parameters: list[Parameter] = []
    slack_token: KeyRef | None = None
    channel: str = ""
    message: str = ""
    attachments: str = ""
    blocks: str = ""
    thread: SlackThread | None = None
    sender: SlackSender | None = None


class EmailTrigger(Model):
    """`template.email`."""

    parameters: list[Parameter] = []
    username: str = ""
    smtp_password: KeyRef | None = None
    host: str = ""
    port: int = 0
    to: list[str] = []
    sender: str = Field("", alias="from")
    subject: str = ""
    body: str = ""


class KafkaTrigger(Model):
    """`template.kafka`; `requiredAcks`: 1 = of the leader, 0 and -1 = of all replicas in sync."""

    url: str = ""
    topic: str = ""
    partitioning_key: str | None = None
    headers: Mapping[str, str] = {}
    secure_headers: list[SecureHeader] = []
    required_acks: int = 0
    compress: bool = False
    tls: Tls | None = None
    sasl: Sasl | None = None
    schema_registry: Mapping[str, Any] | None = None
    parameters: list[Parameter] = []
    payload: list[Parameter] | None = None


class NatsTrigger(Model):
    """`template.nats`."""

    url: str = ""
    subject: str = ""
    tls: Tls | None = None
    auth: NatsAuth | None = None
    parameters: list[Parameter] = []
    payload: list[Parameter] | None = None


class OpenWhiskTrigger(Model):
    """`template.openWhisk`."""

    host: str = ""
    action_name: str = ""
    auth_token: KeyRef | None = None
    payload: list[Parameter] | None = None
    parameters: list[Parameter] = []


class CustomTrigger(Model):
    """`template.custom`: a gRPC server of the user's, at `host:port`; `certSecret` is the authority of its certificate."""

    server_url: str = Field("", alias="serverURL")
    server_name_override: str = ""
    spec: Mapping[str, str] | None = None
    secure: bool = False
    cert_secret: KeyRef | None = None
    parameters: list[Parameter] = []
    payload: list[Parameter] | None = None


class ResetTime(Model):
    """`byTime`: a cron line of five fields, and an IANA time zone ("" = UTC)."""

    cron: str = ""
    timezone: str = ""


class ConditionsReset(Model):
    """`conditionsReset[]`."""

    by_time: ResetTime | None = None


class TriggerTemplate(Model):
    """`template`: name, conditions and one trigger. Types that are not modelled are known from the manifest."""

    name: str = ""
    conditions: str = ""
    conditions_reset: list[ConditionsReset] = []
    k8s: KubernetesTrigger | None = None
    argo_workflow: ArgoWorkflowTrigger | None = None
    http: HttpTrigger | None = None
    log: LogTrigger | None = None
    aws_lambda: AwsLambdaTrigger | None = None
    aws: AwsTrigger | None = None
    slack: SlackTrigger | None = None
    email: EmailTrigger | None = None
    kafka: KafkaTrigger | None = None
    nats: NatsTrigger | None = None
    open_whisk: OpenWhiskTrigger | None = None
    custom: CustomTrigger | None = None


class Backoff(Model):
    """`retryStrategy`; duration is a number of nanoseconds or a Go duration."""

    duration: int | str | None = None
    factor: int | float | None = None
    jitter: int | float | None = None
    steps: int | None = None


class StatusPolicy(Model):
    """`policy.status`."""

    allow: list[int] | None = None


class LabelPolicy(Model):
    """`policy.k8s`: labels that the object must come to carry; without labels there is nothing to wait for."""

    labels: Mapping[str, str] | None = None
    backoff: Backoff | None = None
    error_on_backoff_timeout: bool = False


class Policy(Model):
    """`policy`."""

    k8s: LabelPolicy | None = None
    status: StatusPolicy | None = None


class RateLimit(Model):
    """`rateLimit`."""

    unit: str = ""
    requests_per_unit: int = 0


class Trigger(Model):
    """`spec.triggers[]`."""

    template: TriggerTemplate | None = None
    parameters: list[Parameter] = []
    policy: Policy | None = None
    retry_strategy: Backoff | None = None
    rate_limit: RateLimit | None = None
    at_least_once: bool = False
    dlq_trigger: Trigger | None = None


class SensorTemplate(Model):
    """`spec.template`: of the pod template only the identity has a meaning here."""

    service_account_name: str = ""


class SensorSpec(Model):
    """`spec`."""

    dependencies: list[Dependency] = []
    triggers: list[Trigger] = []
    template: SensorTemplate | None = None
    event_bus_name: str = ""


class Sensor(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: SensorSpec = SensorSpec()

    @property
    def bus(self) -> str:
        """Name of the event bus, `default` if none is given."""
        return self.spec.event_bus_name or "default"

    @property
    def service_account(self) -> str:
        """The service account that its Kubernetes effects and secret reads act as."""
        return (self.spec.template.service_account_name if self.spec.template else "") or "default"
