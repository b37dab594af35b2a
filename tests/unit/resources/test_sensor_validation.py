"""Validation of Sensors; the full table of Argo's rules is the shared family `events/sensor-validate`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.base import Problem, parse
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import Sensor
from argosy.resources.sensor_validation import SERVED_TRIGGERS, TRIGGER_TYPES, conditions_problem, validate
from support.events import Body, dependency, sensor, trigger

HTTP: Body = {"url": "http://x/"}
POD: Body = {"source": {"resource": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}}}
PARAMETER: Body = {"src": {"dependencyName": "dep", "dataKey": "a"}, "dest": "b"}


def problems(body: Body) -> list[Problem]:
    made = parse(Sensor, Manifest(body))
    return [*validate(made, body), *conditions_problem(made)]


@pytest.mark.parametrize(
    "body",
    [
        sensor([trigger()]),
        sensor([trigger(http=HTTP), trigger("u", k8s=POD)]),
        sensor([trigger(http={**HTTP, "payload": [{"src": {"dependencyName": "dep"}}], "parameters": [PARAMETER]})]),
        sensor([trigger(argoWorkflow={**POD, "operation": "submit"})]),
        *(
            sensor([trigger(k8s={**POD, "operation": operation})])
            for operation in ("create", "update", "patch", "delete")
        ),
        sensor([trigger(k8s={**POD, "operation": "patch", "patchStrategy": "application/apply-patch+yaml"})]),
        sensor([trigger(k8s={"source": {"configmap": {"name": "c", "key": "k"}}, "cluster": "other"})]),
        sensor([trigger(argoWorkflow={**POD, "operation": "submit-from", "args": ["-p", "a=b"]})]),
        *(sensor([trigger(argoWorkflow={**POD, "operation": one})]) for one in ("resubmit", "resume", "retry", "stop")),
        sensor([trigger(k8s=POD, more={"policy": {"k8s": {"labels": {"a": "b"}, "backoff": {"steps": 3}}}})]),
        sensor([trigger(http=HTTP, more={"policy": {"status": {"allow": []}}})]),
        sensor([trigger(more={"policy": {"status": {}}})]),
        sensor([trigger(conditions="a || b_c")], [dependency("a"), dependency("b-c")]),
        sensor([trigger(more={"rateLimit": {"requestsPerUnit": 1}})]),
        sensor([trigger(log={}, conditionsReset=[{"byTime": {"cron": "0 0 * * *", "timezone": "Europe/Berlin"}}])]),
        sensor([trigger(more={"atLeastOnce": True, "dlqTrigger": trigger("t", more={"atLeastOnce": True})})]),
    ],
)
def test_what_is_right(body: Body) -> None:
    assert problems(body) == []


FIELD = {"name": "a", "path": "b"}
NIGHT = {"start": "22:00:00", "stop": "06:00:00"}


RESET = "spec.triggers[0].template.conditionsReset[0]"


def resetting(**by_time: str) -> Body:
    return trigger(log={}, conditionsReset=[{"byTime": by_time} if by_time else {}])


def with_filters(**filters: Any) -> Body:
    return sensor([trigger()], [dependency("dep", filters=filters)])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (sensor([trigger()], []), "spec.dependencies"),
        (sensor([]), "spec.triggers"),
        (sensor([trigger()], [dependency("")]), "spec.dependencies[0].name"),
        (sensor([trigger()], [dependency("a", source="")]), "spec.dependencies[0].eventSourceName"),
        (sensor([trigger()], [dependency("a", subject="")]), "spec.dependencies[0].eventName"),
        (
            sensor([trigger()], [dependency("a", filtersLogicalOperator="xor")]),
            "spec.dependencies[0].filtersLogicalOperator",
        ),
        (with_filters(dataLogicalOperator="AND"), "spec.dependencies[0].filters.dataLogicalOperator"),
        (
            with_filters(data=[{"path": "a", "type": "string", "value": ["x"], "comparator": "=="}]),
            "spec.dependencies[0].filters.data[0].comparator",
        ),
        (with_filters(data=[{"type": "string", "value": ["x"]}]), "spec.dependencies[0].filters.data[0].path"),
        (
            with_filters(data=[{"path": "a", "type": "string", "value": ["x", ""]}]),
            "spec.dependencies[0].filters.data[0].value",
        ),
        (with_filters(context={"id": "x"}), "spec.dependencies[0].filters.context"),
        (sensor([{}]), "spec.triggers[0].template"),
        (sensor([trigger("")]), "spec.triggers[0].template.name"),
        (sensor([trigger(), trigger()]), "spec.triggers[1].template.name"),
        (sensor([trigger(http={})]), "spec.triggers[0].template.http.url"),
        (sensor([trigger(http={**HTTP, "method": "post"})]), "spec.triggers[0].template.http.method"),
        (
            sensor([trigger(http={**HTTP, "parameters": [{"dest": "a"}]})]),
            "spec.triggers[0].template.http.parameters[0].src",
        ),
        (
            sensor([trigger(http={**HTTP, "payload": [{"src": {}}]})]),
            "spec.triggers[0].template.http.payload[0].src.dependencyName",
        ),
        (sensor([trigger(k8s={})]), "spec.triggers[0].template.k8s.source"),
        (sensor([trigger(k8s={**POD, "operation": "replace"})]), "spec.triggers[0].template.k8s.operation"),
        (sensor([trigger(argoWorkflow=POD)]), "spec.triggers[0].template.argoWorkflow.operation"),
        (sensor([trigger(more={"parameters": [{**PARAMETER, "dest": ""}]})]), "spec.triggers[0].parameters[0].dest"),
        (
            sensor([trigger(more={"parameters": [{**PARAMETER, "operation": "add"}]})]),
            "spec.triggers[0].parameters[0].operation",
        ),
        (sensor([trigger(http=HTTP, more={"policy": {"status": {}}})]), "spec.triggers[0].policy.status.allow"),
        (
            sensor([trigger(more={"dlqTrigger": trigger("u", more={"atLeastOnce": True})})]),
            "spec.triggers[0].dlqTrigger",
        ),
        (sensor([trigger(more={"atLeastOnce": True, "dlqTrigger": trigger("u")})]), "spec.triggers[0].dlqTrigger"),
        (
            sensor(
                [trigger(more={"atLeastOnce": True, "dlqTrigger": trigger("u", http={}, more={"atLeastOnce": True})})]
            ),
            "spec.triggers[0].dlqTrigger.template.http.url",
        ),
        (with_filters(exprs=[{"fields": [FIELD]}]), "spec.dependencies[0].filters.exprs[0].expr"),
        (with_filters(exprs=[{"expr": "a"}]), "spec.dependencies[0].filters.exprs[0].fields"),
        (
            with_filters(exprs=[{"expr": "a", "fields": [FIELD, {"name": "b"}]}]),
            "spec.dependencies[0].filters.exprs[0].fields[1].path",
        ),
        (with_filters(time={"start": "1:00", "stop": "02:00:00"}), "spec.dependencies[0].filters.time.start"),
        (with_filters(time={"start": "01:00:00"}), "spec.dependencies[0].filters.time.stop"),
        (with_filters(time={**NIGHT, "timezone": "Mars/Base"}), "spec.dependencies[0].filters.time.timezone"),
        (with_filters(script="return ="), "spec.dependencies[0].filters.script"),
        (
            sensor([trigger()], [dependency("dep", transform={"script": "if"})]),
            "spec.dependencies[0].transform.script",
        ),
        (sensor([trigger(conditions="dep && nothing")]), "spec.triggers[0].template.conditions"),
        (sensor([trigger(conditions="dep &&")]), "spec.triggers[0].template.conditions"),
        (sensor([trigger()], [dependency("not")]), "spec.triggers[0].template.conditions"),
        (sensor([resetting()]), f"{RESET}.byTime"),
        (sensor([resetting(cron="0 0 * *")]), f"{RESET}.byTime.cron"),
        (sensor([resetting(cron="@daily")]), f"{RESET}.byTime.cron"),
        (sensor([resetting(cron="0 0 * * *", timezone="Mars/Base")]), f"{RESET}.byTime.timezone"),
    ],
)
def test_what_is_wrong(body: Body, field: str) -> None:
    found = [problem for problem in problems(body) if not problem.unsupported]
    assert [problem.field for problem in found] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (sensor([trigger(more={"rateLimit": {"unit": "Second"}})]), "spec.triggers[0].rateLimit.requestsPerUnit"),
        (sensor([trigger(k8s={"source": {"file": {}}})]), "spec.triggers[0].template.k8s.source.file.path"),
        (
            sensor([trigger(k8s={"source": {"configmap": {"name": "c"}}})]),
            "spec.triggers[0].template.k8s.source.configmap",
        ),
        (
            sensor([trigger(k8s={**POD, "operation": "patch", "patchStrategy": "application/json-patch+json"})]),
            "spec.triggers[0].template.k8s.patchStrategy",
        ),
        (
            sensor([trigger(argoWorkflow={**POD, "operation": "submit", "args": ["--watch"]})]),
            "spec.triggers[0].template.argoWorkflow.args",
        ),
        (
            sensor([trigger(k8s={**POD, "operation": "delete"}, more={"policy": {"k8s": {"labels": {"a": "b"}}}})]),
            "spec.triggers[0].policy.k8s",
        ),
    ],
)
def test_what_is_not_served_is_told(body: Body, field: str) -> None:
    (problem,) = problems(body)
    assert problem.unsupported
    assert problem.field == field
    assert problem.reason


@pytest.mark.parametrize("kind", sorted(set(TRIGGER_TYPES) - SERVED_TRIGGERS))
def test_a_trigger_type_that_is_not_served_is_told(kind: str) -> None:
    found = problems(sensor([trigger("t", conditions="", more=None, **{kind: {}})]))
    (problem,) = [problem for problem in found if problem.unsupported]
    assert problem.unsupported
    assert problem.field == f"spec.triggers[0].template.{kind}"
