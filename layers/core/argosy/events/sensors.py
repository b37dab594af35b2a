"""A sensor compiled for deciding: which of its triggers an event reaches, and what a firing does.

Compiled once per version of the object and asked for every event. All of it is pure: the time is an argument, ids are
derived from what they name.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from argosy.errors import ArgosyError, EvaluationError
from argosy.events.effects import Draft, Effect, WorkflowCommand, WriteObject
from argosy.events.envelope import Event
from argosy.events.filters import passes
from argosy.events.jsontext import read_json, write_json
from argosy.events.limits import spacing
from argosy.events.parameters import apply_parameters
from argosy.events.policies import asks
from argosy.events.resets import compile_resets
from argosy.events.tracing import traced_by
from argosy.events.transforms import RunJq, transformed
from argosy.events.triggers import TRIGGERS, builder
from argosy.events.triggers.context import FiringContext
from argosy.lang.conditions import Condition, compile_condition
from argosy.lang.cron import Schedule
from argosy.records import record
from argosy.resources.homes import home_of
from argosy.resources.sensor import Backoff, Dependency, LabelPolicy, Sensor, Trigger, TriggerTemplate

__all__ = ["CompiledSensor", "CompiledTrigger", "Dropped", "Firing", "Match", "firing_id"]

_log = logging.getLogger("argosy.sensors")


@record
class Firing:
    """One firing of one trigger: everything that is needed to carry it out, without the sensor.

    `effect` is None when it could not be built; `problem` then says why. `events` maps dependency → event id. `last_resort`
    is the firing of the dlqTrigger. `retry` counts only with `at_least_once`. `policy` is for effects that write objects.
    `apart`: the seconds that its rate limit puts between the starts of two attempts of the trigger, 0 without one.
    `trace`: the trace that it belongs to.
    """

    id: str
    namespace: str
    sensor: str
    trigger: str
    events: Mapping[str, str]
    effect: Effect | None
    problem: str = ""
    at_least_once: bool = False
    retry: Backoff | None = None
    last_resort: Firing | None = None
    policy: LabelPolicy | None = None
    apart: float = 0.0
    trace: str = ""


@record
class Match:
    """An event has reached a dependency of a trigger and passed its filters; `event` is as its transform has left it."""

    trigger: CompiledTrigger
    dependency: str
    event: Event


@record
class Dropped:
    """The transform or a filter failed on the event (it did not say no: it could not say)."""

    dependency: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """A trigger with its condition; `body` is the trigger as written in the manifest, `resets` its conditionsReset."""

    spec: Trigger
    template: TriggerTemplate
    condition: Condition
    body: Mapping[str, Any]
    resets: Sequence[Schedule] = ()

    @property
    def name(self) -> str:
        """The trigger's name."""
        return self.template.name


class CompiledSensor:
    """One version of a Sensor object.

    A trigger whose condition cannot be used is left out, as in Argo; `broken` tells its name and the reason. `identity` is
    the object's uid, `definitions` holds a digest of each dependency by name, `triggers` are those that can be used.
    """

    def __init__(self, sensor: Sensor, body: Mapping[str, Any]) -> None:
        self.sensor = sensor
        self.namespace = sensor.metadata.namespace
        self.name = sensor.metadata.name
        self.broken: dict[str, str] = {}
        self.identity = sensor.metadata.uid or f"{self.namespace}/{self.name}"
        self.definitions = {dependency.name: _digest(dependency) for dependency in sensor.spec.dependencies}
        self.triggers: list[CompiledTrigger] = []
        self._routes: dict[tuple[str, str], list[tuple[CompiledTrigger, list[Dependency]]]] = {}
        raw = body["spec"]["triggers"]
        for trigger, written in zip(sensor.spec.triggers, raw, strict=True):
            compiled = self._compile(trigger, written)
            if compiled is not None:
                self.triggers.append(compiled)
                self._route(compiled)

    @property
    def subjects(self) -> Iterable[tuple[str, str]]:
        """The (event source name, event name) pairs that reach at least one trigger."""
        return self._routes.keys()

    def match(self, event: Event, jq: RunJq | None = None) -> list[Match | Dropped]:
        """Every trigger and dependency that `event` reaches and whose filters it passes, in the order of the spec.

        `jq` runs the programs of transforms.
        """
        found: list[Match | Dropped] = []
        verdicts: dict[str, Event | Dropped | None] = {}
        for trigger, dependencies in self._routes.get((event.source, event.subject), ()):
            for dependency in dependencies:
                if dependency.name in verdicts:
                    verdict = verdicts[dependency.name]
                else:
                    verdict = verdicts[dependency.name] = _verdict(dependency, event, jq)
                    if isinstance(verdict, Dropped):
                        found.append(verdict)
                if isinstance(verdict, Event):
                    found.append(Match(trigger, dependency.name, verdict))
        return found

    def fire(self, trigger: CompiledTrigger, events: Mapping[str, Event], now: datetime) -> Firing:
        """The firing of `trigger` with these events (dependency → event). Never raises: a firing may carry a problem."""
        ids = {name: event.id for name, event in events.items()}
        last_resort = None
        if trigger.spec.at_least_once and trigger.spec.dlq_trigger is not None and trigger.spec.dlq_trigger.template:
            backup = CompiledTrigger(
                trigger.spec.dlq_trigger,
                trigger.spec.dlq_trigger.template,
                trigger.condition,
                trigger.body["dlqTrigger"],
            )
            backup_id = firing_id(self.identity, f"{trigger.name}/dlq", ids)
            # As in Argo, a dlqTrigger is not limited.
            last_resort = replace(self._one(backup, backup_id, ids, events, now, None), apart=0.0)
        return self._one(trigger, firing_id(self.identity, trigger.name, ids), ids, events, now, last_resort)

    def _one(
        self,
        trigger: CompiledTrigger,
        new_id: str,
        ids: Mapping[str, str],
        events: Mapping[str, Event],
        now: datetime,
        last_resort: Firing | None,
    ) -> Firing:
        effect, problem = None, ""
        try:
            effect = self._build(trigger, new_id, events, now)
        except ArgosyError as x:
            problem = str(x)
        return Firing(
            new_id,
            self.namespace,
            self.name,
            trigger.name,
            ids,
            effect,
            problem,
            trigger.spec.at_least_once,
            trigger.spec.retry_strategy,
            last_resort,
            _label_policy(trigger.spec, effect),
            spacing(trigger.spec.rate_limit),
            traced_by(events) if events else "",
        )

    def _build(self, trigger: CompiledTrigger, new_id: str, events: Mapping[str, Event], now: datetime) -> Effect:
        template, body = trigger.template, trigger.body["template"]
        if trigger.spec.parameters:
            body = read_json(apply_parameters(write_json(body), trigger.spec.parameters, events))
            template = _template(body)
        kind = next((key for key in TRIGGERS if body.get(key) is not None), None)
        if kind is None:
            raise EvaluationError("the template holds no trigger that this version serves")
        context = FiringContext(
            new_id,
            self.name,
            home_of(self.namespace)[0],
            self.sensor.service_account,
            template,
            body,
            trigger.spec.policy,
            events,
            now,
        )
        return builder(kind)(context)

    def _compile(self, trigger: Trigger, written: Mapping[str, Any]) -> CompiledTrigger | None:
        if trigger.template is None:
            return None
        names = [dependency.name for dependency in self.sensor.spec.dependencies]
        try:
            condition = compile_condition(trigger.template.conditions, names)
        except EvaluationError as x:
            self.broken[trigger.template.name] = str(x)
            return None
        return CompiledTrigger(
            trigger, trigger.template, condition, written, compile_resets(trigger.template.conditions_reset)
        )

    def _route(self, trigger: CompiledTrigger) -> None:
        by_name = {dependency.name: dependency for dependency in self.sensor.spec.dependencies}
        routes: dict[tuple[str, str], list[Dependency]] = {}
        for name in trigger.condition.names:
            dependency = by_name[name]
            routes.setdefault((dependency.event_source_name, dependency.event_name), []).append(dependency)
        for subject, dependencies in routes.items():
            self._routes.setdefault(subject, []).append((trigger, dependencies))


def firing_id(sensor: str, trigger: str, events: Mapping[str, str]) -> str:
    """32 hex digits that name a firing: the same events through the same trigger always give the same id."""
    named = "\n".join([sensor, trigger, *(f"{name}={events[name]}" for name in sorted(events))])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _label_policy(spec: Trigger, effect: Effect | None) -> LabelPolicy | None:
    policy = spec.policy.k8s if spec.policy is not None else None
    return policy if asks(policy) and isinstance(effect, (WriteObject, WorkflowCommand, Draft)) else None


def _digest(dependency: Dependency) -> str:
    return hashlib.sha256(dependency.model_dump_json().encode()).hexdigest()[:16]


def _verdict(dependency: Dependency, event: Event, jq: RunJq | None) -> Event | Dropped | None:
    """The event as the transform leaves it, None when a filter says no."""
    try:
        if dependency.transform is not None:
            event = transformed(dependency.transform, event, jq)
        return event if passes(dependency, event) else None
    except EvaluationError as x:
        return Dropped(dependency.name, str(x))
    except Exception as x:  # noqa: BLE001 - what nobody has foreseen in one dependency must keep the event from no other
        _log.exception("dependency %s cannot judge event %s", dependency.name, event.id)
        return Dropped(dependency.name, f"its filters cannot be evaluated: {x!r}")


def _template(body: Mapping[str, Any]) -> TriggerTemplate:
    try:
        return TriggerTemplate.model_validate(body)
    except ValidationError as x:
        first = x.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise EvaluationError(f"template.{path} after its parameters: {first['msg']}") from None
