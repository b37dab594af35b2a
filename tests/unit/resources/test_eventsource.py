"""Validation of EventSources; the full table of Argo's rules is the shared family `events/eventsource-validate`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.base import Problem, parse
from argosy.resources.eventsource import KNOWN_TYPES, LOCAL_TYPES, SERVED_TYPES, EventSource, validate
from argosy.resources.manifests import Manifest
from support.events import event_source

HOOK = {"endpoint": "/x", "port": "12000", "method": "POST"}
DAILY = {"schedule": "0 9 * * *"}
SLACK = ("token", "signingSecret", "webhook.endpoint", "webhook.port")
REF = {"name": "n", "key": "k"}
WATCHED = {"directory": "/d/", "path": "x"}
UNSERVED: dict[str, dict[str, Any]] = {
    "azureEventsHub": {"fqdn": "f", "hubName": "h"},
    "azureQueueStorage": {"connectionString": REF, "queueName": "q"},
    "azureServiceBus": {"connectionString": REF, "queueName": "q"},
    "emitter": {"broker": "b", "channelName": "c", "channelKey": "k", "tls": {"enabled": True}},
    "generic": {"url": "u", "config": "c"},
    "hdfs": {"type": "CREATE", **WATCHED, "addresses": ["a"], "hdfsUser": "u"},
    "mns": {"queue": "q", "endpoint": "e"},
    "nsq": {"hostAddress": "h", "topic": "t", "channel": "c"},
    "pubSub": {"topic": "t"},
    "pulsar": {"url": "u", "topics": ["t"], "type": "shared"},
}
PODS = {"version": "v1", "resource": "pods", "eventTypes": ["ADD"]}


def problems(spec: dict[str, Any]) -> list[Problem]:
    body = event_source(spec)
    return validate(parse(EventSource, Manifest(body)), body)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"webhook": {"x": HOOK, "y": {**HOOK, "port": "12001"}}},
        {"webhook": {"x": {"endpoint": "/x", "port": "-1"}}},
        {"calendar": {"x": DAILY, "y": {"interval": "10s"}}},
        {"calendar": {"x": {**DAILY, "interval": "nonsense", "timezone": "Nowhere", "exclusionDates": ["?"]}}},
        {"resource": {"x": PODS, "y": {**PODS, "eventTypes": [], "filter": {"createdBy": "2026-01-01T00:00:00Z"}}}},
        {"resource": {"x": {**PODS, "filter": {"labels": [{"key": "a", "value": "b"}], "fields": [{"key": "a"}]}}}},
        {"webhook": None, "template": {}, "service": {}, "replicas": 1, "eventBusName": "b"},
    ],
)
def test_what_is_right(spec: dict[str, Any]) -> None:
    assert problems(spec) == []


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({"webhook": {"x": {}}}, ["spec.webhook.x.endpoint", "spec.webhook.x.port"]),
        ({"webhook": {"x": {**HOOK, "port": "http"}}}, ["spec.webhook.x.port"]),
        ({"webhook": {"x": {**HOOK, "port": "१२"}}}, ["spec.webhook.x.port"]),
        ({"calendar": {"x": {}}}, ["spec.calendar.x"]),
        ({"calendar": {"x": {"schedule": "* * * *"}}}, ["spec.calendar.x.schedule"]),
        ({"calendar": {"x": {"schedule": "@daily"}}}, ["spec.calendar.x.schedule"]),
        ({"calendar": {"x": {"interval": "10"}}}, ["spec.calendar.x.interval"]),
        ({"webhook": {"x": HOOK}, "calendar": {"y": DAILY}}, ["spec"]),
        ({"webhook": {"x": HOOK}, "bitbucket": {"x": {"webhook": HOOK}}}, ["spec.bitbucket.x", "spec.bitbucket.x"]),
        ({"github": {"x": {"repositories": []}}}, ["spec.github.x", "spec.github.x.webhook"]),
        ({"slack": {"x": {"webhook": {}}}}, [f"spec.slack.x.{name}" for name in SLACK]),
        ({"kafka": {"x": {"url": "u", "topic": "t"}}}, ["spec.kafka.x"]),
        (
            {"resource": {"x": {}}},
            ["spec.resource.x.version", "spec.resource.x.resource", "spec.resource.x.eventTypes"],
        ),
        (
            {"resource": {"x": {**PODS, "filter": {"labels": [{"value": "b"}], "fields": [{"value": "b"}]}}}},
            ["spec.resource.x.filter.labels[0]", "spec.resource.x.filter.fields[0].key"],
        ),
        (
            {"resource": {"x": {**PODS, "filter": {"labels": [{"key": "a", "operation": ">="}]}}}},
            ["spec.resource.x.filter.labels[0]"],
        ),
        ({"resource": {"x": {**PODS, "filter": {"createdBy": "today"}}}}, ["spec.resource.x.filter.createdBy"]),
        ({"webhook": {"x": {}}, "calendar": {"x": {}}}, None),
    ],
)
def test_what_is_wrong(spec: dict[str, Any], fields: list[str] | None) -> None:
    found = problems(spec)
    assert found
    assert fields is None or [problem.field for problem in found] == fields


@pytest.mark.parametrize("kind", sorted(KNOWN_TYPES - SERVED_TYPES))
def test_a_type_that_is_not_served_is_told(kind: str) -> None:
    (problem,) = problems({kind: {"x": UNSERVED[kind]}})
    assert problem == Problem(f"spec.{kind}", f"no connector serves event sources of type {kind} yet", True)


def test_what_only_a_stack_serves_is_told_so() -> None:
    body = event_source({"sqs": {"x": {"region": "r", "queue": "q"}}})
    (problem,) = validate(parse(EventSource, Manifest(body)), body, LOCAL_TYPES)
    assert "a stack on AWS" in problem.reason


@pytest.mark.parametrize("kind", sorted(KNOWN_TYPES))
def test_every_type_has_its_entries_in_the_model(kind: str) -> None:
    assert EventSource().spec.of(kind) == {}
    assert problems({kind: {"x": {}}}), "an empty entry is right for no type"
