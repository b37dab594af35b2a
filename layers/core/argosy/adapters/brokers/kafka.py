"""The connector of `kafka`, on aiokafka.

Follows `pkg/eventsources/sources/kafka/start.go` of Argo Events 1.9: a consumer of a group, which begins at the end of the
topic unless `oldest`, or of one partition without a group, which begins at its end. A group's offsets are committed once the
events are durable. One partition without a group is gone on with where it was for as long as this process lives.

`version` and `config` speak of Sarama, Argo's client library; this one finds the broker's version out, and `config` has no
effect. `schemaRegistry`, `awsMskIamAuth`, and the mechanisms OAUTHBEARER and GSSAPI are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from argosy.adapters.brokers.common import MOST
from argosy.adapters.brokers.kafkaclient import greet, login, told
from argosy.errors import InvalidObject, Unavailable, Unsupported
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sensor_validation import KAFKA_MECHANISMS
from argosy.resources.sources.brokers import KafkaSource

__all__ = ["KafkaConnector"]

_LOOK_SECONDS: Final = 1.0
_LOOKS: Final = 5
_END_SECONDS: Final = 5.0
_GONE_SECONDS: Final = 0.5
_COMMIT_SECONDS: Final = 10.0


class KafkaConnector:
    """See `Connector`."""

    def __init__(self, entry: KafkaSource) -> None:
        self._entry = entry
        self._consumer: Any = None
        self._position: int | None = None

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        entry = self._entry
        _check(entry)
        options = login(entry, secret)
        group = entry.consumer_group
        async with told(entry.url):
            await greet(options)
            self._consumer = AIOKafkaConsumer(
                *([entry.topic] if group is not None else []),
                group_id=group.group_name if group is not None else None,
                auto_offset_reset="earliest" if group is not None and group.oldest else "latest",
                enable_auto_commit=False,
                max_poll_records=MOST,
                **options,
            )
            await self._consumer.start()
            await (self._begin_group() if group is not None else self._begin_partition())

    async def _begin_group(self) -> None:
        """A place that the group has none in yet is fixed now, so that what comes from now on is its own."""
        for place in self._consumer.assignment():
            if await self._consumer.committed(place) is None:
                await self._consumer.commit({place: await self._consumer.position(place)})

    async def _begin_partition(self) -> None:
        place = self._partition
        self._consumer.assign([place])
        if self._position is None:
            self._position = (await self._consumer.end_offsets([place]))[place]
        self._consumer.seek(place, self._position)

    @property
    def _partition(self) -> TopicPartition:
        try:
            return TopicPartition(self._entry.topic, int(self._entry.partition))
        except ValueError:
            raise InvalidObject(f"{self._entry.partition!r} is no number", field="partition") from None

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        if self._consumer is None:
            raise Unavailable("not connected")
        async with told(self._entry.url):
            look = 0
            while True:
                batches = await self._consumer.getmany(timeout_ms=int(1000 * _LOOK_SECONDS), max_records=MOST)
                found = [Delivery(_message(one), one) for records in batches.values() for one in records]
                if found:
                    return found
                # The client mends its connections without a word.
                if not self._connected():
                    raise Unavailable(f"{self._entry.url}: the connection is lost")
                look += 1
                if look % _LOOKS == 0:  # a peer that is gone without a word is no longer there to answer
                    async with asyncio.timeout(_COMMIT_SECONDS):
                        await self._consumer.topics()

    def _connected(self) -> bool:
        """Whether the client holds a connection to any broker."""
        return self._consumer is not None and any(one.connected() for one in self._consumer._client._conns.values())

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`."""
        if self._consumer is None:
            raise Unavailable("not connected")
        records = [one.handle for one in deliveries]
        if self._entry.consumer_group is None:
            self._position = records[-1].offset + 1
            return
        after = {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
        # The client itself waits for its broker for ever.
        async with told(self._entry.url), asyncio.timeout(_COMMIT_SECONDS):
            await self._consumer.commit(after)

    async def close(self) -> None:
        """See `Connector.close`."""
        seconds = _END_SECONDS if self._connected() else _GONE_SECONDS
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        # In tasks: while its broker is away, the client ends with the cancellation of a task of its own, and what comes
        # after that, its connections, stays open.
        for work in (consumer.stop(), consumer._client.close()):
            ending = asyncio.ensure_future(work)
            await asyncio.wait({ending}, timeout=seconds)
            if ending.done() and not ending.cancelled():
                ending.exception()
            ending.cancel()


def _check(entry: KafkaSource) -> None:
    """Raises Unsupported for what this connector does not do."""
    mechanism = entry.sasl.mechanism if entry.sasl is not None else ""
    if mechanism not in KAFKA_MECHANISMS:
        raise Unsupported(f"{mechanism} is not served: use {', '.join(KAFKA_MECHANISMS[1:])}", field="sasl.mechanism")
    if entry.aws_msk_iam_auth is not None:
        raise Unsupported("IAM at MSK is not served: use SASL/SCRAM, which MSK has too", field="awsMskIamAuth")
    if entry.schema_registry is not None:
        raise Unsupported("not served: the sensor may decode the body", field="schemaRegistry")


def _message(record: Any) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": (record.key or b"").decode("utf-8", "replace"),
        "value": record.value or b"",
        "timestamp": _go_time(record.timestamp),
        "headers": {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
    }


def _go_time(milliseconds: int) -> str:
    """As Go's `Time.String` writes it."""
    at = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    fraction = f".{milliseconds % 1000:03}".rstrip("0").rstrip(".")
    return f"{at}{fraction} +0000 UTC"
