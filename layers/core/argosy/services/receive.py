"""Receives requests to event sources that come by HTTP: decide by the source, publish on the bus, answer.

The answer is 2xx only when the events are durable. Where Argo Events answers 400 and HTTP has a better word, the better
word is used: 405 for the wrong method, 413 for a body that is too large, 401 for a signature or a token that is wrong
(docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from argosy.errors import ArgosyError, Permanent, Retryable
from argosy.events.envelope import new_event
from argosy.events.sources import event_type, hook_source
from argosy.events.sources.filtering import lets_pass
from argosy.events.sources.hooks import HEALTH, Answer, Ask, Problem, Request, Visit, answered
from argosy.ports.clock import stamp
from argosy.ports.queue import Outgoing
from argosy.records import record
from argosy.services.declarations import Declarations, Hook, pick
from argosy.services.eventids import new_event_id, same_event_id
from argosy.services.mail import pack
from argosy.services.queues import BUS
from argosy.services.runtime import Runtime

__all__ = ["HookAnswer", "Receiver", "bus_message"]

_STATUS: Final[Mapping[Problem, int]] = {Problem.METHOD: 405, Problem.SIZE: 413, Problem.SIGNATURE: 401}
_MAX_AGE = 2.0
_MOST_ASKS: Final = 2
_CLOSED: Final = (
    "this installation takes no requests that prove nothing: give the event source an authSecret, or a secret of its type "
    "(stack parameter AllowOpenWebhooks)"
)
EVENT_ID_HEADER: Final = "X-Argosy-Event-Id"
# Their `filter` holds no expression, or they have none, as in Argo.
_UNFILTERED: Final = frozenset({"storageGrid", "stripe"})


@record
class HookAnswer:
    """What the caller is told; `body` is plain text."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Receiver:
    """Requests to the event sources of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.declarations = Declarations(runtime.store, runtime.clock, _MAX_AGE)

    def receive(self, namespace: str, source: str, request: Request, port: str = "") -> HookAnswer:
        """Answer a request to an EventSource; `request.path` is what follows its name, `port` narrows to one port.

        Raises Unavailable when an event cannot be made durable (the function then answers 5xx and the caller retries).
        """
        self.declarations.refresh()
        hook = self._hook(namespace, source, port, request)
        if hook is None and self.declarations.refresh(now=True):  # it may have been applied a moment ago
            hook = self._hook(namespace, source, port, request)
        if hook is None:
            health = request.path == HEALTH and self._hooks(namespace, source, port)
            return HookAnswer(200, "ok") if health else HookAnswer(404, Problem.PATH.value)
        if not self._runtime.open_webhooks and not _proven(hook):
            return HookAnswer(403, _CLOSED)
        try:
            answer = self._answer(hook, request)
        except Retryable as x:
            return HookAnswer(503, f"what the answer depends on cannot be told yet, send it again: {x}")
        if answer.problem is not None:
            return _refusal(answer.problem, answer.status, hook)
        expression = "" if hook.kind in _UNFILTERED else hook.entry.filter.expression
        events = [data for data in answer.events if lets_pass(expression, data)]
        return HookAnswer(answer.status, answer.text, self._publish(hook, events, answer.origin) if events else {})

    def _answer(self, hook: Hook, request: Request) -> Answer:
        """The source's answer, with what it asks outside. Raises Unavailable."""
        source, secrets, now = hook_source(hook.kind), self._secrets(hook), self._runtime.clock.now().timestamp()
        known: dict[Ask, bool] = {}
        while True:
            answer = answered(source, hook.entry, request, secrets, now, known)
            if answer.asks is None or len(known) >= _MOST_ASKS:
                return answer
            known[answer.asks] = self._asked(answer.asks)

    def _asked(self, ask: Ask) -> bool:
        outside = self._runtime.outside
        if outside is None:
            return False
        try:
            if isinstance(ask, Visit):
                return outside.visit(ask.url)
            return outside.vouches(ask.url, ask.text, ask.signature, ask.digest)
        except Permanent:
            return False

    def _publish(self, hook: Hook, events: Sequence[str], origin: str) -> dict[str, str]:
        kind = event_type(hook.kind)
        now = self._runtime.clock.now()
        ids = [same_event_id(hook.key, origin) if origin else new_event_id(now) for _ in events]
        messages = [
            bus_message(self._runtime, hook.namespace, hook.bus, kind, hook.source, hook.event, event_id, data)
            for event_id, data in zip(ids, events, strict=True)
        ]
        self._runtime.queue.send(BUS, messages)
        return {EVENT_ID_HEADER: ids[0]}

    def _hooks(self, namespace: str, source: str, port: str) -> list[Hook]:
        return [hook for hook in self.declarations.hooks(namespace, source) or () if port in ("", hook.hook.port)]

    def _hook(self, namespace: str, source: str, port: str, request: Request) -> Hook | None:
        hooks = self._hooks(namespace, source, port)
        return pick([hook for hook in hooks if hook.path == request.path], request.method)

    def _secrets(self, hook: Hook) -> dict[str, str]:
        """What can be read of the entry's secrets."""
        found = {}
        for name, ref in hook.secrets.items():
            try:
                found[name] = self._runtime.secrets.secret(hook.namespace, ref.name, ref.key, hook.account)
            except ArgosyError:
                continue
        return found


def bus_message(
    runtime: Runtime, namespace: str, bus: str, source_type: str, source: str, subject: str, event_id: str, data: str
) -> Outgoing:
    """The bus message of a new event; its time is now."""
    time = stamp(runtime.clock.now())
    event = new_event(source_type, source, subject, event_id=event_id, time=time, data=data)
    return Outgoing(pack({"namespace": namespace, "bus": bus, "event": event.as_json()}, runtime.blobs))


def _proven(hook: Hook) -> bool:
    return hook.hook.auth_secret is not None or hook_source(hook.kind).proven(hook.entry)


def _refusal(problem: Problem, status: int, hook: Hook) -> HookAnswer:
    headers = {"Allow": hook.hook.method} if problem is Problem.METHOD else {}
    return HookAnswer(_STATUS.get(problem, status), problem.value, headers)
