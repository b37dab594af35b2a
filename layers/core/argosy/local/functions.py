"""Finds and calls the functions that AWS runs, `functions/<name>/app.py`, with events of AWS's shapes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from argosy.errors import NotFound
from argosy.local.locate import locate
from argosy.ports.queue import Delivery

__all__ = ["Context", "Handler", "function_names", "handler", "schedule_event", "sqs_event"]

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Context:
    """What a handler sees of Lambda's context object."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = "local"

    @property
    def invoked_function_arn(self) -> str:
        """An ARN that says where this runs."""
        return f"arn:aws:lambda:local:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Nothing ends a local invocation."""
        return 900_000


def function_names() -> list[str]:
    """The functions that there are."""
    return sorted(path.parent.name for path in locate("functions").glob("*/app.py"))


@cache
def handler(name: str) -> Handler:
    """The handler of function `name`. Raises NotFound, with the names that there are, when there is no such function."""
    if name not in function_names():
        raise NotFound(f"no function {name}; there are {', '.join(function_names())}")
    path = locate("functions", name, "app.py")
    spec = importlib.util.spec_from_file_location(f"argosy_function_{name}", path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


def sqs_event(queue: str, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """The event of an SQS event source mapping for a batch."""
    arn = f"arn:aws:sqs:local:000000000000:{queue}"
    return {
        "Records": [
            {
                "messageId": delivery.id,
                "receiptHandle": delivery.handle,
                "body": delivery.body,
                "attributes": {
                    "ApproximateReceiveCount": str(delivery.receive_count),
                    "SentTimestamp": str(int(delivery.sent_at * 1000)),
                    **({"MessageGroupId": delivery.group} if delivery.group else {}),
                },
                "messageAttributes": {
                    name: {"stringValue": value, "dataType": "String"} for name, value in delivery.attributes.items()
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": "local",
            }
            for delivery in deliveries
        ]
    }


def schedule_event(name: str, time: str) -> Mapping[str, Any]:
    """The event of an EventBridge schedule rule; `time` is RFC 3339 UTC."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": time,
        "region": "local",
        "resources": [f"arn:aws:events:local:000000000000:rule/{name}"],
        "detail": {},
    }
