"""An installation on moto, driven as AWS drives it: requests, batches of queues, and what they cost.

In: clients of an empty AWS. Out: an environment for `Settings`, and a runtime on it.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import queue_variable
from argosy.adapters.aws.runtime import Settings, assemble
from argosy.local.functions import Context, handler, sqs_event
from argosy.resources.manifests import Manifest
from argosy.services import runtime as runtimes
from argosy.services.outcomes import sensor_status
from argosy.services.queues import AWS_QUEUES
from argosy.services.runtime import Runtime
from support.aws import REGION, make_bucket, make_queues, make_table
from support.events import dependency, event_source, sensor, trigger
from support.functions import failed, recorded

__all__ = ["ACCOUNT", "HOOK", "NAMES", "Counted", "call", "fired", "installation", "make_installation", "post", "pump"]

ACCOUNT = "123456789012"
NAMES = {"ARGOSY_TABLE": "table", "ARGOSY_BLOBS": "blobs-of-a-test", "ARGOSY_STAGE": "it"}
HOOK = {"webhook": {name: {"port": "12000", "method": "POST", "endpoint": f"/{name}"} for name in ("example", "other")}}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


def make_installation(clients: Clients) -> dict[str, str]:
    """Table, bucket and queues; returns the environment of a function that works on them."""
    make_table(clients.dynamodb, NAMES["ARGOSY_TABLE"])
    make_bucket(clients.s3, NAMES["ARGOSY_BLOBS"])
    queues = {queue_variable(name): url for name, url in make_queues(clients.sqs, AWS_QUEUES).items()}
    return {**NAMES, **queues, "AWS_REGION": REGION, "ARGOSY_ACCOUNT": ACCOUNT, "ARGOSY_OPEN_WEBHOOKS": "true"}


class Counted:
    """Counts calls by operation, each once however often it is attempted, and the rows that are written."""

    def __init__(self, clients: Clients) -> None:
        self.clients, self.writes = clients, 0
        self.calls = Counter[str]()
        for client in (clients.dynamodb, clients.sqs, clients.s3):
            client.meta.events.register("before-call", self._note)

    def _note(self, event_name: str, params: Mapping[str, Any], **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        self.calls[f"{service}.{operation}"] += 1
        if operation in _WRITES:
            self.writes += len(json.loads(params["body"]).get("TransactItems", [None]))

    @property
    def queue_calls(self) -> int:
        """Calls of SQS."""
        return sum(count for name, count in self.calls.items() if name.startswith("sqs."))


def call(function: str, event: dict[str, Any], made: Runtime) -> Any:
    runtimes.use(made)
    return handler(function)(copy.deepcopy(event), Context(function))


def pump(made: Runtime, queue: str, function: str) -> int:
    """What Lambda does with one batch: receive, invoke, delete; returns how many messages it held."""
    deliveries = made.queue.receive(queue, 10)
    assert failed(call(function, sqs_event(queue, deliveries), made)) == []
    made.queue.delete(queue, [delivery.handle for delivery in deliveries])
    return len(deliveries)


def installation(environment: dict[str, str], *, joined: bool = False) -> Runtime:
    """A webhook with two endpoints, and a sensor with one trigger on the first or on both together."""
    made = assemble(Settings.read(environment), Clients(environment))
    dependencies = [dependency("hook", source="webhook")]
    if joined:
        dependencies.append(dependency("other", source="webhook", subject="other"))
    made.objects.apply(
        [
            Manifest(event_source(HOOK, name="webhook", namespace="argo-events")),
            Manifest(sensor([trigger("t", log={})], dependencies, namespace="argo-events")),
        ]
    )
    return made


def post(made: Runtime, endpoint: str = "example", text: str = "", status: int = 200) -> None:
    event = recorded("webhook")
    event["path"] = f"/hooks/argo-events/webhook/{endpoint}"
    event["pathParameters"] = {**event["pathParameters"], "proxy": endpoint}
    event["body"] = json.dumps({"text": text})
    assert call("webhook", event, made)["statusCode"] == status


def fired(made: Runtime) -> int:
    status = sensor_status(made.store, "argo-events", "s")
    return int(status["triggers"]["t"]["fired"])
