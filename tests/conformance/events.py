"""Adapters of the events families: domain objects from the case's input, one call into the product, its answer as JSON.

Where the product does something through a service (joins, retries, validation), the adapter drives that service on the
fakes of its ports.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from argosy.adapters.http.executor import HttpExecutor
from argosy.adapters.jq import LazyJq
from argosy.cli import linting
from argosy.errors import EvaluationError, InvalidObject, Unavailable
from argosy.events import filters as dependency_filters
from argosy.events import limits
from argosy.events.effects import LogEvents, SendEmail, SlackMessage, WorkflowCommand, WriteObject
from argosy.events.envelope import Event, new_event
from argosy.events.filters import context as context_filter
from argosy.events.filters import script as script_filter
from argosy.events.filters import time as time_filter
from argosy.events.parameters import apply_parameters, build_payload, resolve
from argosy.events.policies import asks, judge
from argosy.events.retries import attempts, wait_after
from argosy.events.sensors import Firing
from argosy.events.sources import (
    calendar,
    resource,
)
from argosy.events.transforms import transformed
from argosy.events.triggers import argo_workflow, builder, http, k8s, objects
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.email import check_sent
from argosy.lang import cron, gjson, selectors
from argosy.lang.conditions import compile_condition
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.store import FakeStore
from argosy.resources.base import Model, parse
from argosy.resources.eventsource import (
    CalendarSource,
    FieldSelector,
    ResourceFilter,
    ResourceSource,
)
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import (
    Backoff,
    Dependency,
    Filters,
    Parameter,
    ParameterSource,
    Policy,
    RateLimit,
    Transform,
    Trigger,
    TriggerTemplate,
)
from argosy.services.fire import Firings
from argosy.services.firings import trigger_message
from argosy.services.mail import pack, unpack
from argosy.services.objects import Objects, check
from argosy.services.queues import QUEUES
from argosy.services.runtime import Runtime
from argosy.services.sense import Sensing

type Case = dict[str, Any]

JQ = LazyJq()

NAMESPACE = "default"
GROUP_VERSION = "argoproj.io/v1alpha1"
EMPTY_EVENT = dict.fromkeys(("id", "source", "type", "subject", "time", "datacontenttype", "specversion"), "")
HEX = re.compile(r"[0-9a-f]{32}")


def _model[M: Model](model: type[M], body: Mapping[str, Any]) -> M:
    return parse(model, Manifest(body))


def _event(body: Case | None) -> Event:
    if body is None:
        return Event.from_json(None)
    data = {"data": body["data"]} if "data" in body else {}
    return Event.from_json({**EMPTY_EVENT, **body.get("context", {}), **data})


def _events(case: Case) -> dict[str, Event]:
    return {name: _event(body) for name, body in case["events"].items()}


def _parameters(bodies: Sequence[Case]) -> list[Parameter]:
    return [_model(Parameter, body) for body in bodies]


def _payload(text: str | None) -> object:
    if not text:
        return {"empty": True}
    return {"json": json.loads(text)} if gjson.valid(text) else {"text": text}


# Sensors: filters, parameters, conditions


def _data_filter(case: Case) -> object:
    dependency = Dependency(filters=_model(Filters, case["filters"]))
    return dependency_filters.passes(dependency, _event(case["event"]))


def _context_filter(case: Case) -> object:
    context = {"context": case["context"]} if case["context"] is not None else {}
    return context_filter.passes(_model(Filters, {"context": case["filter"]}), _event(context))


def _time_filter(case: Case) -> object:
    filters = _model(Filters, {"time": case["filter"]} if case["filter"] is not None else {})
    return time_filter.passes(filters, _event({"context": {"time": case["eventTime"]}}))


def _script_filter(case: Case) -> object:
    filters = _model(Filters, {"script": case["script"]})
    return script_filter.passes(filters, _event(case["event"]) if case["script"] else Event())


def _transform(case: Case) -> object:
    transform = _model(Transform, case["transform"]) if case["transform"] is not None else None
    data = transformed(transform, _event(case["event"]), JQ.first).data
    return None if data is None else json.loads(data)


def _combined_filters(case: Case) -> object:
    filters = _model(Filters, case["filters"]) if case["filters"] is not None else None
    operator = case.get("filtersLogicalOperator") or ""
    return dependency_filters.passes(
        Dependency(filters=filters, filters_logical_operator=operator), _event(case["event"])
    )


def _resolve(case: Case) -> object:
    value = resolve(_model(ParameterSource, case["src"]), _events(case))
    return None if value is None else value.text


def _apply(case: Case) -> object:
    resource = json.dumps(case["resource"])  # spaced as in the case's own file
    return json.loads(apply_parameters(resource, _parameters(case["parameters"]), _events(case)))


def _notify(case: Case) -> object:
    kind, spec = case["kind"], dict(case["spec"])
    if kind == "slack":
        spec.setdefault("slackToken", {"name": "s", "key": "k"})
    effect = builder(kind)(_firing({"name": "t", kind: spec}))
    if isinstance(effect, SlackMessage):
        fields = ("channel", "message", "attachments", "blocks", "thread", "broadcast")
        return [{name: getattr(effect, name) for name in fields}]
    assert isinstance(effect, SendEmail)
    check_sent(effect, set(case.get("failFor") or ()) & set(effect.to))
    return [{"to": address, "subject": effect.subject, "body": effect.body} for address in effect.to]


def _trigger_payload(case: Case) -> object:
    return _payload(build_payload(_parameters(case["payload"]), _events(case)))


def _conditions(case: Case) -> object:
    return compile_condition(case.get("conditions", ""), case["dependencies"]).holds(case["satisfied"])


def _join(case: Case) -> object:
    runtime = _runtime()
    template: Case = {"name": "t", "log": {}} | ({"conditions": case["conditions"]} if case.get("conditions") else {})
    if {"reset": True} in case["steps"]:
        template["conditionsReset"] = [{"byTime": {"cron": "* * * * *"}}]
    spec = {"dependencies": case["dependencies"], "triggers": [{"template": template}]}
    manifest = Manifest({"apiVersion": GROUP_VERSION, "kind": "Sensor", "metadata": {"name": "s"}, "spec": spec})
    Objects(runtime.store, runtime.clock).apply([manifest], NAMESPACE)
    sensing = Sensing(runtime)
    sensing.begin()
    sent = []
    for step in case["steps"]:
        if "event" not in step:
            runtime.clock.advance(60)
            continue
        event = Event.from_json({**EMPTY_EVENT, "datacontenttype": "application/json", **step["event"]})
        message = {"namespace": NAMESPACE, "bus": "default", "event": event.as_json()}
        sent += sensing.decide(pack(message, runtime.blobs))
    return [unpack(message.body, runtime.blobs)["firing"]["events"] for message in sent]


# Triggers


def _http_request(case: Case) -> object:
    context = _firing({"name": "t", "http": case["http"]}, events=_events(case))
    call = http.build(context)
    secrets = FakeSecrets({NAMESPACE: case["secrets"]}, {NAMESPACE: case["configMaps"]})
    headers = HttpExecutor(secrets).request_headers(call, _info())
    written = {*call.headers, *call.secure_headers}
    ours = {"Content-Type", "Idempotency-Key", "Host"} - written
    return {
        "method": call.method,
        "url": call.url,
        "headers": {name: value for name, value in headers.items() if name not in ours},
        "body": _payload(call.body),
    } | ({"host": call.host} if call.host else {})


def _policy_status(case: Case) -> object:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d As asked\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % case["status"])
        writer.close()

    async def answer() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            policy = _model(Policy, case["policy"]) if case["policy"] is not None else None
            call = http.build(_firing({"name": "t", "http": {"url": url}}, policy=policy))
            await HttpExecutor(FakeSecrets()).execute(call, _info())

    asyncio.run(answer())
    return True


def _k8s(case: Case) -> object:
    sensor = case["sensor"]
    template = {"name": case["trigger"], "k8s": case["k8s"]}
    effect = k8s.build(_firing(template, events=_events(case), sensor=sensor["name"], namespace=sensor["namespace"]))
    assert isinstance(effect, WriteObject)
    manifest, name = effect.manifest, effect.manifest["metadata"]["name"]
    there = {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in case["cluster"]
    }
    decided = k8s.writing(effect, there.get((manifest["kind"], effect.namespace, name)))
    group, version, plural = objects.group_version_resource(manifest["apiVersion"], manifest["kind"])
    return {
        "verb": decided.verb,
        "resource": {"group": group, "version": version, "resource": plural},
        "namespace": effect.namespace,
        "name": name,
        "object": _as_argo_sends_it(decided.body),
    } | ({"patchType": decided.content_type} if decided.verb == "patch" else {})


def _as_argo_sends_it(sent: Mapping[str, Any] | None) -> Case | None:
    """Without the time and what makes a repeated firing recognisable."""
    if sent is None:
        return None
    body: Case = json.loads(orjson.dumps(sent))
    metadata = body["metadata"]
    metadata.get("labels", {}).pop("events.argoproj.io/action-timestamp", None)
    metadata.get("annotations", {}).pop(objects.FIRING_ANNOTATION, None)
    if not metadata.get("annotations", True):
        del metadata["annotations"]
    if metadata.get("name") == objects.derived_name(str(metadata.get("generateName", "")), "0" * 32):
        del metadata["name"]
    return body


def _workflow_command(case: Case) -> object:
    sensor = case["sensor"]
    template = {"name": case["trigger"], "argoWorkflow": case["argoWorkflow"]}
    command = argo_workflow.build(_firing(template, sensor=sensor["name"], namespace=sensor["namespace"]))
    assert isinstance(command, WorkflowCommand)
    words = {"submit": ["submit", "<file>"], "submit-from": ["submit", "--from", f"{command.origin}/{command.name}"]}
    said = words.get(command.operation, [command.operation, command.name])
    manifest = _as_argo_sends_it(command.manifest) if command.operation == "submit" else None
    return {"command": ["argo", "-n", command.namespace, *said, *command.args], "manifest": manifest}


def _resource_name(case: Case) -> object:
    group, version, resource = objects.group_version_resource(case["apiVersion"], case["kind"])
    return {"group": group, "version": version, "resource": resource}


def _label_policy(case: Case) -> object:
    policy = _model(Policy, case["policy"]).k8s
    if policy is None or not asks(policy):
        return {"polls": 0, "matched": True}
    seen = case["observations"]
    for look in itertools.count(1):
        verdict = judge(policy, look, seen[min(look, len(seen)) - 1], 0.0)
        if verdict.again is None:
            return {"polls": look, "matched": verdict.matched}
    return None


def _firing(
    template: Case,
    *,
    events: Mapping[str, Event] | None = None,
    policy: Policy | None = None,
    sensor: str = "s",
    namespace: str = NAMESPACE,
) -> FiringContext:
    model, now = _model(TriggerTemplate, template), datetime(2026, 1, 1, tzinfo=UTC)
    return FiringContext("0" * 32, sensor, namespace, "default", model, template, policy, events or {}, now)


def _info() -> FiringInfo:
    return FiringInfo("0" * 32, NAMESPACE, "s", "t")


# Carrying out


class _Failing:
    """Fails the first attempts of a trigger; every attempt is counted."""

    def __init__(self, failures: Mapping[str, int]) -> None:
        self._failures = failures
        self.attempts = dict.fromkeys(failures, 0)
        self.succeeded: list[str] = []

    async def execute(self, effect: object, firing: FiringInfo) -> str:
        self.attempts[firing.trigger] += 1
        if self.attempts[firing.trigger] <= self._failures[firing.trigger]:
            raise Unavailable("as the case asks")
        self.succeeded.append(firing.trigger)
        return "done"


class _Runtime(Runtime):
    clock: FakeClock


def _runtime(executor: _Failing | None = None) -> _Runtime:
    clock = FakeClock()
    queue = FakeQueue(QUEUES, clock)
    executors = {"log": executor} if executor else {}
    return _Runtime(FakeStore(clock), queue, FakeBlobs(clock), FakeSecrets(), clock, executors, jq=JQ)


def _planned(trigger: Trigger, name: str) -> Firing:
    last_resort = _planned(trigger.dlq_trigger, "dlq") if trigger.dlq_trigger and trigger.at_least_once else None
    return Firing(
        name, NAMESPACE, "s", name, {}, LogEvents(()), "", trigger.at_least_once, trigger.retry_strategy, last_resort
    )


def _execution(case: Case) -> object:
    executor = _Failing({"main": case["failures"], "dlq": case["dlqFailures"]})
    runtime = _runtime(executor)
    firings = Firings(runtime, chance=lambda: 0.0)
    firing = _planned(_model(Trigger, case["trigger"]), "main")
    waiting = [trigger_message(firing, 1, 0.0, runtime).body]
    while waiting:
        following = asyncio.run(firings.carry_out(waiting.pop()))
        waiting.extend(message.body for message in following.messages)
    outcome = {"main": "ok", "dlq": "dlq"}[executor.succeeded[0]] if executor.succeeded else "failed"
    return {"attempts": executor.attempts["main"], "dlqAttempts": executor.attempts["dlq"], "outcome": outcome}


def _backoff(case: Case) -> object:
    strategy = _model(Backoff, case["backoff"]) if case["backoff"] is not None else Backoff()
    most, sleeps = attempts(True, strategy), []
    wait_after(strategy, 1, 0.0)
    done = 1
    while done <= case["failures"] and done < most:
        sleeps.append(wait_after(strategy, done, 0.0))
        done += 1
    return {"attempts": done, "sleeps": sleeps, "succeeded": done > case["failures"]}


def _rate_limit(case: Case) -> object:
    limit = _model(RateLimit, case["rateLimit"]) if case["rateLimit"] is not None else None
    apart, free, starts = limits.spacing(limit), 0.0, []
    for _ in range(case["requests"]):
        start, free = limits.slot(free, 0.0, apart)
        starts.append(start)
    return starts


def _last_reset(case: Case) -> object:
    schedule = cron.parse(case["spec"], seconds=True, optional_weekday=True)
    last = schedule.prev(datetime.fromisoformat(case["time"]))
    if last is None:
        raise EvaluationError("nothing matches")
    return calendar.rfc3339(last)


# Sources


def _calendar(case: Case) -> object:
    times = calendar.next_times(_model(CalendarSource, case["calendar"]), datetime.fromisoformat(case["after"]))
    return [calendar.rfc3339(at) for at in itertools.islice(times, case["count"])]


def _resource_filter(case: Case) -> object:
    if case["filter"] is None:
        entry = ResourceSource(event_types=[case["eventType"]])
        return resource.wanted(entry, case["eventType"], case["object"], datetime.fromisoformat(case["startTime"]))
    wanting = _model(ResourceFilter, case["filter"])
    return resource.passes(wanting, case["eventType"], case["object"], datetime.fromisoformat(case["startTime"]))


def _label_selector(case: Case) -> object:
    requirements = resource.requirements([_model(FieldSelector, one) for one in case["selectors"]])
    return selectors.matches(requirements, case["labels"])


def _envelope(case: Case) -> object:
    source, subject = case["eventSourceName"], case["eventName"]
    event = new_event(case["sourceType"], source, subject, event_id=os.urandom(16).hex(), time="", data="{}").as_json()
    shown = {name: event[name] for name in ("type", "source", "subject", "specversion", "datacontenttype", "id")}
    return shown | ({"id": "uuid"} if HEX.fullmatch(shown["id"]) else {})


# Validation: what is right for Argo but not served here (Unsupported) counts as valid


def _validated(*manifests: Case) -> object:
    for body in manifests:
        for problem in check(Manifest(body)):
            if isinstance(problem, InvalidObject):
                raise problem
    return True


def _eventbus(case: Case) -> object:
    runtime = _runtime()
    objects = Objects(runtime.store, runtime.clock)
    for name in ("old", "eventBus"):
        if name in case:
            objects.apply([Manifest(case[name])])
    return True


def _lint(case: Case) -> object:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case["files"].items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        manifests: list[Manifest] = []
        for file in linting.chosen(Path(folder, case["path"]), recursive=case["recursive"]):
            manifests += linting.read(file.read_text(), file.name)[0]
    errors = any(isinstance(problem, InvalidObject) for problem in linting.linted(manifests, JQ))
    return {"errors": errors, "checked": [[one.kind, one.name] for one in manifests]}


FAMILIES: dict[str, Callable[[Case], object]] = {
    "events/argo-workflow-command": _workflow_command,
    "events/calendar-next": _calendar,
    "events/cron-prev": _last_reset,
    "events/dependency-conditions": _conditions,
    "events/dependency-join": _join,
    "events/event-transform": _transform,
    "events/event-envelope": _envelope,
    "events/eventbus-validate": _eventbus,
    "events/eventsource-validate": lambda case: _validated(case["eventSource"]),
    "events/k8s-resource-name": _resource_name,
    "events/k8s-trigger-execute": _k8s,
    "events/lint": _lint,
    "events/rate-limit": _rate_limit,
    "events/resource-filter": _resource_filter,
    "events/resource-label-selector": _label_selector,
    "events/retry-backoff": _backoff,
    "events/sensor-filter-context": _context_filter,
    "events/sensor-filter-combined": _combined_filters,
    "events/sensor-filter-data": _data_filter,
    "events/sensor-filter-exprs": _data_filter,
    "events/sensor-filter-script": _script_filter,
    "events/sensor-filter-time": _time_filter,
    "events/sensor-validate": lambda case: _validated(case["sensor"]),
    "events/trigger-execution": _execution,
    "events/trigger-http-request": _http_request,
    "events/trigger-notify": _notify,
    "events/trigger-param-apply": _apply,
    "events/trigger-param-resolve": _resolve,
    "events/trigger-payload": _trigger_payload,
    "events/trigger-policy-labels": _label_policy,
    "events/trigger-policy-status": _policy_status,
}
