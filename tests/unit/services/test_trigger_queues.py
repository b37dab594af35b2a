"""Which queue a firing takes: on AWS what happens in a cluster has one of its own, on one machine there is one for all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from argosy.adapters.aws.runtime import LazyObserver, Settings, assemble
from argosy.adapters.kube.executor import ClusterExecutor, home_only
from argosy.errors import NotFound, Unavailable
from argosy.events.effects import WriteObject
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.queue import Outgoing
from argosy.ports.wiring import Place
from argosy.services.fire import Firings
from argosy.services.queues import CLUSTER_KINDS, CLUSTER_TRIGGERS, DEAD_LETTERS, LOCAL_QUEUES, TRIGGERS, trigger_queue
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from contracts.cluster import grant
from support.events import Body, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

STACK = Place("aws", "eu-central-1", "123456789012", "test", ())
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}}
K8S: Body = {"k8s": {"operation": "create", "source": {"resource": MAP}}}
WORKFLOW: Body = {
    "argoWorkflow": {
        "operation": "submit",
        "source": {
            "resource": {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Workflow",
                "metadata": {"generateName": "made-"},
                "spec": {},
            }
        },
    }
}
LOG: Body = {"log": {}}


def installed(*triggers: Body, place: Place | None = STACK, failures: int = 0) -> FakeInstallation:
    problems: list[Any] = [Unavailable("the cluster is away")] * failures
    made = FakeInstallation(place=place, executor=RecordingExecutor(problems))
    made.apply(sensor(list(triggers)))
    return made


def waiting(made: FakeInstallation) -> dict[str, int]:
    return {queue: made.runtime.queue.depth(queue).total for queue in (TRIGGERS, CLUSTER_TRIGGERS)}


def carry_out(made: FakeInstallation, queue: str) -> None:
    """As the function does that takes from `queue`."""
    runtime = replace(made.runtime, trigger_queue=queue)
    firings = Firings(runtime, lambda: 0.0)
    deliveries = runtime.queue.receive(queue, 10)
    firings.finish([asyncio.run(firings.carry_out(one.body)) for one in deliveries])
    runtime.queue.delete(queue, [one.handle for one in deliveries])


@pytest.mark.parametrize(
    ("kind", "aws", "queue"),
    [
        ("k8s", True, CLUSTER_TRIGGERS),
        ("argoWorkflow", True, CLUSTER_TRIGGERS),
        ("http", True, TRIGGERS),
        ("awsLambda", True, TRIGGERS),
        ("", True, TRIGGERS),
        ("k8s", False, TRIGGERS),
        ("http", False, TRIGGERS),
    ],
)
def test_the_queue_of_a_kind(kind: str, aws: bool, queue: str) -> None:
    assert trigger_queue(kind, aws=aws) == queue


def test_one_machine_has_one_queue() -> None:
    assert CLUSTER_TRIGGERS not in {spec.name for spec in LOCAL_QUEUES}
    made = installed(trigger("a", **K8S), trigger("b", **LOG), place=None)
    made.sense(event({}))
    assert waiting(made) == {TRIGGERS: 2, CLUSTER_TRIGGERS: 0}


def test_a_sensor_hands_each_firing_to_its_queue() -> None:
    made = installed(trigger("a", **K8S), trigger("b", **LOG), trigger("c", **WORKFLOW))
    made.sense(event({}))
    assert waiting(made) == {TRIGGERS: 1, CLUSTER_TRIGGERS: 2}
    assert [message["firing"]["trigger"] for message in made.events(CLUSTER_TRIGGERS)] == ["a", "c"]


def test_what_could_not_be_built_needs_no_cluster() -> None:
    broken: Body = {"k8s": {"source": {"resource": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}}}}
    made = installed(trigger("a", **broken))
    made.sense(event({}))
    assert waiting(made) == {TRIGGERS: 1, CLUSTER_TRIGGERS: 0}


def test_an_attempt_is_repeated_on_its_own_queue() -> None:
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "1s", "jitter": 0}}
    made = installed(trigger("a", more=more, **K8S), failures=1)
    made.sense(event({}))
    carry_out(made, CLUSTER_TRIGGERS)
    assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 1}
    made.clock.advance(1)
    carry_out(made, CLUSTER_TRIGGERS)
    assert [firing.attempt for firing in made.executor.seen] == [1, 2]
    assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 0}


@pytest.mark.parametrize(
    ("first", "second", "queues"),
    [(K8S, LOG, (CLUSTER_TRIGGERS, TRIGGERS)), (LOG, K8S, (TRIGGERS, CLUSTER_TRIGGERS))],
)
def test_the_last_resort_takes_the_queue_of_its_own_kind(first: Body, second: Body, queues: tuple[str, str]) -> None:
    last = {"template": {"name": "last", **second}, "atLeastOnce": True}
    made = installed(trigger("a", more={"atLeastOnce": True, "dlqTrigger": last}, **first), failures=1)
    made.sense(event({}))
    for queue in queues:
        assert waiting(made)[queue] == 1
        carry_out(made, queue)
    assert [firing.trigger for firing in made.executor.seen] == ["a", "last"]
    assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 0}


@pytest.mark.parametrize(
    ("template", "wrong", "right"), [(K8S, TRIGGERS, CLUSTER_TRIGGERS), (LOG, CLUSTER_TRIGGERS, TRIGGERS)]
)
def test_what_came_to_anothers_queue_goes_on_unattempted(template: Body, wrong: str, right: str) -> None:
    """As after an upgrade, for what an older release has sent."""
    made = installed(trigger("a", **template))
    made.sense(event({}))
    (sent,) = made.runtime.queue.receive(right, 10)
    made.runtime.queue.delete(right, [sent.handle])
    made.runtime.queue.send(wrong, [Outgoing(sent.body)])
    carry_out(made, wrong)
    assert (made.executor.seen, waiting(made)) == ([], {wrong: 0, right: 1})
    carry_out(made, right)
    assert [firing.attempt for firing in made.executor.seen] == [1]


@pytest.mark.parametrize("queue", [TRIGGERS, CLUSTER_TRIGGERS])
def test_poison_is_set_aside_beside_its_own_queue(queue: str) -> None:
    made = installed(trigger("a", **K8S))
    runtime = replace(made.runtime, trigger_queue=queue)
    assert asyncio.run(runtime.firings.carry_out("poison")).messages == []
    assert [(body, origin) for body, origin, _ in made.set_aside(queue)] == [("poison", queue)]
    assert DEAD_LETTERS[queue] == f"{queue}-dlq"


# A stack without a cluster


def stack(**more: str) -> Runtime:
    names = ("ARGOSY_TABLE", "ARGOSY_BLOBS", "ARGOSY_STAGE", "ARGOSY_QUEUE_BUS", "ARGOSY_QUEUE_TRIGGERS")
    return assemble(Settings.read({**dict.fromkeys(names, "x"), **more}), None)  # type: ignore[arg-type]  # never asked


def test_a_stack_knows_whether_it_has_a_cluster() -> None:
    cluster = "arn:aws:eks:eu-central-1:123456789012:cluster/main"
    assert set(stack().unserved) == CLUSTER_KINDS
    assert stack(ARGOSY_EKS_CLUSTERS=cluster).unserved == {}
    assert stack().home is None
    home = stack(ARGOSY_EKS_CLUSTERS=cluster).home
    assert home is not None
    assert (home.way, home.settings, home.management) == ("eks", {"arn": cluster}, True)
    assert stack().executors.keys() >= CLUSTER_KINDS, "clusters are registered later, too"
    assert [stack(**more).trigger_queue for more in ({}, {"ARGOSY_TRIGGER_QUEUE": "cluster-triggers"})] == [
        TRIGGERS,
        CLUSTER_TRIGGERS,
    ]


def test_a_sensor_that_needs_a_cluster_is_taken_and_told() -> None:
    last = {"template": {"name": "last", **WORKFLOW}, "atLeastOnce": True}
    made = installed(
        trigger("a", **K8S), trigger("b", **LOG), trigger("c", more={"atLeastOnce": True, "dlqTrigger": last})
    )
    body = made.runtime.objects.get("Sensor", "ns", "s")
    status = with_status(made.runtime.store, body, stack().unserved)["status"]
    (condition,) = [one for one in status["conditions"] if one["type"] == "TriggersProvided"]
    reason = "this stack has no cluster: name one in its parameter EksClusterArns"
    assert condition == {"type": "TriggersProvided", "status": "False", "message": f"a: {reason}; last: {reason}"}
    for other in (
        {**body, "spec": {**body["spec"], "triggers": [trigger("a", k8s={**K8S["k8s"], "cluster": "edge"})]}},
        {**body, "metadata": {**body["metadata"], "namespace": "ns@edge"}},
    ):
        conditions = with_status(made.runtime.store, other, stack().unserved)["status"]["conditions"]
        assert {"type": "TriggersProvided", "status": "True"} in conditions, "it does not act on the home cluster"
    served = with_status(made.runtime.store, body)["status"]["conditions"]
    assert {"type": "TriggersProvided", "status": "True"} in served


def test_a_firing_that_needs_a_cluster_says_so() -> None:
    made = installed(trigger("a", **K8S))
    made.runtime = replace(made.runtime, executors={}, unserved=stack().unserved)
    made.sense(event({}))
    carry_out(made, CLUSTER_TRIGGERS)
    assert "parameter EksClusterArns" in made.status()["failures"][0]["reason"]


def test_what_a_function_looks_with_is_made_once_and_late() -> None:
    clock = FakeClock()
    cluster = FakeCluster(clock)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}})
    grant(cluster, "ns", "", "configmaps", "create", "get")
    made: list[ClusterExecutor] = []

    def make() -> ClusterExecutor:
        made.append(ClusterExecutor(home_only(cluster), clock))
        return made[-1]

    lazy, firing = LazyObserver(make), FiringInfo("f", "ns", "s", "t")
    assert made == []
    metadata = {"name": "c", "labels": {"a": "b"}}
    effect = WriteObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, "ns", "default")
    asyncio.run(lazy.execute(effect, firing))
    assert asyncio.run(lazy.labels(effect, firing)) == {"a": "b"}
    assert len(made) == 1


class Shelf:
    """Artifacts that are there, or not."""

    def __init__(self, text: str = "", problem: Exception | None = None) -> None:
        self.text, self.problem = text, problem
        self.asked: list[tuple[Mapping[str, Any], str, str]] = []

    def read(self, artifact: Mapping[str, Any], namespace: str, account: str) -> str:
        """See `Artifacts.read`."""
        self.asked.append((artifact, namespace, account))
        if self.problem is not None:
            raise self.problem
        return self.text


OUTSIDE: Body = {"k8s": {"operation": "create", "source": {"url": {"path": "https://example.org/a.yaml"}}}}
TEXT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize("place", [STACK, None])
def test_what_stands_outside_is_read_before_the_cluster_is_needed(place: Place | None) -> None:
    made = installed(trigger("a", **OUTSIDE), place=place)
    shelf = Shelf(TEXT)
    made.runtime = replace(made.runtime, artifacts=shelf, claim_everything=True, claim_seconds=125.0)
    made.sense(event({}))
    assert waiting(made) == {TRIGGERS: 1, CLUSTER_TRIGGERS: 0}
    carry_out(made, TRIGGERS)
    if place is not None:
        assert made.executor.done == []
        assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 1}
        carry_out(made, CLUSTER_TRIGGERS)
    ((effect, firing),) = made.executor.done
    assert isinstance(effect, WriteObject)
    assert effect.manifest["metadata"]["name"] == "a"
    assert firing.attempt == 1
    assert shelf.asked == [({"url": {"path": "https://example.org/a.yaml"}}, "ns", "default")]
    assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 0}


@pytest.mark.parametrize("shelf", [Shelf(problem=NotFound("gone")), Shelf("kind: A"), None])
def test_what_cannot_be_read_fails_the_attempt(shelf: Shelf | None) -> None:
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "1s", "jitter": 0}}
    made = installed(trigger("a", more=more, **OUTSIDE))
    made.runtime = replace(made.runtime, artifacts=shelf)
    made.sense(event({}))
    carry_out(made, TRIGGERS)
    assert waiting(made) == {TRIGGERS: 1, CLUSTER_TRIGGERS: 0}
    made.clock.advance(1)
    carry_out(made, TRIGGERS)
    assert waiting(made) == {TRIGGERS: 0, CLUSTER_TRIGGERS: 0}
    assert made.status("s", "ns")["triggers"]["a"]["failed"] == 1
