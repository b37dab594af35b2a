"""EventSource (argoproj.io/v1alpha1): model and validation.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and `pkg/reconciler/eventsource/validate.go` of Argo Events 1.9. The
entries of each type are in `argosy.resources.sources`, by family. Every type of Argo is validated by its rules; an object
that uses one which nothing serves is told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from pydantic import Field

from argosy.resources.base import Metadata, Model, Problem
from argosy.resources.sources import brokers, clouds, http, places
from argosy.resources.sources.clouds import EventBridgeSource, MinioSource, SqsSource
from argosy.resources.sources.common import Check, Filter, WebhookSource
from argosy.resources.sources.http import SnsSource
from argosy.resources.sources.places import CalendarSource, FieldSelector, ResourceFilter, ResourceSource

__all__ = [
    "AWS_TYPES",
    "CONNECTED_TYPES",
    "HTTP_TYPES",
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
    "attribute",
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
HTTP_TYPES: Final = tuple(http.CHECKS)
"""Those that come in by requests, in a fixed order."""
CONNECTED_TYPES: Final = frozenset("amqp file kafka mqtt nats redis redisStream sftp".split())
"""Those that a lasting connection serves, in `argosy up` and in the agent of a cluster; no function keeps one."""

# What a stack on AWS serves, with its agents, and what one machine does.
LOCAL_TYPES = frozenset({*HTTP_TYPES, "calendar", "resource"}) | CONNECTED_TYPES
AWS_TYPES = LOCAL_TYPES | {"sqs", "minio", EVENT_BRIDGE}
SERVED_TYPES = AWS_TYPES | LOCAL_TYPES

_CHECKS: Final[Mapping[str, Check]] = {**http.CHECKS, **places.CHECKS, **clouds.CHECKS, **brokers.CHECKS}


class SourceTemplate(Model):
    """`spec.template`: of the pod template only the identity has a meaning here."""

    service_account_name: str = ""


class EventSourceSpec(Model):
    """`spec`: the entries of each type by event name."""

    event_bus_name: str = ""
    template: SourceTemplate | None = None
    webhook: Mapping[str, WebhookSource] = {}
    calendar: Mapping[str, CalendarSource] = {}
    sqs: Mapping[str, SqsSource] = {}
    sns: Mapping[str, SnsSource] = {}
    minio: Mapping[str, MinioSource] = {}
    resource: Mapping[str, ResourceSource] = {}
    event_bridge: Mapping[str, EventBridgeSource] = {}
    bitbucket: Mapping[str, http.BitbucketSource] = {}
    bitbucketserver: Mapping[str, http.BitbucketServerSource] = {}
    gerrit: Mapping[str, http.GerritSource] = {}
    github: Mapping[str, http.GithubSource] = {}
    gitlab: Mapping[str, http.GitlabSource] = {}
    slack: Mapping[str, http.SlackSource] = {}
    storage_grid: Mapping[str, http.StorageGridSource] = {}
    stripe: Mapping[str, http.StripeSource] = {}
    amqp: Mapping[str, brokers.AmqpSource] = {}
    emitter: Mapping[str, brokers.EmitterSource] = {}
    generic: Mapping[str, brokers.GenericSource] = {}
    kafka: Mapping[str, brokers.KafkaSource] = {}
    mqtt: Mapping[str, brokers.MqttSource] = {}
    nats: Mapping[str, brokers.NatsSource] = {}
    nsq: Mapping[str, brokers.NsqSource] = {}
    pulsar: Mapping[str, brokers.PulsarSource] = {}
    redis: Mapping[str, brokers.RedisSource] = {}
    redis_stream: Mapping[str, brokers.RedisStreamSource] = {}
    azure_events_hub: Mapping[str, clouds.AzureEventsHubSource] = {}
    azure_queue_storage: Mapping[str, clouds.AzureQueueStorageSource] = {}
    azure_service_bus: Mapping[str, clouds.AzureServiceBusSource] = {}
    pub_sub: Mapping[str, clouds.PubSubSource] = {}
    mns: Mapping[str, clouds.MnsSource] = {}
    file: Mapping[str, places.FileSource] = {}
    sftp: Mapping[str, places.SftpSource] = {}
    hdfs: Mapping[str, places.HdfsSource] = {}

    def of(self, kind: str) -> Mapping[str, Any]:
        """The entries of a type, by its name in manifests."""
        entries: Mapping[str, Any] = getattr(self, attribute(kind))
        return entries


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


def attribute(kind: str) -> str:
    """The attribute of the model that holds a type's entries: `storageGrid` → `storage_grid`."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in kind)


def validate(source: EventSource, body: Mapping[str, Any], served: Set[str] = SERVED_TYPES) -> list[Problem]:
    """Return what is wrong with the object; `body` is its manifest.

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
    for kind in used:
        for name, entry in source.spec.of(kind).items():
            problems.extend(_CHECKS[kind](entry, f"spec.{kind}.{name}"))
    for kind in used:
        if kind not in served:
            problems.append(Problem(f"spec.{kind}", _unserved(kind), True))
    return problems


def _unserved(kind: str) -> str:
    if kind in AWS_TYPES:
        return f"event sources of type {kind} are not served here, but by a stack on AWS"
    return f"no connector serves event sources of type {kind} yet"


def _names(spec: Mapping[str, Any], used: list[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind in used:
        for name in spec[kind] or {}:
            if name in seen:
                yield Problem(f"spec.{kind}.{name}", f"the event name {name} is taken by spec.{seen[name]} already")
            seen[name] = kind
