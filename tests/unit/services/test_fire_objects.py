"""Firings that write objects: sources that are read when they are carried out, policies that look at what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from argosy.adapters.kube.executor import ClusterExecutor, home_only
from argosy.errors import ArgosyError, Denied, NotFound, Unavailable
from argosy.events.effects import WorkflowCommand, WriteObject
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.services.fire import Firings
from argosy.services.queues import TRIGGERS
from contracts.cluster import grant
from support.events import Body, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

POD: Body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}
DOWN = Unavailable("the API server does not answer")
RETRYING: Body = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "30s", "jitter": 0}}
BACKUP: Body = {"dlqTrigger": trigger("backup", log={}, more={"atLeastOnce": True})}


@dataclass
class Watching:
    """Shows one observation after the other; the last one stays."""

    seen: Sequence[Mapping[str, str] | ArgosyError | None]
    asked: list[tuple[Any, FiringInfo]] = field(default_factory=list)

    async def labels(self, effect: Any, firing: FiringInfo) -> Mapping[str, str] | None:
        """See `Observer.labels`."""
        self.asked.append((effect, firing))
        found = self.seen[min(len(self.asked), len(self.seen)) - 1]
        if isinstance(found, ArgosyError):
            raise found
        return found


def policy(*, steps: int = 3, fails: bool = False) -> Body:
    backoff = {"steps": steps, "duration": "2s", "factor": 2, "jitter": 0}
    return {"policy": {"k8s": {"labels": {"done": "yes"}, "backoff": backoff, "errorOnBackoffTimeout": fails}}}


def fired(watching: Watching | None, more: Body, *problems: ArgosyError) -> tuple[FakeInstallation, list[float]]:
    made = FakeInstallation(executor=RecordingExecutor(list(problems)), observer=watching)
    made.apply(sensor([trigger(k8s={"source": {"resource": POD}}, more=more)]))
    made.sense(event({}))
    return made, made.carry_out()


# Policies


@pytest.mark.parametrize(
    ("seen", "fails", "waits", "outcome"),
    [
        ([{"done": "yes"}], True, [], "fired"),
        ([{}, None, {"done": "yes"}], True, [2.0, 4.0], "fired"),
        ([{"done": "no"}], False, [2.0, 4.0], "fired"),
        ([{"done": "no"}], True, [2.0, 4.0], "failed"),
        ([DOWN, {"done": "yes"}], True, [2.0], "fired"),
        ([NotFound("it is gone")], False, [], "failed"),
        ([{}, Denied("no")], False, [2.0], "failed"),
    ],
)
def test_looking_at_the_object(seen: Sequence[Any], fails: bool, waits: list[float], outcome: str) -> None:
    watching = Watching(seen)
    made, waited = fired(watching, policy(fails=fails))
    assert waited == waits
    assert len(watching.asked) == len(waits) + 1
    assert made.executor.attempts == 1, "the object is made once"
    counters = made.status()["triggers"]["t"]
    assert counters[outcome] == 1
    assert {"fired", "failed"} & counters.keys() == {outcome}


def test_every_look_is_at_the_same_object() -> None:
    watching = Watching([None])
    fired(watching, policy())
    names = {effect.manifest["metadata"]["name"] for effect, _ in watching.asked}
    assert len(names) == 1
    assert {firing.attempt for _, firing in watching.asked} == {1}


def test_a_failed_attempt_is_not_looked_at() -> None:
    watching = Watching([{"done": "yes"}])
    made, _ = fired(watching, policy(), DOWN)
    assert watching.asked == []
    assert made.status()["triggers"]["t"]["failed"] == 1


def test_a_policy_that_fails_is_a_failed_attempt() -> None:
    watching = Watching([None])
    made, waits = fired(watching, policy(steps=2, fails=True) | RETRYING | BACKUP)
    assert waits == [2.0, 30.0, 2.0, 0.0]
    assert [firing.trigger for _, firing in made.executor.done] == ["t", "t", "backup"]
    assert [firing.attempt for _, firing in watching.asked] == [1, 1, 2, 2]
    assert "has not come to carry done=yes" in made.status()["failures"][0]["reason"]


def test_a_policy_without_labels_and_one_of_another_trigger_ask_for_nothing() -> None:
    watching = Watching([None])
    made = FakeInstallation(observer=watching)
    made.apply(sensor([trigger(log={}, more=policy())]))
    made.sense(event({}))
    made.carry_out()
    assert watching.asked == []
    assert made.status()["triggers"]["t"]["fired"] == 1


def test_nobody_who_could_look() -> None:
    made, _ = fired(None, policy())
    assert "nothing here looks at objects" in made.status()["failures"][0]["reason"]


def test_a_look_that_is_delivered_twice_is_one() -> None:
    watching = Watching([None])
    made = FakeInstallation(observer=watching)
    made.apply(sensor([trigger(k8s={"source": {"resource": POD}}, more=policy())]))
    made.sense(event({}))
    firings = Firings(replace(made.runtime, claim_everything=True, claim_seconds=60.0), lambda: 0.0)
    (first,) = made.runtime.queue.receive(TRIGGERS, 1)
    followup = asyncio.run(firings.carry_out(first.body))
    firings.finish([followup])
    (look,) = followup.messages
    for sent in (1, 0):
        again = asyncio.run(firings.carry_out(look.body))
        firings.finish([again])
        assert len(again.messages) == sent
    assert len(watching.asked) == 2


# Sources


WORKFLOW = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec: {entrypoint: a}\n"
PARAMETER: Body = {"src": {"dependencyName": "dep", "dataKey": "e"}, "dest": "spec.entrypoint"}


def sourced(config: Mapping[str, str], kind: str, **more: Any) -> FakeInstallation:
    found = FakeInstallation(secrets=FakeSecrets({}, {"ns": {"c": dict(config)}}))
    template: Body = {"name": "t", kind: {"source": {"configmap": {"name": "c", "key": "k"}}, **more}}
    found.apply(sensor([{"template": template}]))
    found.sense(event({"e": "b"}))
    found.carry_out()
    return found


def test_a_source_in_a_config_map() -> None:
    made = sourced({"k": WORKFLOW}, "argoWorkflow", operation="submit", parameters=[PARAMETER])
    ((effect, firing),) = made.executor.done
    assert isinstance(effect, WorkflowCommand)
    assert effect.manifest["spec"] == {"entrypoint": "b"}
    assert effect.manifest["metadata"]["labels"]["events.argoproj.io/sensor"] == "s"
    assert firing.id in effect.manifest["metadata"]["annotations"].values()
    update = sourced({"k": WORKFLOW}, "k8s", operation="update")
    ((written, _),) = update.executor.done
    assert isinstance(written, WriteObject)
    assert written.operation == "update"


@pytest.mark.parametrize(
    ("config", "reason"),
    [({}, "c"), ({"k": "a: ["}, "the trigger's source"), ({"k": "kind: Workflow"}, "no object with apiVersion")],
)
def test_a_source_that_cannot_be_used(config: Mapping[str, str], reason: str) -> None:
    made = sourced(config, "argoWorkflow", operation="submit")
    assert made.executor.done == []
    assert reason in made.status()["failures"][0]["reason"]


# With a cluster


def test_a_sensor_makes_an_object_and_waits_for_its_labels() -> None:
    made = FakeInstallation()
    cluster = FakeCluster(made.clock)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}})
    grant(cluster, "ns", "", "pods", "create", "get")
    writing = ClusterExecutor(home_only(cluster), made.clock)
    runtime = replace(made.runtime, executors={"k8s": writing}, observer=writing)
    made.apply(sensor([trigger(k8s={"source": {"resource": POD}}, more=policy(fails=True))]))
    made.sense(event({}))
    firings = Firings(runtime, lambda: 0.0)
    (delivery,) = made.runtime.queue.receive(TRIGGERS, 1)
    followup = asyncio.run(firings.carry_out(delivery.body))
    (pod,) = cluster.list("v1", "Pod", "ns")
    cluster.patch("v1", "Pod", "ns", pod["metadata"]["name"], {"metadata": {"labels": {"done": "yes"}}})
    (look,) = followup.messages
    assert asyncio.run(firings.carry_out(look.body)).messages == []
    assert len(cluster.list("v1", "Pod", "ns")) == 1
