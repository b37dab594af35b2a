"""What is valid in a Sensor and cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import ArgosyError, Unsupported
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import Sensor
from argosy.resources.sensor_lint import late_problems
from argosy.services.objects import check
from support.events import Body, dependency, sensor, trigger
from support.services import FakeInstallation


def filtered(**filters: Any) -> Body:
    return sensor([trigger()], [dependency("dep", filters=filters)])


def data(**fields: Any) -> Body:
    return filtered(data=[{"path": "a", "value": ["1"], "type": "number", **fields}])


def expression(text: str) -> Body:
    return filtered(exprs=[{"expr": text, "fields": [{"name": "a", "path": "b"}]}])


def source(name: str) -> Body:
    return {"src": {"dependencyName": name, "dataKey": "a"}, "dest": "b"}


def two(conditions: str, **template: Any) -> Body:
    return sensor([trigger(conditions=conditions, **template)], [dependency("a"), dependency("b")])


FILTERS = "spec.dependencies[0].filters"
HTTP = "spec.triggers[0].template.http"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (data(), None),
        (data(type="string", value=["a.*"]), None),
        (data(type="bool", value=["true"]), None),
        (data(type="string", comparator=">"), f"{FILTERS}.data[0].comparator"),
        (data(template="{{ .Input }}"), None),
        (data(template="{{ .Inpt"), f"{FILTERS}.data[0].template"),
        (sensor([{"template": {"name": "t"}}]), "spec.triggers[0].template"),
        (sensor([trigger(log={}, http={"url": "http://x"})]), "spec.triggers[0].template"),
        (sensor([trigger()], [dependency("dep"), dependency("dep", subject="x")]), "spec.dependencies[1].name"),
        (sensor([{**trigger(), "retryStrategy": {"duration": "abc"}}]), "spec.triggers[0].retryStrategy.duration"),
        (sensor([{**trigger(), "retryStrategy": {"duration": "10s"}}]), None),
        (
            sensor(
                [
                    {
                        **trigger(),
                        "parameters": [{"src": {"dependencyName": "dep", "dataTemplate": "{{ nope }}"}, "dest": "a"}],
                    }
                ]
            ),
            "spec.triggers[0].parameters[0].src.dataTemplate",
        ),
        (expression("a == 1"), None),
        (expression("a == c"), f"{FILTERS}.exprs[0].expr"),
        (filtered(context={"type": "webhook", "subject": "example", "source": "hook"}), None),
        (filtered(context={"subject": "other"}), f"{FILTERS}.context.subject"),
        (filtered(context={"source": "other"}), f"{FILTERS}.context.source"),
        (filtered(context={"datacontenttype": "text/plain"}), f"{FILTERS}.context.datacontenttype"),
        (two("a", http={"url": "u", "payload": [source("a")]}), None),
        (two("a", http={"url": "u", "payload": [source("c")]}), f"{HTTP}.payload[0].src.dependencyName"),
        (two("a", http={"url": "u", "payload": [source("b")]}), f"{HTTP}.payload[0].src.dependencyName"),
        (two("a && b", http={"url": "u", "parameters": [source("b"), source("x")]}), f"{HTTP}.parameters[1].src"),
        (two("a", http={"url": "u", "dynamicHeaders": [source("b")]}), f"{HTTP}.dynamicHeaders[0].src"),
        (sensor([trigger(more={"parameters": [source("x")]})]), "spec.triggers[0].parameters[0].src"),
    ],
)
def test_what_cannot_work(body: Body, field: str | None) -> None:
    fields = [problem.field for problem in late_problems(parse(Sensor, Manifest(body)), body)]
    assert len(fields) == (1 if field else 0)
    assert not field or fields[0].startswith(field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (data(type="text"), f"{FILTERS}.data[0].type"),
        (data(value=["1", "one"]), f"{FILTERS}.data[0].value[1]"),
        (data(type="bool", value=["maybe"]), f"{FILTERS}.data[0].value[0]"),
        (data(type="string", value=["("]), f"{FILTERS}.data[0].value[0]"),
        (expression("a =="), f"{FILTERS}.exprs[0].expr"),
        (data(type="string", value=["a", "(?=b)"]), f"{FILTERS}.data[0].value[1]"),
        (data(type="string", value=[r"(a)\1"]), f"{FILTERS}.data[0].value[0]"),
    ],
)
def test_what_cannot_be_compiled_is_refused_when_it_is_applied(body: Body, field: str) -> None:
    with pytest.raises(ArgosyError, match="dependencies"):
        FakeInstallation().apply(body)
    (problem,) = check(Manifest(body))
    assert isinstance(problem, Unsupported)
    assert problem.field == field
    assert late_problems(parse(Sensor, Manifest(body)), body) == []
