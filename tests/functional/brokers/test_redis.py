"""The connectors of `redis` and `redisStream` on redis-server."""

from __future__ import annotations

from contracts.brokers import ConnectorContract
from support.brokers.redis import Redis, RedisStream


class TestRedis(ConnectorContract):
    broker_type = Redis


class TestRedisStream(ConnectorContract):
    broker_type = RedisStream
