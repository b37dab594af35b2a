"""Wiring port on Lambda event source mappings, SNS subscriptions and EventBridge rules.

A bucket's events come through the default event bus: the bucket must send them there (S3: `EventBridgeConfiguration`),
which is left to its owner, because writing a bucket's notification configuration replaces all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

import orjson

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import NotFound, Unavailable
from argosy.ports.wiring import WIRED, Wire

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import TagTypeDef, TargetTypeDef
    from mypy_boto3_sns import SNSClient

__all__ = ["AwsWiring"]

_TARGET: Final = "argosy"
_BATCH: Final = 10
_DESCRIPTION: Final = 512


class AwsWiring:
    """Connections to `function` (what reads users' queues) and to `queue` (an ARN); `tags` mark what is ours."""

    def __init__(self, clients: Clients, function: str, queue: str, tags: Mapping[str, str]) -> None:
        self._clients = clients
        self._function, self._queue, self._tags = function, queue, dict(tags)

    def connect(self, wire: Wire) -> None:
        """See `Wiring.connect`."""
        {"sqs": self._map, "sns": self._subscribe, "rule": self._put_rule}[wire.kind](wire)

    def disconnect(self, wire: Wire) -> None:
        """See `Wiring.disconnect`."""
        {"sqs": self._unmap, "sns": self._unsubscribe, "rule": self._delete_rule}[wire.kind](wire)

    def _map(self, wire: Wire) -> None:
        with telling(wire.source):
            if self._mappings(wire):
                return
            self._clients.lambda_.create_event_source_mapping(
                EventSourceArn=wire.source,
                FunctionName=self._function,
                BatchSize=_BATCH,
                FunctionResponseTypes=["ReportBatchItemFailures"],
                ScalingConfig={"MaximumConcurrency": 10},
                Tags=self._tags,
            )

    def _unmap(self, wire: Wire) -> None:
        with telling(wire.source):
            for uuid in self._mappings(wire):
                with suppress(self._clients.lambda_.exceptions.ResourceNotFoundException):
                    self._clients.lambda_.delete_event_source_mapping(UUID=uuid)

    def _mappings(self, wire: Wire) -> list[str]:
        found = self._clients.lambda_.list_event_source_mappings(
            EventSourceArn=wire.source, FunctionName=self._function
        )
        return [mapping["UUID"] for mapping in found["EventSourceMappings"] if mapping["State"] != "Deleting"]

    def _subscribe(self, wire: Wire) -> None:
        with telling(wire.source):
            self._topics(wire).subscribe(
                TopicArn=wire.source, Protocol="sqs", Endpoint=self._queue, ReturnSubscriptionArn=True
            )

    def _unsubscribe(self, wire: Wire) -> None:
        try:
            with telling(wire.source):
                topics = self._topics(wire)
                for page in topics.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=wire.source):
                    for found in page["Subscriptions"]:
                        if found["Endpoint"] == self._queue and found["SubscriptionArn"].startswith("arn:"):
                            topics.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
        except NotFound:
            return  # the topic is gone, and its subscriptions with it

    def _topics(self, wire: Wire) -> SNSClient:
        """A topic is asked where it is; that may be another region."""
        parts = wire.source.split(":", 5)
        if len(parts) < 6:
            raise NotFound(f"{wire.source!r} is not an ARN")
        return cast("SNSClient", self._clients.regional("sns", parts[3]))

    def _put_rule(self, wire: Wire) -> None:
        tags: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in self._tags.items()]
        template = f'{{"{WIRED}": {orjson.dumps(wire.entry).decode()}, "event": <aws.events.event.json>}}'
        target: TargetTypeDef = {"Id": _TARGET, "Arn": self._queue, "InputTransformer": {"InputTemplate": template}}
        with telling(wire.source):
            self._clients.events.put_rule(
                Name=wire.name,
                EventBusName=wire.source,
                EventPattern=wire.pattern,
                Description=f"Argosy event source {wire.entry}"[:_DESCRIPTION],
                Tags=tags,
            )
        with telling(wire.source):
            answer = self._clients.events.put_targets(Rule=wire.name, EventBusName=wire.source, Targets=[target])
        if answer["FailedEntryCount"]:
            failed = answer["FailedEntries"][0]
            raise Unavailable(f"{wire.source}: rule {wire.name}: {failed['ErrorMessage']} ({failed['ErrorCode']})")

    def _delete_rule(self, wire: Wire) -> None:
        try:
            with telling(wire.source):
                self._clients.events.remove_targets(Rule=wire.name, EventBusName=wire.source, Ids=[_TARGET])
                self._clients.events.delete_rule(Name=wire.name, EventBusName=wire.source)
        except NotFound:
            return
