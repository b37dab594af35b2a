"""Validation of EventBuses; the table of Argo's rules is the shared family `events/eventbus-validate`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.base import parse
from argosy.resources.eventbus import EventBus, changes, validate
from argosy.resources.manifests import Manifest


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({"nats": {"native": {}}}, []),
        ({"jetstream": {"version": "latest", "replicas": 3}, "kafka": {"url": "x"}}, []),
        ({"nats": {"exotic": {"clusterID": "", "url": "nats://x"}}}, []),
        ({}, ["spec"]),
        ({"nats": {}}, ["spec.nats"]),
        ({"nats": {"native": {}, "exotic": {}}}, ["spec.nats"]),
        ({"nats": {"exotic": {"url": "x"}}}, ["spec.nats.exotic.clusterID"]),
        ({"nats": {"exotic": {"clusterID": "x"}}}, ["spec.nats.exotic.url"]),
        ({"jetstream": {}}, ["spec.jetstream.version"]),
        ({"jetstream": {"version": "1", "replicas": 2}}, ["spec.jetstream.replicas"]),
        ({"jetstream": {"version": "1", "replicas": "3"}}, ["spec.jetstream.replicas"]),
        ({"kafka": {}, "jetstreamExotic": {}}, ["spec.kafka.url", "spec.jetstreamExotic.url"]),
        ({"nats": {"native": None, "exotic": None}}, ["spec.nats"]),
        ({"nats": {"exotic": "text"}}, None),
    ],
)
def test_validation(spec: dict[str, Any], fields: list[str] | None) -> None:
    found = [problem.field for problem in validate(parse(EventBus, Manifest({"kind": "EventBus", "spec": spec})))]
    assert found if fields is None else found == fields


JETSTREAM = {"jetstream": {"version": "1"}}
STREAM = {"jetstream": {"version": "1", "streamConfig": "a"}}
EXOTIC = {"nats": {"exotic": {"clusterID": "c", "url": "nats://x"}}}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ({"nats": {"native": {}}}, {"nats": {"native": {"auth": "none"}}}, None),
        ({"nats": {"native": {}}}, {"nats": {"native": {"auth": "token"}}}, "spec.nats.native.auth"),
        ({"nats": {"native": {}}}, EXOTIC, "spec.nats"),
        (JETSTREAM, {"nats": {"native": {}}}, "spec"),
        (EXOTIC, JETSTREAM, "spec"),
        (JETSTREAM, STREAM, "spec.jetstream.streamConfig"),
        (JETSTREAM, {"jetstream": {"version": "2"}}, None),
        (JETSTREAM, {"jetstreamExotic": {"url": "x"}}, "spec"),
        (JETSTREAM, {"kafka": {"url": "x"}}, None),
    ],
)
def test_what_may_not_change(old: dict[str, Any], new: dict[str, Any], field: str | None) -> None:
    buses = [parse(EventBus, Manifest({"kind": "EventBus", "spec": spec})) for spec in (old, new)]
    assert [problem.field for problem in changes(*buses)] == ([field] if field else [])
