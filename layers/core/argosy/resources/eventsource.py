"""EventSource (argoproj.io/v1alpha1): model and validation.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and `pkg/reconciler/eventsource/validate.go` of Argo Events 1.9.
Only the types that have a source here are modelled; the others are known by name, so that an object that uses one is
told that nothing serves it yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from pydantic import Field

from argosy.errors import ArgosyError, EvaluationError
from argosy.lang import cron, duration, instants
from argosy.lang.selectors import requirement
from argosy.resources.base import KeyRef, Metadata, Model, Problem

__all__ = [
    "AWS_TYPES",
    "KNOWN_TYPES",
    "LOCAL_TYPES",
    "SERVED_TYPES",
    "CalendarSource",
    "EventBridgeSource",
    "EventSource",
    "FieldSelector",
    "Filter",
    "MinioSource",
    "ResourceFilter",
    "ResourceSource",
    "SnsSource",
    "SqsSource",
    "WebhookSource",
    "validate",
]

RECREATE_TYPES = frozenset(
    "amqp azureEventsHub azureServiceBus calendar emitter file generic hdfs kafka minio mqtt nats nsq pubSub pulsar redis "
    "redisStream resource sftp".split()
)
ROLLING_TYPES = frozenset(
    "azureQueueStorage bitbucket bitbucketserver gerrit github gitlab mns slack sns sqs storageGrid stripe webhook".split()
)
# Ours; it may stand beside any other type.
EVENT_BRIDGE = "eventBridge"
KNOWN_TYPES = RECREATE_TYPES | ROLLING_TYPES | {EVENT_BRIDGE}
# What a stack on AWS serves, and what one machine does.
AWS_TYPES = frozenset({"webhook", "calendar", "resource", "sqs", "sns", "minio", EVENT_BRIDGE})
LOCAL_TYPES = frozenset({"webhook", "calendar", "resource"})
SERVED_TYPES = AWS_TYPES | LOCAL_TYPES


class Filter(Model):
    """`filter.expression`: expr over the event's payload; false or an error drops the event."""

    expression: str = ""


class WebhookSource(Model):
    """One entry of `spec.webhook`."""

    endpoint: str = ""
    method: str = ""
    port: str = ""
    url: str = ""
    auth_secret: KeyRef | None = None
    server_cert_secret: KeyRef | None = None
    server_key_secret: KeyRef | None = None
    metadata: Mapping[str, str] = {}
    max_payload_size: int | None = None
    filter: Filter = Filter()


class CatchupConfig(Model):
    """`persistence.catchup`."""

    enabled: bool = False
    max_duration: str = ""


class Persistence(Model):
    """`persistence`: whether times missed while nothing ran are made up for. The ConfigMap is not needed here."""

    catchup: CatchupConfig | None = None


class CalendarSource(Model):
    """One entry of `spec.calendar`; `schedule` (cron, five fields) wins over `interval` (Go duration)."""

    schedule: str = ""
    interval: str = ""
    timezone: str = ""
    exclusion_dates: list[str] = []
    metadata: Mapping[str, str] = {}
    persistence: Persistence | None = None
    filter: Filter = Filter()


class SqsSource(Model):
    """One entry of `spec.sqs`. Credentials and `endpoint` are not needed: the stack's own role reads the queue."""

    region: str = ""
    queue: str = ""
    queue_account_id: str = ""
    json_body: bool = False
    dlq: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class SnsSource(Model):
    """One entry of `spec.sns`. Its `webhook` is not served: the stack's queue subscribes to the topic."""

    topic_arn: str = ""
    region: str = ""
    webhook: WebhookSource | None = None
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class Bucket(Model):
    """`bucket` of a minio entry."""

    name: str = ""


class KeyFilter(Model):
    """`filter` of a minio entry: what an object's key begins and ends with."""

    prefix: str = ""
    suffix: str = ""


class MinioSource(Model):
    """One entry of `spec.minio`: an S3 bucket that sends its events to EventBridge. `events` as in S3; empty = all."""

    endpoint: str = ""
    bucket: Bucket | None = None
    events: list[str] = []
    filter: KeyFilter = KeyFilter()
    access_key: KeyRef | None = None
    secret_key: KeyRef | None = None
    region: str = ""
    metadata: Mapping[str, str] = {}


class EventBridgeSource(Model):
    """One entry of `spec.eventBridge` (not in Argo): `busName` ("" = default) and an EventBridge event `pattern`."""

    bus_name: str = ""
    pattern: Mapping[str, Any] = {}
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class FieldSelector(Model):
    """One entry of `filter.labels` or `filter.fields`: `operation` "" means `=` for labels, and nothing for fields."""

    key: str = ""
    operation: str = ""
    value: str = ""


class ResourceFilter(Model):
    """`filter` of a resource entry; `createdBy` is the latest time of creation (RFC 3339)."""

    prefix: str = ""
    labels: list[FieldSelector] = []
    fields: list[FieldSelector] = []
    created_by: str = ""
    after_start: bool = False


class ResourceSource(Model):
    """One entry of `spec.resource`: changes of a kind, named by `resource` (its plural), in a namespace ("" = all)."""

    namespace: str = ""
    filter: ResourceFilter | None = None
    group: str = ""
    version: str = ""
    resource: str = ""
    event_types: list[str] | None = None
    metadata: Mapping[str, str] = {}


class SourceTemplate(Model):
    """`spec.template`: of the pod template only the identity has a meaning here."""

    service_account_name: str = ""


class EventSourceSpec(Model):
    """`spec`; the types that are not served stay in `model_extra` of the manifest."""

    event_bus_name: str = ""
    template: SourceTemplate | None = None
    webhook: Mapping[str, WebhookSource] = {}
    calendar: Mapping[str, CalendarSource] = {}
    sqs: Mapping[str, SqsSource] = {}
    sns: Mapping[str, SnsSource] = {}
    minio: Mapping[str, MinioSource] = {}
    resource: Mapping[str, ResourceSource] = {}
    event_bridge: Mapping[str, EventBridgeSource] = {}


class EventSource(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: EventSourceSpec = Field(default_factory=EventSourceSpec)

    @property
    def bus(self) -> str:
        """Name of the event bus, `default` if none is given."""
        return self.spec.event_bus_name or "default"

    @property
    def service_account(self) -> str:
        """The service account that its secret reads act as."""
        return (self.spec.template.service_account_name if self.spec.template else "") or "default"


def validate(source: EventSource, body: Mapping[str, Any], served: Set[str] = SERVED_TYPES) -> list[Problem]:
    """Return what is wrong with the object; `body` is its manifest, for the types that the model leaves out.

    `served` are the types that the runtime which is to take the object has something for.
    """
    spec = body.get("spec") or {}
    used = [kind for kind in spec if kind in KNOWN_TYPES]
    problems = list(_names(spec, used))
    upstream = [kind for kind in used if kind != EVENT_BRIDGE]
    if len({kind in RECREATE_TYPES for kind in upstream}) > 1:
        mixed = ", ".join(sorted(upstream))
        problems.append(
            Problem("spec", f"{mixed} cannot share one EventSource: Argo runs them with different strategies; split it")
        )
    problems.extend(_entries(source.spec))
    for kind in used:
        if kind not in served:
            where = " here, but by a stack on AWS" if kind in AWS_TYPES else " by this version"
            problems.append(Problem(f"spec.{kind}", f"event sources of type {kind} are not served{where}", True))
    return problems


def _entries(spec: EventSourceSpec) -> Iterator[Problem]:
    for name, entry in spec.webhook.items():
        yield from _webhook(entry, f"spec.webhook.{name}")
    for name, calendar in spec.calendar.items():
        yield from _calendar(calendar, f"spec.calendar.{name}")
    for name, sqs in spec.sqs.items():
        yield from _required(f"spec.sqs.{name}", region=sqs.region, queue=sqs.queue)
    for name, sns in spec.sns.items():
        yield from _required(f"spec.sns.{name}", topicArn=sns.topic_arn, region=sns.region)
        yield from _webhook(sns.webhook or WebhookSource(), f"spec.sns.{name}.webhook")
    for name, minio in spec.minio.items():
        yield from _minio(minio, f"spec.minio.{name}")
    for name, resource in spec.resource.items():
        yield from _resource(resource, f"spec.resource.{name}")
    for name, rule in spec.event_bridge.items():
        if not rule.pattern:
            yield Problem(f"spec.eventBridge.{name}.pattern", "required; it says which events are meant")


def _required(path: str, **fields: str) -> Iterator[Problem]:
    for name, value in fields.items():
        if not value:
            yield Problem(f"{path}.{name}", "required, but empty")


def _minio(entry: MinioSource, path: str) -> Iterator[Problem]:
    yield from _required(path, endpoint=entry.endpoint)
    for name, ref in (("accessKey", entry.access_key), ("secretKey", entry.secret_key)):
        if ref is None:
            yield Problem(f"{path}.{name}", "required, as in Argo (S3 is read with the stack's own role)")
    if entry.bucket is None:
        yield Problem(f"{path}.bucket", "events of all buckets are not served; name one", True)
    elif not entry.bucket.name:
        yield Problem(f"{path}.bucket.name", "required, but empty")
    if "" in entry.events:
        yield Problem(f"{path}.events", "holds an empty event name")


def _resource(entry: ResourceSource, path: str) -> Iterator[Problem]:
    yield from _required(path, version=entry.version, resource=entry.resource)
    if entry.event_types is None:
        yield Problem(f"{path}.eventTypes", "required, but missing; it lists ADD, UPDATE, DELETE")
    if entry.filter is None:
        return
    for index, label in enumerate(entry.filter.labels):
        try:
            requirement(label.key, label.operation, label.value)
        except EvaluationError as x:
            yield Problem(f"{path}.filter.labels[{index}]", str(x))
    for index, field in enumerate(entry.filter.fields):
        yield from _required(f"{path}.filter.fields[{index}]", key=field.key)
    if entry.filter.created_by and instants.parse(entry.filter.created_by) is None:
        yield Problem(
            f"{path}.filter.createdBy", f"{entry.filter.created_by!r} is no time such as 2026-01-02T03:04:05Z"
        )


def _names(spec: Mapping[str, Any], used: list[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind in used:
        for name in spec[kind] or {}:
            if name in seen:
                yield Problem(f"spec.{kind}.{name}", f"the event name {name} is taken by spec.{seen[name]} already")
            seen[name] = kind


def _webhook(entry: WebhookSource, path: str) -> Iterator[Problem]:
    if not entry.endpoint:
        yield Problem(f"{path}.endpoint", "required, but empty; it is the path that callers use, such as /example")
    if not entry.port:
        yield Problem(f"{path}.port", "required, but empty; it is a port number in quotes")
    elif not entry.port.isascii() or not entry.port.removeprefix("-").isdigit():
        yield Problem(f"{path}.port", f"{entry.port!r} is not a port number")


def _calendar(entry: CalendarSource, path: str) -> Iterator[Problem]:
    if not entry.schedule and not entry.interval:
        yield Problem(path, "needs a schedule (cron) or an interval (such as 10s)")
    try:
        if entry.schedule:
            cron.parse(entry.schedule, descriptors=False)
        elif entry.interval and duration.parse(entry.interval) < duration.SECOND:
            yield Problem(f"{path}.interval", "an interval shorter than 1s never moves on: fractions are dropped", True)
    except ArgosyError as x:
        yield Problem(f"{path}.{'schedule' if entry.schedule else 'interval'}", str(x))
