"""What an agent of its own process is told by its environment, and the connections that this makes.

The manifests that `argosy agent manifests` prints set these variables; nothing else is read. Credentials of AWS come as
botocore finds them: Pod Identity, IRSA, a credential process (Roles Anywhere), keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.adapters.http.inside import InsideHttp
from argosy.adapters.kube import pod
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.watcher import HttpWatcher
from argosy.adapters.signing.ed25519 import KeyVerifier
from argosy.adapters.signing.sealing import KeySealer
from argosy.agent.brokers import library_brokers
from argosy.agent.runner import Connections
from argosy.errors import InvalidObject
from argosy.ports.aside import Aside, at_once
from argosy.ports.clock import SystemClock
from argosy.ports.prefixed import PrefixedBlobs
from argosy.ports.queue import QueueSpec

__all__ = ["COMMANDS", "REPORTS", "WAIT_SECONDS", "Settings", "connections"]

COMMANDS: Final = "commands"
REPORTS: Final = "reports"
WAIT_SECONDS: Final = 20
"""How long a receive waits for a first message: the longest that SQS allows, and the cheapest."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`cluster` is its name at the hub; `commands` and `reports` are URLs of queues; `keys` the hub's public keys."""

    cluster: str
    commands: str
    reports: str
    bucket: str
    keys: tuple[str, ...]
    http_namespaces: tuple[str, ...] = ()
    heartbeat_seconds: float = 30.0

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """From the environment. Raises InvalidObject for what is missing, and for what is no number."""
        given = os.environ if environ is None else environ
        names = ("ARGOSY_CLUSTER", "ARGOSY_AGENT_COMMANDS", "ARGOSY_AGENT_REPORTS", "ARGOSY_BLOBS", "ARGOSY_AGENT_KEYS")
        missing = [name for name in names if not given.get(name)]
        if missing:
            raise InvalidObject(
                f"the environment lacks {', '.join(missing)}: `argosy agent manifests` sets them for the Deployment"
            )
        cluster, commands, reports, bucket, keys = (given[name] for name in names)
        namespaces = _listed(given.get("ARGOSY_HTTP_NAMESPACES", ""))
        heartbeat = _seconds("ARGOSY_HEARTBEAT_SECONDS", given.get("ARGOSY_HEARTBEAT_SECONDS") or "30")
        return cls(cluster, commands, reports, bucket, _listed(keys), namespaces, heartbeat)


def connections(
    settings: Settings, clients: Clients, cluster: DirectCluster | None = None, aside: Aside = at_once
) -> Connections:
    """Connect; `cluster` unless it is that of our own pod. To be called on the loop that the agent runs on."""
    found = cluster if cluster is not None else pod.connect()
    specs = [QueueSpec(COMMANDS, fifo=True, visibility=120), QueueSpec(REPORTS, fifo=True)]
    urls = {COMMANDS: settings.commands, REPORTS: settings.reports}
    return Connections(
        settings.cluster,
        found,
        HttpWatcher(found.connection.door()),
        SqsQueue(specs, urls, clients, wait=WAIT_SECONDS, drain=False),
        PrefixedBlobs(S3Blobs(settings.bucket, clients), f"agents/{settings.cluster}"),
        KeyVerifier(settings.keys),
        KeySealer(),
        InsideHttp(settings.http_namespaces),
        SystemClock(),
        found.server_time,
        COMMANDS,
        REPORTS,
        heartbeat_seconds=settings.heartbeat_seconds,
        brokers=partial(library_brokers, found),
        aside=aside,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise InvalidObject(f"{text!r} is no number of seconds from 0.1 to 3600", obj=name)
    return seconds
