"""Sends `kafka` effects, on aiokafka.

As Sarama, Argo's client, does it: a key decides on the partition by FNV-1a, so that messages of a key stay together when
Argo and Argosy send to one topic, and `compress` is Snappy. On purpose different: a firing has succeeded once the brokers
have acknowledged its message, not when the client has taken it. It carries its firing and its trace as headers.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from argosy.adapters.brokers.kafkaclient import greet, login, told
from argosy.adapters.messages.shared import Shared, marks, same_server, secret_of
from argosy.errors import EvaluationError
from argosy.events.effects import SendMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets
from argosy.resources.sensor import KafkaTrigger

__all__ = ["KafkaSender", "partition_of"]

_OF_MESSAGES: Final = ("topic", "partitioningKey", "headers")
_OF_LEADER: Final = 1


class KafkaSender:
    """See `Executor`."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._producers: Shared[Any] = Shared(_stop)

    async def execute(self, effect: SendMessage, firing: FiringInfo) -> str:
        """See `MessageExecutor.execute`."""
        trigger = KafkaTrigger.model_validate(effect.trigger)
        key = None if trigger.partitioning_key is None else trigger.partitioning_key.encode()
        headers = await asyncio.to_thread(self._headers, trigger, effect, firing)
        body = (effect.body or "").encode()

        async def connect() -> Any:
            secret = await asyncio.to_thread(secret_of, self._secrets, effect, firing, trigger)
            return await _producer(trigger, login(trigger, secret))

        server = same_server(effect, firing, *_OF_MESSAGES)
        async with told(trigger.url), self._producers.use(server, connect) as producer:
            try:
                sent = await producer.send_and_wait(trigger.topic, body, key=key, headers=headers)
            except MessageSizeTooLargeError as x:
                raise EvaluationError(f"{len(body)} bytes are more than a message of Kafka holds") from x
        return f"{trigger.topic}: partition {sent.partition}, offset {sent.offset}"

    def _headers(self, trigger: KafkaTrigger, effect: SendMessage, firing: FiringInfo) -> list[tuple[str, bytes]]:
        found = {**marks(firing), **trigger.headers}
        for name, ref in effect.secure_headers.items():
            read = self._secrets.secret if ref.kind == "secret" else self._secrets.config
            found[name] = read(firing.namespace, ref.name, ref.key, ref.account)
        return [(name, value.encode()) for name, value in found.items()]


async def _producer(trigger: KafkaTrigger, options: dict[str, Any]) -> Any:
    await greet(options)
    producer = AIOKafkaProducer(
        acks=_OF_LEADER if trigger.required_acks == _OF_LEADER else "all",
        compression_type="snappy" if trigger.compress else None,
        partitioner=partition_of,
        **options,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def _stop(producer: Any) -> None:
    await producer.stop()


def partition_of(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition of a message: by its key as Sarama does it, else any that can be written to."""
    if key is None:
        return random.choice(available or partitions)  # noqa: S311 - nobody must not guess it
    hashed = 0x811C9DC5
    for byte in key:
        hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >> 31 else hashed
    return partitions[abs(signed) % len(partitions)]
