"""Receives webhook requests: decide by the event source, publish on the bus, answer.

The answer is 2xx only when the event is durable. Where Argo Events answers 400 and HTTP has a better word, the better
word is used: 405 for the wrong method, 413 for a body that is too large (docs/decisions/0003).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from argosy.errors import ArgosyError
from argosy.events.envelope import new_event
from argosy.events.sources import webhook
from argosy.events.sources.filtering import lets_pass
from argosy.events.sources.webhook import Problem, Request
from argosy.ports.clock import stamp
from argosy.ports.queue import Outgoing
from argosy.records import record
from argosy.services.declarations import Declarations, Hook, pick
from argosy.services.mail import pack
from argosy.services.queues import BUS
from argosy.services.runtime import Runtime

__all__ = ["HookAnswer", "Receiver", "bus_message"]

_STATUS: Final[Mapping[Problem, int]] = {Problem.METHOD: 405, Problem.SIZE: 413}
_MAX_AGE = 2.0
_CLOSED: Final = "this installation takes no webhooks without an authSecret (stack parameter AllowOpenWebhooks)"
EVENT_ID_HEADER: Final = "X-Argosy-Event-Id"


@record
class HookAnswer:
    """What the caller is told; `body` is plain text."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Receiver:
    """Webhook requests of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.declarations = Declarations(runtime.store, runtime.clock, _MAX_AGE)

    def receive(self, namespace: str, source: str, request: Request, port: str = "") -> HookAnswer:
        """Answer a request to an EventSource; `request.path` is what follows its name, `port` narrows to one port.

        Raises Unavailable when the event cannot be made durable (the function then answers 5xx and the caller retries).
        """
        self.declarations.refresh()
        hook = self._hook(namespace, source, port, request)
        if hook is None and self.declarations.refresh(now=True):  # it may have been applied a moment ago
            hook = self._hook(namespace, source, port, request)
        if hook is None:
            health = request.path == webhook.HEALTH and self._hooks(namespace, source, port)
            return HookAnswer(200, "ok") if health else HookAnswer(404, Problem.PATH.value)
        if hook.entry.auth_secret is None and not self._runtime.open_webhooks:
            return HookAnswer(403, _CLOSED)
        answer = webhook.answer(hook.entry, self._token(hook), request)
        if answer.problem is not None:
            return _refusal(answer.problem, answer.status, hook)
        if answer.data is None or not lets_pass(hook.entry.filter.expression, answer.data):
            return HookAnswer(answer.status, "success")
        event_id = os.urandom(16).hex()
        message = bus_message(
            self._runtime, hook.namespace, hook.bus, "webhook", hook.source, hook.event, event_id, answer.data
        )
        self._runtime.queue.send(BUS, [message])
        return HookAnswer(answer.status, "success", {EVENT_ID_HEADER: event_id})

    def _hooks(self, namespace: str, source: str, port: str) -> list[Hook]:
        return [hook for hook in self.declarations.hooks(namespace, source) or () if port in ("", hook.entry.port)]

    def _hook(self, namespace: str, source: str, port: str, request: Request) -> Hook | None:
        hooks = self._hooks(namespace, source, port)
        return pick([hook for hook in hooks if hook.path == request.path], request.method)

    def _token(self, hook: Hook) -> str | None:
        ref = hook.entry.auth_secret
        if ref is None:
            return None
        try:
            return self._runtime.secrets.secret(hook.namespace, ref.name, ref.key, hook.account)
        except ArgosyError:
            return None


def bus_message(
    runtime: Runtime, namespace: str, bus: str, source_type: str, source: str, subject: str, event_id: str, data: str
) -> Outgoing:
    """The bus message of a new event; its time is now."""
    time = stamp(runtime.clock.now())
    event = new_event(source_type, source, subject, event_id=event_id, time=time, data=data)
    return Outgoing(pack({"namespace": namespace, "bus": bus, "event": event.as_json()}, runtime.blobs))


def _refusal(problem: Problem, status: int, hook: Hook) -> HookAnswer:
    headers = {"Allow": hook.entry.method} if problem is Problem.METHOD else {}
    return HookAnswer(_STATUS.get(problem, status), problem.value, headers)
