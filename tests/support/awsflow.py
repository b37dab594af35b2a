"""What tests of the deployed stack do again and again: declare, post, wait."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from argosy.control.keys import Key
from argosy.control.state import States
from argosy.resources.manifests import Manifest
from argosy.services.applied import Applied
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from support.events import event_source
from support.localstack import LocalStack, Stack
from support.up import Sink

__all__ = [
    "REGION",
    "Apply",
    "Template",
    "applying",
    "connected",
    "failures",
    "hook",
    "patiently",
    "post",
    "quiet",
    "ticking",
    "to_sink",
]

REGION = "us-east-1"
_SECONDS = 600.0
_PAUSE = 0.2

Apply = Callable[..., list[Applied]]
Template = Callable[..., dict[str, Any]]


def applying(runtime: Runtime) -> Apply:
    """Applies objects to the stack, as its API does."""

    def apply(*bodies: dict[str, Any]) -> list[Applied]:
        return runtime.objects.apply([Manifest(body) for body in bodies], "ns")

    return apply


def to_sink(localstack: LocalStack, sink: Sink) -> Template:
    """Makes HTTP triggers' templates that post what an event holds at `key` to a path of the sink."""

    def template(path: str, key: str = "body", name: str = "dep", **more: Any) -> dict[str, Any]:
        url = f"http://{localstack.host_address}:{sink.port}{path}"
        source = {"dependencyName": name, "dataKey": key, "useRawData": True}
        return {"url": url, "payload": [{"src": source, "dest": "got"}], **more}

    return template


def hook(name: str, endpoint: str, **more: Any) -> dict[str, Any]:
    """A webhook event source."""
    example = {"method": "POST", "port": "12000", "endpoint": endpoint, **more}
    return event_source({"webhook": {"example": example}}, name=name)


def post(stack: Stack, path: str, body: Any, token: str = "") -> int:
    """Post to a webhook event source through API Gateway; returns the answer's status."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(stack.url(f"/hooks/{path}"), json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as x:
        return x.code


def patiently(runtime: Runtime, found: Callable[[], bool], pause: float = _PAUSE) -> bool:
    """Whether `found` has become true; asks again after each `pause`, for ten minutes."""
    for _ in range(int(_SECONDS / pause)):
        if found():
            return True
        runtime.clock.sleep(pause)
    return False


def ticking(stack: Stack, runtime: Runtime, found: Callable[[], bool]) -> bool:
    """The same, with a tick before each look: the schedule's own come once a minute."""

    def ticked() -> bool:
        assert stack.invoke("TickFunction", {})["error"] == ""
        return found()

    return patiently(runtime, ticked, 1.0)


def quiet(runtime: Runtime, queue: str, key: Key) -> bool:
    """Whether nothing has happened to an object for some seconds.

    A turn that runs while its row is written by hand would have to be done again, minutes later; and while one waits, what
    wakes it once more sends nothing.
    """
    states, seen = States(runtime.store, runtime.clock, queue), [0] * 5

    def same() -> bool:
        seen[:] = [*seen[1:], states.load(key).version]
        return len(set(seen)) == 1

    return patiently(runtime, same, 1.0)


def failures(runtime: Runtime, name: str) -> list[str]:
    """Why a Sensor's triggers have failed."""
    body = with_status(runtime.store, runtime.objects.get("Sensor", "ns", name))
    return [one["reason"] for one in body["status"].get("failures", [])]


def connected(runtime: Runtime, name: str) -> None:
    """Wait until an event source is wired; the reconcile function writes a row for each connection."""

    def wired() -> bool:
        rows = [row.data for row in runtime.store.query("wiring") if f"ns/{name}" in row.data["owners"]]
        return bool(rows) and all(row["connected"] for row in rows)

    if not patiently(runtime, wired):
        body = runtime.objects.get("EventSource", "ns", name)
        raise AssertionError(f"not connected: {with_status(runtime.store, body)['status']}")
