"""Webhooks of event sources, registered by functions/reconcile_source."""

from __future__ import annotations

import json
from typing import Any

from argosy.ports.store import Row
from argosy.services.hooks import HOOKS_PK
from argosy.services.queues import RECONCILE_SOURCE
from argosy.services.status import with_status
from support.events import Body, event_source
from support.functions import invoke, recorded
from support.services import FakeInstallation

__all__ = ["condition", "declare", "reconcile", "rows"]


def declare(made: FakeInstallation, kind: str, entry: Body, **more: Any) -> Any:
    """Apply an event source of one entry; what the function says."""
    made.apply(event_source({kind: {"example": {**entry, **more}}}, name="s"))
    return reconcile(made)


def reconcile(made: FakeInstallation) -> Any:
    """What the function says to the wakes that there are."""
    record = recorded("reconcile_source")["Records"][0]
    bodies = [json.dumps(body) for body in made.events(RECONCILE_SOURCE)]
    event = {"Records": [{**record, "messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]}
    return invoke("reconcile_source", event, made)


def rows(made: FakeInstallation) -> list[Row]:
    """What is kept of hooks."""
    return list(made.runtime.store.query(HOOKS_PK))


def condition(made: FakeInstallation) -> str:
    """What the event source's first condition says."""
    body = with_status(made.runtime.store, made.runtime.objects.get("EventSource", "ns", "s"))
    return str(body["status"]["conditions"][0].get("message", ""))
