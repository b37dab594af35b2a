"""Event sources, one file each, named as their key in `EventSource.spec` and found through this lazy map."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argosy.events.sources.hooks import HookSource

__all__ = ["SOURCES", "event_type", "hook_source"]

SOURCES: Final = {
    "amqp": "argosy.events.sources.amqp:Amqp",
    "bitbucket": "argosy.events.sources.bitbucket:Bitbucket",
    "bitbucketserver": "argosy.events.sources.bitbucketserver:BitbucketServer",
    "calendar": "argosy.events.sources.calendar:next_times",
    "eventBridge": "argosy.events.sources.event_bridge:payload",
    "file": "argosy.events.sources.file:File",
    "gerrit": "argosy.events.sources.gerrit:Gerrit",
    "github": "argosy.events.sources.github:Github",
    "gitlab": "argosy.events.sources.gitlab:Gitlab",
    "kafka": "argosy.events.sources.kafka:Kafka",
    "minio": "argosy.events.sources.minio:payload",
    "mqtt": "argosy.events.sources.mqtt:Mqtt",
    "nats": "argosy.events.sources.nats:Nats",
    "redis": "argosy.events.sources.redis:Redis",
    "redisStream": "argosy.events.sources.redis_stream:RedisStream",
    "resource": "argosy.events.sources.resource:payload",
    "sftp": "argosy.events.sources.sftp:Sftp",
    "slack": "argosy.events.sources.slack:Slack",
    "sns": "argosy.events.sources.sns:Sns",
    "sqs": "argosy.events.sources.sqs:payload",
    "storageGrid": "argosy.events.sources.storage_grid:StorageGrid",
    "stripe": "argosy.events.sources.stripe:Stripe",
    "webhook": "argosy.events.sources.webhook:Webhook",
}


@cache
def hook_source(kind: str) -> HookSource[Any]:
    """What answers requests to entries of a type that comes by HTTP."""
    module, _, name = SOURCES[kind].partition(":")
    made: HookSource[Any] = getattr(import_module(module), name)()
    return made


def event_type(kind: str) -> str:
    """The type that events of a source carry, as Argo writes it."""
    return "storagegrid" if kind == "storageGrid" else kind
