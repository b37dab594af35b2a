"""Validation of EventBuses; the table of Argo's rules is the shared family `events/eventbus-validate`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.base import parse
from argosy.resources.eventbus import EventBus, validate
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
