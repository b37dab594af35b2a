"""The connector of `amqp` (0-9-1), on aio-pika.

Follows `pkg/eventsources/sources/amqp/start.go` of Argo Events 1.9: the exchange and the queue are declared, bound by the
routing key, and consumed from, with Argo's defaults where an option is missing. The exchange without a name is the broker's
own, whose queues need no binding.

On purpose different: without `consume` Argo's broker forgets a message as soon as it is sent; here it is acknowledged once
its event is durable. `autoAck: true` in the manifest is done as it says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import aio_pika
import yaml
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import (
    AMQPError,
    ChannelClosed,
    ProbableAuthenticationError,
)
from aiormq.exceptions import ChannelAccessRefused
from yarl import URL

from argosy.adapters.brokers.common import MOST, check_host, drain, shown, tls_context
from argosy.errors import Denied, InvalidObject, Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.brokers import AmqpConsume, AmqpExchange, AmqpQueue, AmqpSource

__all__ = ["AmqpConnector"]

_PORT: Final = 5672
_TLS_PORT: Final = 5671
_NO_TIME: Final = "0001-01-01T00:00:00Z"
_TEXTS: Final = {
    "contentType": "content_type",
    "contentEncoding": "content_encoding",
    "correlationId": "correlation_id",
    "replyTo": "reply_to",
    "messageId": "message_id",
    "type": "type",
    "appId": "app_id",
    "exchange": "exchange",
    "routingKey": "routing_key",
}


class AmqpConnector:
    """See `Connector`."""

    def __init__(self, entry: AmqpSource) -> None:
        self._entry = entry
        self._queue: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
        self._connection: AbstractConnection | None = None
        self._acks = True
        self._where = shown(entry.url)

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        entry, self._queue = self._entry, asyncio.Queue()
        url = _url(entry, secret)
        self._where = shown(str(url))
        await check_host(url.host or "", url.port or _PORT)
        async with self._told():
            self._connection = await aio_pika.connect(
                url, ssl_context=tls_context(entry.tls, secret), timeout=10, heartbeat=30
            )
            self._connection.close_callbacks.add(self._lost)
            channel = await self._connection.channel()
            channel.close_callbacks.add(self._lost)
            await channel.set_qos(prefetch_count=MOST)
            await self._consume(channel)

    async def _consume(self, channel: AbstractChannel) -> None:
        entry = self._entry
        queue_spec = entry.queue_declare or AmqpQueue(exclusive=True)
        consume = entry.consume or AmqpConsume()
        queue = await channel.declare_queue(
            queue_spec.name or None,
            durable=queue_spec.durable,
            exclusive=queue_spec.exclusive,
            auto_delete=queue_spec.auto_delete,
            arguments=_arguments(queue_spec.arguments),
        )
        if entry.exchange_name:
            spec = entry.exchange_declare or AmqpExchange(durable=True)
            exchange = await channel.declare_exchange(
                entry.exchange_name,
                entry.exchange_type,
                durable=spec.durable,
                auto_delete=spec.auto_delete,
                internal=spec.internal,
            )
            await queue.bind(exchange, entry.routing_key)
        self._acks = not consume.auto_ack
        await queue.consume(
            self._came,
            no_ack=consume.auto_ack,
            exclusive=consume.exclusive,
            consumer_tag=consume.consumer_tag or None,
            arguments=None,
        )

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        return await drain(self._queue)

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`: the last stands for all before it."""
        last = deliveries[-1].handle
        if last is not None:
            async with self._told():
                await last.ack(multiple=True)

    async def close(self) -> None:
        """See `Connector.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(5):
                    await connection.close()

    async def _came(self, message: AbstractIncomingMessage) -> None:
        self._queue.put_nowait(Delivery(_message(message), message if self._acks else None))

    def _lost(self, _: object, problem: BaseException | None = None) -> None:
        why = f": {problem}" if problem is not None else ""
        self._queue.put_nowait(Unavailable(f"{self._where}: the connection is lost{why}"))

    @contextlib.asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """What aio-pika raises, as ours."""
        try:
            yield
        except (ProbableAuthenticationError, ChannelAccessRefused) as x:
            raise Denied(f"{self._where}: {x}") from x
        except ChannelClosed as x:
            raise InvalidObject(f"{self._where}: {x}") from x
        except (AMQPError, OSError, TimeoutError, RuntimeError) as x:
            raise Unavailable(f"{self._where}: {x or type(x).__name__}") from x


def _url(entry: AmqpSource, secret: SecretOf) -> URL:
    try:
        url = URL(secret(entry.url_secret) if entry.url_secret is not None else entry.url)
        if not url.host:
            raise ValueError("no host")
        if entry.tls is not None:
            url = url.with_scheme("amqps") if url.explicit_port else url.with_scheme("amqps").with_port(_TLS_PORT)
    except ValueError as x:
        raise InvalidObject("no address such as amqp://host:5672/vhost", field="url") from x
    if entry.auth is not None:
        url = url.with_user(secret(entry.auth.username)).with_password(secret(entry.auth.password))
    return url


def _arguments(text: str) -> dict[str, Any] | None:
    """`queueDeclare.arguments`: a map in YAML. Raises InvalidObject for anything else."""
    try:
        found = yaml.safe_load(text) if text else None
    except yaml.YAMLError as x:
        raise InvalidObject(f"no YAML: {x}", field="queueDeclare.arguments") from x
    if found is not None and not isinstance(found, dict):
        raise InvalidObject("must be a map in YAML, such as x-queue-type: quorum", field="queueDeclare.arguments")
    return found


def _message(message: AbstractIncomingMessage) -> dict[str, Any]:
    found: dict[str, Any] = {name: str(getattr(message, attribute) or "") for name, attribute in _TEXTS.items()}
    mode = message.delivery_mode
    return found | {
        "body": message.body,
        "deliveryMode": int(mode) if mode is not None else 0,
        "priority": message.priority or 0,
        "expiration": str(int(message.expiration * 1000)) if isinstance(message.expiration, int | float) else "",
        "timestamp": message.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ") if message.timestamp else _NO_TIME,
    }
