"""Trigger `k8s`; the table of its writes is the shared family `events/k8s-trigger-execute`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.events.effects import Draft, Reference, WriteObject
from argosy.events.sensors import Firing
from argosy.events.triggers.k8s import finished, writing
from argosy.events.triggers.objects import FIRING_ANNOTATION
from support.events import Body, event, fire, sensor, trigger


def fired(k8s: Body, payload: object = None, **spec: Any) -> Firing:
    return fire(sensor([trigger(k8s=k8s)], **spec), {"dep": event(payload or {})})


def created(k8s: Body, payload: object = None, **spec: Any) -> WriteObject:
    firing = fired(k8s, payload, **spec)
    assert isinstance(firing.effect, WriteObject), firing.problem
    return firing.effect


def pod(**metadata: Any) -> Body:
    return {"source": {"resource": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}}}


def test_labels_and_the_firing() -> None:
    firing = fired(pod(name="p", labels={"a": "b"}, annotations={"c": "d"}))
    assert isinstance(firing.effect, WriteObject)
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
    assert isinstance(firing.effect, WriteObject)
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
        ({"source": {"inline": "a: ["}}, "the trigger's source"),
        ({"source": {"inline": ""}}, "no object"),
        ({"source": {}}, "no source"),
        ({}, "no source"),
        ({**pod(name="p"), "operation": "replace"}, "is not one of create"),
        ({**pod(generateName="p-"), "operation": "delete"}, "no metadata.name"),
        (
            {**pod(name="p"), "operation": "patch", "patchStrategy": "merge"},
            "is not one of application/merge-patch+json",
        ),
        ({**pod(name="p"), "operation": "update", "liveObject": True}, "metadata.namespace"),
        ({**pod(namespace="n"), "operation": "update", "liveObject": True}, "metadata.name"),
    ],
)
def test_an_object_that_cannot_be_made(k8s: Body, reason: str) -> None:
    firing = fired(k8s)
    assert firing.effect is None
    assert reason in firing.problem


# What is sent


LIVE: Body = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "resourceVersion": "7"},
    "spec": {"a": 1, "b": [1]},
}


def changing(operation: str, **spec: Any) -> Body:
    return {"operation": operation, "source": {"resource": {**pod(name="p")["source"]["resource"], "spec": spec}}}


def test_an_update_keeps_what_it_does_not_name() -> None:
    effect = created(changing("update", a=2, b=[], c={"d": 1}, e=""))
    sent = writing(effect, LIVE)
    assert sent.verb == "update"
    assert sent.body is not None
    assert sent.body["spec"] == {"a": 2, "b": [1], "c": {"d": 1}, "e": ""}
    assert sent.body["metadata"] == {"name": "p", "namespace": "ns", "resourceVersion": "7"}
    assert LIVE["spec"] == {"a": 1, "b": [1]}


@pytest.mark.parametrize(
    ("strategy", "patch"),
    [
        ("", "merge"),
        ("application/merge-patch+json", "merge"),
        ("application/strategic-merge-patch+json", "strategic"),
        ("application/apply-patch+yaml", "apply"),
        ("application/json-patch+json", "json"),
    ],
)
def test_a_patch(strategy: str, patch: str) -> None:
    effect = created({**changing("patch", a=2), "patchStrategy": strategy})
    sent = writing(effect, LIVE)
    assert (sent.verb, sent.patch) == ("patch", patch)
    assert sent.body == effect.manifest
    assert sent.content_type == strategy or patch == "merge"


@pytest.mark.parametrize(
    ("operation", "live", "verb"),
    [
        ("create", None, "create"),
        ("update", None, "create"),
        ("patch", None, "create"),
        ("delete", None, "none"),
        ("delete", LIVE, "delete"),
    ],
)
def test_what_is_there_and_what_is_not(operation: str, live: Body | None, verb: str) -> None:
    effect = created(changing(operation, a=2))
    assert writing(effect, live).verb == verb
    assert ("labels" in effect.manifest["metadata"]) == (operation == "create")


def live_update(**parameter: Any) -> Body:
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "v"}, "dest": "spec.a", **parameter}]
    return {**pod(name="p", namespace="ns"), "operation": "update", "liveObject": True, "parameters": parameters}


def test_parameters_of_the_live_object() -> None:
    effect = created(live_update(operation="append"), {"v": "x"})
    sent = writing(effect, {**LIVE, "spec": {"a": "1", "keep": True}})
    assert sent.body is not None
    assert sent.body["spec"] == {"a": "1x", "keep": True}
    with pytest.raises(NotFound, match="not in the cluster"):
        writing(effect, None)


def test_only_an_update_takes_the_live_object() -> None:
    effect = created({**live_update(), "operation": "patch"}, {"v": "x"})
    assert (effect.live, effect.values, effect.manifest["spec"]) == (False, (), {"a": "x"})


def test_another_cluster_is_carried() -> None:
    assert created({**pod(name="p"), "cluster": "other"}).cluster == "other"


def test_a_source_that_is_read_later() -> None:
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "v"}, "dest": "data.a"}]
    source = {"configmap": {"name": "c", "key": "k"}, "resource": {}}
    firing = fired({"source": source, "parameters": parameters}, {"v": 5})
    assert isinstance(firing.effect, Draft)
    assert firing.effect.config == Reference("config", "c", "k", "default")
    read = finished(firing.effect, "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n", firing.id)
    assert isinstance(read, WriteObject)
    assert read.manifest["data"] == {"a": "5"}
    assert read.manifest["metadata"]["name"] == f"x-{firing.id[:10]}"
    assert read.manifest["metadata"]["labels"]["events.argoproj.io/sensor"] == "s"
