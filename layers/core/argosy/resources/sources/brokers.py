"""Entries of event sources that listen to a broker: AMQP, Emitter, Kafka, MQTT, NATS, NSQ, Pulsar, Redis, and generic.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and the `validate.go` beside each source of Argo Events 1.9. Of the
fields only those are modelled that a rule looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.resources.base import KeyRef, Model, Problem
from argosy.resources.sensor import Backoff
from argosy.resources.sources.common import (
    BasicAuth,
    Check,
    Filter,
    NatsAuth,
    Sasl,
    Tls,
    check_basic,
    check_present,
    check_set,
    check_tls,
)

__all__ = [
    "CHECKS",
    "AmqpConsume",
    "AmqpExchange",
    "AmqpQueue",
    "AmqpSource",
    "BrokerSource",
    "EmitterSource",
    "GenericSource",
    "KafkaSource",
    "MqttSource",
    "NatsSource",
    "NsqSource",
    "PulsarSource",
    "RedisSource",
    "RedisStreamSource",
]

_MECHANISMS: Final = ("", "PLAIN", "OAUTHBEARER", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI")


class BrokerSource(Model):
    """What all of them have."""

    json_body: bool = False
    tls: Tls | None = None
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()
    connection_backoff: Backoff | None = None


class AmqpExchange(Model):
    """`exchangeDeclare`; without it the exchange is durable, and no more."""

    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    no_wait: bool = False


class AmqpQueue(Model):
    """`queueDeclare`: with no `name` the broker makes one up, `arguments` is YAML. Without it the queue is exclusive."""

    name: str = ""
    durable: bool = False
    auto_delete: bool = False
    exclusive: bool = False
    no_wait: bool = False
    arguments: str = ""


class AmqpBinding(Model):
    """`queueBind`."""

    no_wait: bool = False


class AmqpConsume(Model):
    """`consume`; `autoAck`: what was delivered is the broker's no more, whatever becomes of it."""

    consumer_tag: str = ""
    auto_ack: bool = False
    exclusive: bool = False
    no_local: bool = False
    no_wait: bool = False


class AmqpSource(BrokerSource):
    """One entry of `spec.amqp`."""

    url: str = ""
    url_secret: KeyRef | None = None
    exchange_name: str = ""
    exchange_type: str = ""
    routing_key: str = ""
    exchange_declare: AmqpExchange | None = None
    queue_declare: AmqpQueue | None = None
    queue_bind: AmqpBinding | None = None
    consume: AmqpConsume | None = None
    auth: BasicAuth | None = None


class EmitterSource(BrokerSource):
    """One entry of `spec.emitter`."""

    broker: str = ""
    channel_key: str = ""
    channel_name: str = ""
    username: KeyRef | None = None
    password: KeyRef | None = None


class GenericSource(BrokerSource):
    """One entry of `spec.generic`: a gRPC server of the user's."""

    url: str = ""
    config: str = ""
    insecure: bool = False
    auth_secret: KeyRef | None = None


class ConsumerGroup(Model):
    """`consumerGroup` of a Kafka entry; `oldest`: a new group begins with the first message that is kept."""

    group_name: str = ""
    oldest: bool = False
    rebalance_strategy: str = ""


class MskIamAuth(Model):
    """`awsMskIamAuth` of a Kafka entry."""

    region: str = ""


class KafkaSource(BrokerSource):
    """One entry of `spec.kafka`."""

    url: str = ""
    topic: str = ""
    partition: str = ""
    consumer_group: ConsumerGroup | None = None
    sasl: Sasl | None = None
    aws_msk_iam_auth: MskIamAuth | None = None
    limit_events_per_second: int = 0
    version: str = ""
    config: str = ""
    schema_registry: Mapping[str, Any] | None = None


class MqttSource(BrokerSource):
    """One entry of `spec.mqtt`."""

    url: str = ""
    topic: str = ""
    client_id: str = ""
    auth: BasicAuth | None = None


class NatsSource(BrokerSource):
    """One entry of `spec.nats`."""

    url: str = ""
    subject: str = ""
    queue: str | None = None
    auth: NatsAuth | None = None


class NsqSource(BrokerSource):
    """One entry of `spec.nsq`."""

    host_address: str = ""
    topic: str = ""
    channel: str = ""


class PulsarSource(BrokerSource):
    """One entry of `spec.pulsar`."""

    url: str = ""
    topics: list[str] | None = None
    type: str = ""


class RedisSource(BrokerSource):
    """One entry of `spec.redis`."""

    host_address: str = ""
    password: KeyRef | None = None
    username: str = ""
    namespace: str = ""
    db: int = 0
    channels: list[str] | None = None


class RedisStreamSource(BrokerSource):
    """One entry of `spec.redisStream`."""

    host_address: str = ""
    password: KeyRef | None = None
    username: str = ""
    db: int = 0
    streams: list[str] | None = None
    consumer_group: str = ""
    max_msg_count_per_read: int = 0


def _amqp(entry: AmqpSource, path: str) -> Iterator[Problem]:
    if bool(entry.url) == (entry.url_secret is not None):
        yield Problem(f"{path}.url", "needs either url or urlSecret, and not both")
    yield from check_set(path, routingKey=entry.routing_key, exchangeType=entry.exchange_type)
    yield from check_tls(entry.tls, path) if entry.tls is not None else check_basic(entry.auth, path)


def _emitter(entry: EmitterSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, broker=entry.broker, channelName=entry.channel_name, channelKey=entry.channel_key)
    yield from check_tls(entry.tls, path)


def _generic(entry: GenericSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, url=entry.url, config=entry.config)


def _kafka(entry: KafkaSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, url=entry.url, topic=entry.topic)
    if not entry.partition and entry.consumer_group is None:
        yield Problem(path, "needs partition or consumerGroup")
    if entry.tls is not None:
        yield from check_tls(entry.tls, path)
    elif entry.sasl is not None:
        yield from _sasl(entry.sasl, f"{path}.sasl")
    elif entry.aws_msk_iam_auth is not None:
        yield from check_set(f"{path}.awsMskIamAuth", region=entry.aws_msk_iam_auth.region)


def _sasl(sasl: Sasl, path: str) -> Iterator[Problem]:
    if sasl.mechanism not in _MECHANISMS:
        yield Problem(f"{path}.mechanism", f"{sasl.mechanism!r} is none of {', '.join(_MECHANISMS[1:])}")
    yield from check_present(path, userSecret=sasl.user_secret, passwordSecret=sasl.password_secret)


def _mqtt(entry: MqttSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, url=entry.url, topic=entry.topic, clientId=entry.client_id)
    yield from check_tls(entry.tls, path) if entry.tls is not None else check_basic(entry.auth, path)


def _nats(entry: NatsSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, url=entry.url, subject=entry.subject)
    if entry.tls is not None:
        yield from check_tls(entry.tls, path)
    elif entry.queue == "":
        yield Problem(f"{path}.queue", "must not be empty; leave it out to read without a queue group")


def _nsq(entry: NsqSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, hostAddress=entry.host_address, topic=entry.topic, channel=entry.channel)
    yield from check_tls(entry.tls, path)


def _pulsar(entry: PulsarSource, path: str) -> Iterator[Problem]:
    yield from check_present(path, topics=entry.topics)
    yield from check_set(path, url=entry.url)
    if entry.type not in ("exclusive", "shared"):
        yield Problem(f"{path}.type", f"{entry.type!r} is neither exclusive nor shared")


def _redis(entry: RedisSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, hostAddress=entry.host_address)
    yield from check_present(path, channels=entry.channels)
    if entry.password is not None and not entry.namespace:
        yield Problem(f"{path}.namespace", "required, but empty: a password is given")
    yield from check_tls(entry.tls, path)


def _redis_stream(entry: RedisStreamSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, hostAddress=entry.host_address)
    yield from check_present(path, streams=entry.streams)
    yield from check_tls(entry.tls, path)


CHECKS: Final[Mapping[str, Check]] = {
    "amqp": _amqp,
    "emitter": _emitter,
    "generic": _generic,
    "kafka": _kafka,
    "mqtt": _mqtt,
    "nats": _nats,
    "nsq": _nsq,
    "pulsar": _pulsar,
    "redis": _redis,
    "redisStream": _redis_stream,
}
