"""Function handlers on fakes, and events of AWS's shapes for them."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from argosy.local.functions import Context, handler
from argosy.services import runtime
from support.services import FakeInstallation

ROOT = Path(__file__).parents[2]


def recorded(name: str) -> dict[str, Any]:
    """A payload of the folder `events`, without `.json`."""
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return found


def invoke(function: str, event: dict[str, Any], installation: FakeInstallation) -> Any:
    """Call a function's handler on an installation."""
    runtime.use(installation.runtime)
    return handler(function)(copy.deepcopy(event), Context(function))


def batch(function: str, bodies: Sequence[str]) -> dict[str, Any]:
    """The recorded SQS batch of a function with other bodies; message ids are `m0`, `m1`, …"""
    record = recorded(function)["Records"][0]
    return {"Records": [{**record, "messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def failed(answer: Any) -> list[str]:
    """The message ids that an answer reports as failed."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]
