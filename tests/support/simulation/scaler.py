"""A toy controller with everything that the loop has to carry: writes, a pause, calls, verbs of users in the status.

A Scaler brings a Deployment `spec.target` to half of `spec.replicas`, waits `spec.pause` seconds or for a user's
`status.promote`, brings it to the whole, and tells somebody. A user's `status.abort` ends that. Both verbs name the
generation that they are for. What it has made under another name goes. What another home has made it does not touch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argosy.control.controller import Report
from argosy.control.effects import Apply, Call, Decision, Effect, Observation, Patch, Remove, Write
from argosy.control.keys import Key
from argosy.errors import Denied, EvaluationError
from support.simulation.server import HOME, Body, Mirror, version_of

GROUP = "toys"
TELL, RECORD = "tell", "record"


def scaler(name: str) -> Key:
    return Key("c", GROUP, "Scaler", "ns", name)


def deployment(name: str) -> Key:
    return Key("c", "apps", "Deployment", "ns", name)


@dataclass(frozen=True)
class Seen:
    """A Scaler, its target, and what it has made under other names."""

    key: Key
    body: Body
    target: Body | None
    others: Mapping[Key, Body]


class Scaler:
    """The controller."""

    def __init__(self, home: str, mirror: Mirror, told: Callable[[Call], bool]) -> None:
        self._home, self._mirror, self._told = home, mirror, told

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        body = self._mirror.get(key)
        if body is None:
            return None
        target = deployment(body["spec"]["target"])
        others = {one: made for one, made in self._mirror.owned(self._home, key.name).items() if one != target}
        seen = Seen(key, body, self._mirror.get(target), others)
        return self._mirror.observation(seen, {key: body, target: seen.target, **others})

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        seen: Seen = observation.object
        spec, metadata = seen.body["spec"], seen.body["metadata"]
        if spec.get("bad"):
            raise EvaluationError("spec.bad: cannot be evaluated")
        if seen.target is not None and seen.target["metadata"]["labels"].get(HOME) != self._home:
            raise Denied(f"{spec['target']} belongs to another home")
        status = _begun(seen.body.get("status") or {}, metadata["generation"])
        if status.get("abort") == status["generation"]:
            return Decision((), {**status, "phase": "Aborted"})
        gone = tuple(Remove(key, version_of(made)) for key, made in seen.others.items())
        if status["phase"] == "Paused":
            return self._paused(seen, status, gone, now)
        if status["phase"] == "Healthy":
            return self._healthy(seen, status, gone)
        half = (*gone, *self._scaled(seen, spec["replicas"] // 2))
        until = now + timedelta(seconds=spec["pause"])
        return Decision(half, {**status, "phase": "Paused", "until": until.isoformat()}, until)

    def _paused(self, seen: Seen, status: Body, gone: tuple[Effect, ...], now: datetime) -> Decision:
        until = datetime.fromisoformat(status["until"])
        if now < until and status.get("promote") != status["generation"]:
            return Decision((*gone, *self._scaled(seen, seen.body["spec"]["replicas"] // 2)), status, until)
        status = {name: value for name, value in status.items() if name not in ("promote", "until")}
        return self._healthy(seen, {**status, "phase": "Healthy"}, gone)

    def _healthy(self, seen: Seen, status: Body, gone: tuple[Effect, ...]) -> Decision:
        effects = (*gone, *self._scaled(seen, seen.body["spec"]["replicas"]))
        turn = f"{seen.body['metadata']['uid']}/{status['generation']}"
        calls = () if status.get("told") else (Call(f"{TELL}/{turn}", None), _record(turn))
        return Decision((*effects, *calls), {**status, "told": True})

    def _scaled(self, seen: Seen, replicas: int) -> tuple[Effect, ...]:
        target = deployment(seen.body["spec"]["target"])
        if seen.target is None:
            labels = {HOME: self._home, "owner": seen.key.name}
            return (Apply(target, {"metadata": {"labels": labels}, "spec": {"replicas": replicas}}),)
        if seen.target["spec"]["replicas"] == replicas:
            return ()
        return (Patch(target, {"spec": {"replicas": replicas}}, version_of(seen.target)),)

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        return self._told(call)

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`."""
        seen: Seen = observation.object
        before: Body = seen.body.get("status") or {}
        after = dict(decision.status if decision is not None else before)
        after.pop("message", None)
        after |= {"message": report.problem} if report.problem else {}
        unknown = sorted({*before.get("unknown", ()), *report.unknown})
        after |= {"unknown": unknown} if unknown else {}
        if after == before:
            return None
        patch: dict[str, Any] = {**dict.fromkeys(before), **after}
        return Patch(seen.key, {"status": patch}, version_of(seen.body))


def _record(turn: str) -> Call:
    return Call(f"{RECORD}/{turn}", None, at_least_once=True)


def _begun(status: Body, generation: int) -> Body:
    """The status of this generation: a new one begins from the start, and keeps users' verbs and what nobody could know."""
    if status.get("generation") == generation:
        return dict(status)
    kept: Body = {name: status[name] for name in ("unknown", "promote", "abort") if name in status}
    return {"generation": generation, "phase": "Progressing", **kept}
