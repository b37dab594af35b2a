"""Entries of event sources that a cloud's own services feed: AWS, Azure, Google Cloud, Alibaba Cloud.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and the `validate.go` beside each source of Argo Events 1.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from argosy.resources.base import KeyRef, Model, Problem
from argosy.resources.sources.common import Check, Filter, check_set

__all__ = [
    "CHECKS",
    "AzureEventsHubSource",
    "AzureQueueStorageSource",
    "AzureServiceBusSource",
    "EventBridgeSource",
    "MinioSource",
    "MnsSource",
    "PubSubSource",
    "SqsSource",
]


class SqsSource(Model):
    """One entry of `spec.sqs`. Credentials and `endpoint` are not needed: the stack's own role reads the queue."""

    region: str = ""
    queue: str = ""
    queue_account_id: str = ""
    json_body: bool = False
    dlq: bool = False
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


class AzureEventsHubSource(Model):
    """One entry of `spec.azureEventsHub`."""

    fqdn: str = ""
    hub_name: str = ""
    shared_access_key: KeyRef | None = None
    shared_access_key_name: KeyRef | None = None
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class AzureQueueStorageSource(Model):
    """One entry of `spec.azureQueueStorage`."""

    storage_account_name: str = ""
    connection_string: KeyRef | None = None
    queue_name: str = ""
    json_body: bool = False
    decode_message: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class AzureServiceBusSource(Model):
    """One entry of `spec.azureServiceBus`."""

    connection_string: KeyRef | None = None
    fully_qualified_namespace: str = ""
    queue_name: str = ""
    topic_name: str = ""
    subscription_name: str = ""
    json_body: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class PubSubSource(Model):
    """One entry of `spec.pubSub`."""

    topic: str = ""
    topic_project_id: str = Field(default="", alias="topicProjectID")
    subscription_id: str = Field(default="", alias="subscriptionID")
    json_body: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class MnsSource(Model):
    """One entry of `spec.mns`."""

    queue: str = ""
    endpoint: str = ""
    filter: Filter = Filter()


def _sqs(entry: SqsSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, region=entry.region, queue=entry.queue)


def _minio(entry: MinioSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, endpoint=entry.endpoint)
    for name, ref in (("accessKey", entry.access_key), ("secretKey", entry.secret_key)):
        if ref is None:
            yield Problem(f"{path}.{name}", "required, as in Argo (S3 is read with the stack's own role)")
    if entry.bucket is None:
        yield Problem(f"{path}.bucket", "events of all buckets are not served; name one", True)
    elif not entry.bucket.name:
        yield Problem(f"{path}.bucket.name", "required, but empty")
    if "" in entry.events:
        yield Problem(f"{path}.events", "holds an empty event name")


def _event_bridge(entry: EventBridgeSource, path: str) -> Iterator[Problem]:
    if not entry.pattern:
        yield Problem(f"{path}.pattern", "required; it says which events are meant")


def _azure_events_hub(entry: AzureEventsHubSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, fqdn=entry.fqdn, hubName=entry.hub_name)
    if (entry.shared_access_key is None) != (entry.shared_access_key_name is None):
        yield Problem(path, "sharedAccessKey and sharedAccessKeyName go together; one of them is missing")


def _azure_queue_storage(entry: AzureQueueStorageSource, path: str) -> Iterator[Problem]:
    if entry.connection_string is None and not entry.storage_account_name:
        yield Problem(path, "needs connectionString or storageAccountName")
    yield from check_set(path, queueName=entry.queue_name)


def _azure_service_bus(entry: AzureServiceBusSource, path: str) -> Iterator[Problem]:
    if entry.connection_string is None and not entry.fully_qualified_namespace:
        yield Problem(path, "needs connectionString or fullyQualifiedNamespace")
    topic = (bool(entry.topic_name), bool(entry.subscription_name))
    if topic != ((False, False) if entry.queue_name else (True, True)):
        yield Problem(path, "needs either queueName alone, or topicName and subscriptionName")


def _pub_sub(entry: PubSubSource, path: str) -> Iterator[Problem]:
    if not entry.topic and not entry.subscription_id:
        yield Problem(path, "needs topic or subscriptionID")
    if entry.topic_project_id and not entry.topic:
        yield Problem(f"{path}.topic", "required, but empty: topicProjectID is given")


def _mns(entry: MnsSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, queue=entry.queue, endpoint=entry.endpoint)


CHECKS: Final[Mapping[str, Check]] = {
    "azureEventsHub": _azure_events_hub,
    "azureQueueStorage": _azure_queue_storage,
    "azureServiceBus": _azure_service_bus,
    "eventBridge": _event_bridge,
    "minio": _minio,
    "mns": _mns,
    "pubSub": _pub_sub,
    "sqs": _sqs,
}
