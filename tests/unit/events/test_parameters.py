"""Trigger parameters and payloads: cases beside those of the shared families `events/trigger-param-*` and `-payload`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.parameters import Value, apply_parameters, build_payload, resolve
from argosy.resources.sensor import Parameter, ParameterSource
from support.events import event, model

EVENTS = {
    "dep": event({"body": {"id": 5, "name": "x", "yes": True, "none": None, "map": {"a": [1]}, "big": 1500000}}),
    "yaml": event("a: 1\nb: [x, yes]\n", datacontenttype="application/yaml"),
    "text": event("plain", datacontenttype="text/plain"),
    "broken": event("{"),
    "empty": event(),
}


def source(dependency: str = "dep", **fields: Any) -> ParameterSource:
    return model(ParameterSource, {"dependencyName": dependency, **fields})


def parameter(dest: str = "", operation: str = "", dependency: str = "dep", **fields: Any) -> Parameter:
    body = {"src": {"dependencyName": dependency, **fields}, "dest": dest, "operation": operation}
    return model(Parameter, body)


@pytest.mark.parametrize(
    ("src", "value"),
    [
        (source(dataKey="body.id"), Value("5", raw=True)),
        (source(dataKey="body.name"), Value("x")),
        (source(dataKey="body.none"), Value("null", raw=True)),
        (source(dataKey="body.map"), Value('{"a":[1]}', raw=True)),
        (source(dataKey="body.map.a.#"), Value("1", raw=True)),
        (source(contextKey="subject"), Value("example")),
        (source(contextKey="subject", dataKey="body.name"), Value("x")),
        (source(dataTemplate="{{ .Input.body.name }}-{{ .Input.body.id }}"), Value("x-5")),
        (source(dataTemplate="{{ .Input.body.big }}"), Value("1.5e+06")),
        (source(contextTemplate="{{ .Input.source | upper }}"), Value("HOOK")),
        (source(dataTemplate="{{ .Input.nope }}", dataKey="body.name"), Value("x")),
        (source(dataTemplate="{{ fail }}", value="default"), Value("default")),
        (source(dataKey="nope", value=""), Value("")),
        (source(value="constant"), Value("constant")),
        (source("yaml", dataKey="b.1"), Value("true", raw=True)),
        (source("text", dataKey="a", value="default"), Value("default")),
        (source("broken", dataKey="a", value="default"), Value("default")),
        (source("gone", dataKey="a", value="default"), Value("default")),
        (source("gone", dataKey="a"), None),
        (source("text", contextKey="id"), Value("0123456789abcdef0123456789abcdef")),
    ],
)
def test_resolve(src: ParameterSource, value: Value | None) -> None:
    assert resolve(src, EVENTS) == value


@pytest.mark.parametrize(
    ("src", "reason"),
    [
        (source(dataKey="nope"), "'nope' is not in the event"),
        (source(contextKey="nope"), "'nope' is not in the event"),
        (source(dataTemplate="{{ .Input.nope }}"), "not in the event"),
        (source(dataTemplate="{{"), "its template fails"),
        (source(dataTemplate="{{ .Input.a | nope }}"), "its template fails"),
        (source("text", dataKey="a"), "text/plain"),
        (source("broken", dataKey="a"), "not valid JSON"),
        (source("empty", dataKey="a"), "not valid JSON"),
    ],
)
def test_what_does_not_resolve(src: ParameterSource, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason) as refusal:
        resolve(src, EVENTS)
    assert str(refusal.value).startswith(f"dependency {src.dependency_name}: ")


@pytest.mark.parametrize(
    "payload",
    [
        '{"a":' + "[" * 2000 + "]" * 2000 + "}",
        '{"a":' + "[" * 900 + "]" * 900 + "}",
        '{"a": 1e999}',
        "a: &a [*a]",
        "[" * 2000,
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/yaml"])
def test_a_poison_payload_fails_as_any_other(payload: str, kind: str) -> None:
    events = {"dep": event(payload, datacontenttype=kind)}
    with pytest.raises(EvaluationError):
        resolve(source(dataTemplate="{{ .Input.b.c }}"), events)
    assert resolve(source(dataTemplate="{{ .Input.b.c }}", value="d"), events) == Value("d")


def test_half_a_surrogate_pair_is_replaced() -> None:
    events = {"dep": event('{"a": "x\\ud800"}')}
    assert resolve(source(dataTemplate="{{ .Input.a }}"), events) == Value("x\ufffd")
    assert resolve(source(dataKey="a"), events) == Value("x\ufffd")


RESOURCE = {"spec": {"name": "old", "n": 1, "list": ["a"]}}


@pytest.mark.parametrize(
    ("made", "spec"),
    [
        (parameter("spec.name", dataKey="body.name"), {"name": "x", "n": 1, "list": ["a"]}),
        (parameter("spec.n", dataKey="body.id"), {"name": "old", "n": "5", "list": ["a"]}),
        (parameter("spec.n", dataKey="body.id", useRawData=True), {"name": "old", "n": 5, "list": ["a"]}),
        (parameter("spec.name", "append", dataKey="body.id"), {"name": "old5", "n": 1, "list": ["a"]}),
        (
            parameter("spec.name", "prepend", dataKey="body.id", useRawData=True),
            {"name": "5old", "n": 1, "list": ["a"]},
        ),
        (parameter("spec.new", "append", dataKey="body.id"), {"name": "old", "n": 1, "list": ["a"], "new": "5"}),
        (parameter("spec.list.-1", dataKey="body.name"), {"name": "old", "n": 1, "list": ["a", "x"]}),
        (parameter("spec.name", dependency="gone", dataKey="a"), RESOURCE["spec"]),
        (parameter("spec.name", dependency="gone", dataKey="a", value="d"), {"name": "d", "n": 1, "list": ["a"]}),
    ],
)
def test_apply(made: Parameter, spec: Any) -> None:
    assert json.loads(apply_parameters(json.dumps(RESOURCE), [made], EVENTS)) == {"spec": spec}


def test_parameters_are_applied_in_order() -> None:
    parameters = [parameter("spec.name", "append", dataKey="body.name") for _ in range(3)]
    assert json.loads(apply_parameters(json.dumps(RESOURCE), parameters, EVENTS))["spec"]["name"] == "oldxxx"


@pytest.mark.parametrize(
    "made",
    [
        parameter("spec.name", "replace", dataKey="body.name"),
        parameter("spec.name", dataKey="nope"),
        parameter("", dataKey="body.name"),
        parameter("spec.list.x", dataKey="body.name"),
    ],
)
def test_a_parameter_that_cannot_be_applied(made: Parameter) -> None:
    with pytest.raises(EvaluationError):
        apply_parameters(json.dumps(RESOURCE), [made], EVENTS)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ([], None),
        ([parameter("id", dataKey="body.id")], '{"id":"5"}'),
        ([parameter("id", dataKey="body.id", useRawData=True)], '{"id":5}'),
        ([parameter("a.b", dataKey="body.name"), parameter("c", value="d")], '{"a":{"b":"x"},"c":"d"}'),
        ([parameter(dataKey="body.map"), parameter("id", dataKey="body.id")], '{"a":[1]}'),
        ([parameter(dependency="gone"), parameter("id", dataKey="body.id")], '{"id":"5"}'),
        ([parameter(dependency="gone")], None),
        ([parameter("a", dependency="gone", value="d")], '{"a":"d"}'),
    ],
)
def test_payload(payload: list[Parameter], text: str | None) -> None:
    assert build_payload(payload, EVENTS) == text


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ([parameter("a", dependency="gone")], "gone took no part"),
        ([parameter("a", dataKey="nope")], "nope"),
    ],
)
def test_a_payload_that_cannot_be_built(payload: list[Parameter], reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        build_payload(payload, EVENTS)


def test_the_whole_event_is_the_value_of_a_source_without_a_key() -> None:
    value = resolve(source(), EVENTS)
    assert value is not None
    assert json.loads(value.text)["context"]["source"] == "hook"
