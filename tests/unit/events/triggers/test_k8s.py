"""Trigger `k8s`, operation create; its table is the shared family `events/k8s-trigger-execute`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import CreateObject
from argosy.events.sensors import Firing
from argosy.events.triggers.k8s import FIRING_ANNOTATION
from support.events import Body, event, fire, sensor, trigger


def fired(k8s: Body, payload: object = None, **spec: Any) -> Firing:
    return fire(sensor([trigger(k8s=k8s)], **spec), {"dep": event(payload or {})})


def created(k8s: Body, payload: object = None, **spec: Any) -> CreateObject:
    firing = fired(k8s, payload, **spec)
    assert isinstance(firing.effect, CreateObject), firing.problem
    return firing.effect


def pod(**metadata: Any) -> Body:
    return {"source": {"resource": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}}}


def test_labels_and_the_firing() -> None:
    firing = fired(pod(name="p", labels={"a": "b"}, annotations={"c": "d"}))
    assert isinstance(firing.effect, CreateObject)
    metadata = firing.effect.manifest["metadata"]
    assert metadata["labels"] == {
        "a": "b",
        "events.argoproj.io/sensor": "s",
        "events.argoproj.io/trigger": "t",
        "events.argoproj.io/action-timestamp": "1767225600000",
    }
    assert metadata["annotations"] == {"c": "d", FIRING_ANNOTATION: firing.id}


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"name": "p"}, "p"),
        ({"name": "p", "generateName": "q-"}, "p"),
        ({"generateName": "q-"}, "q-{id}"),
        ({"name": "", "generateName": "q-"}, "q-{id}"),
        ({"generateName": "x" * 80}, "x" * 53 + "{id}"),
    ],
)
def test_the_name(metadata: Body, name: str) -> None:
    firing = fired(pod(**metadata))
    assert isinstance(firing.effect, CreateObject)
    found = firing.effect.manifest["metadata"]["name"]
    assert found == name.format(id=firing.id[:10])
    assert len(found) <= 63


@pytest.mark.parametrize(
    ("kind", "metadata", "namespace"),
    [
        ("Pod", {"name": "p"}, "ns"),
        ("Pod", {"name": "p", "namespace": "other"}, "other"),
        ("Namespace", {"name": "p", "namespace": "other"}, ""),
        ("ClusterRole", {"name": "p"}, ""),
    ],
)
def test_the_namespace(kind: str, metadata: Body, namespace: str) -> None:
    effect = created({"source": {"resource": {"apiVersion": "v1", "kind": kind, "metadata": metadata}}})
    assert effect.namespace == namespace
    assert effect.manifest["metadata"].get("namespace", "") == namespace


@pytest.mark.parametrize(
    ("template", "account"),
    [(None, "default"), ({}, "default"), ({"serviceAccountName": "operate-workflow-sa"}, "operate-workflow-sa")],
)
def test_the_service_account(template: Body | None, account: str) -> None:
    assert created(pod(name="p"), template=template).service_account == account


def test_parameters_and_inline_sources() -> None:
    inline = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: x, on: 12:30}\n---\n"
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "v"}, "dest": "data.a"}]
    effect = created({"source": {"inline": inline}, "parameters": parameters}, {"v": 5})
    assert effect.manifest["data"] == {"a": "5", "true": "12:30"}


def test_the_manifest_of_the_sensor_is_left_as_it_was() -> None:
    body = pod(generateName="p-", labels={"a": "b"})
    created(body)
    assert body == pod(generateName="p-", labels={"a": "b"})


@pytest.mark.parametrize(
    ("k8s", "reason"),
    [
        (pod(), "neither metadata.name nor metadata.generateName"),
        (pod(generateName=5), "neither metadata.name nor metadata.generateName"),
        (pod(name="p", labels="x"), "metadata.labels"),
        (pod(name="p", annotations=["x"]), "metadata.annotations"),
        ({"source": {"inline": "- 1"}}, "no object with apiVersion and kind"),
        ({"source": {"inline": "a: ["}}, "source.inline"),
        ({"source": {"inline": ""}}, "no object"),
        ({"source": {"s3": {}}}, "neither resource nor inline"),
        ({}, "neither resource nor inline"),
        ({**pod(name="p"), "operation": "delete"}, "not served"),
    ],
)
def test_an_object_that_cannot_be_made(k8s: Body, reason: str) -> None:
    firing = fired(k8s)
    assert firing.effect is None
    assert reason in firing.problem
