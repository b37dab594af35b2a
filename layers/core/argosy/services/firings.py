"""Firings as messages of the trigger queues.

`{"firing": {…}, "attempt": n, "wait": s, "look": n, "granted": true}`: everything that is needed to carry the firing out,
fields that are empty left out. `wait` is what remains of a delay that is longer than a queue can hold. With `look` the
effect of the attempt was carried out, and what remains is to look at its object for the n-th time, as its policy asks.
`granted`: the rate limit of the trigger has given the attempt its time already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from argosy.errors import EvaluationError
from argosy.events.effects import effect_from_json, effect_to_json
from argosy.events.sensors import Firing
from argosy.ports.queue import MAX_DELAY_SECONDS, Outgoing
from argosy.records import record
from argosy.resources.sensor import Backoff, LabelPolicy
from argosy.services.mail import pack
from argosy.services.queues import TRIGGERS

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Order", "TriggerMessage", "read_trigger_message", "send_firings", "trigger_message"]


@record
class TriggerMessage(Outgoing):
    """A message for one of the trigger queues."""

    queue: str = TRIGGERS


@record
class Order:
    """What a message of a trigger queue asks for."""

    firing: Firing
    attempt: int
    wait: float = 0.0
    look: int = 0
    granted: bool = False


def trigger_message(
    firing: Firing, attempt: int, wait: float, runtime: Runtime, look: int = 0, *, granted: bool = False
) -> TriggerMessage:
    """The message for attempt number `attempt` (from 1), to be seen in `wait` seconds by who carries out its effect."""
    delay = min(wait, MAX_DELAY_SECONDS)
    body: dict[str, Any] = {"firing": _to_json(firing), "attempt": attempt}
    if look:
        body["look"] = look
    if granted:
        body["granted"] = True
    if wait > delay:
        body["wait"] = wait - delay
    return TriggerMessage(pack(body, runtime.blobs), delay=delay, queue=runtime.queue_of(firing))


def send_firings(runtime: Runtime, messages: Sequence[TriggerMessage]) -> None:
    """Send each to its queue."""
    for queue in sorted({message.queue for message in messages}):
        runtime.queue.send(queue, [message for message in messages if message.queue == queue])


def read_trigger_message(message: Any) -> Order:
    """The inverse; `wait` is what remains of it. Raises EvaluationError for anything else."""
    try:
        attempt, wait, look = int(message["attempt"]), float(message.get("wait", 0)), int(message.get("look", 0))
        return Order(_from_json(message["firing"]), attempt, wait, look, bool(message.get("granted")))
    except (KeyError, TypeError, ValueError, AttributeError) as x:
        raise EvaluationError(f"not a trigger message: {type(x).__name__} {x}") from x


def _to_json(firing: Firing) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": firing.id,
        "namespace": firing.namespace,
        "sensor": firing.sensor,
        "trigger": firing.trigger,
        "events": firing.events,
    }
    if firing.effect is not None:
        body["effect"] = effect_to_json(firing.effect)
    if firing.policy is not None:
        body["policy"] = firing.policy.model_dump(by_alias=True, exclude_none=True)
    if firing.problem:
        body["problem"] = firing.problem
    if firing.trace:
        body["trace"] = firing.trace
    if firing.apart:
        body["apart"] = firing.apart
    if firing.at_least_once:
        body["at_least_once"] = True
        if firing.retry is not None:
            body["retry"] = firing.retry.model_dump(by_alias=True, exclude_none=True)
        if firing.last_resort is not None:
            body["last_resort"] = _to_json(firing.last_resort)
    return body


def _from_json(body: dict[str, Any]) -> Firing:
    effect, retry, last_resort = body.get("effect"), body.get("retry"), body.get("last_resort")
    policy = body.get("policy")
    return Firing(
        body["id"],
        body["namespace"],
        body["sensor"],
        body["trigger"],
        body["events"],
        effect_from_json(effect) if effect is not None else None,
        body.get("problem", ""),
        body.get("at_least_once", False),
        Backoff.model_validate(retry) if retry is not None else None,
        _from_json(last_resort) if last_resort is not None else None,
        LabelPolicy.model_validate(policy) if policy is not None else None,
        float(body.get("apart", 0.0)),
        body.get("trace", ""),
    )
