"""Agents of the deployed stack: their queues and roles, and all that the hub's functions do with what they report.

The agent is played: what one would report is sent by its queue, and what it is told is taken from the other and checked as
one would check it. A real agent, on a real cluster, is tested in tests/integration/agents.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.adapters.signing.ed25519 import KeyVerifier
from argosy.agent.settings import COMMANDS, REPORTS, Settings
from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.control.agents.scopes import DOOR, EVENTS, Subscription, Wanted
from argosy.control.agents.work import Work, open_work
from argosy.control.keys import Key
from argosy.control.state import States
from argosy.lang.patch import merge_patch
from argosy.ports.clock import SystemClock
from argosy.ports.prefixed import PrefixedBlobs
from argosy.ports.queue import Outgoing, QueueSpec
from argosy.ports.store import Put, Row
from argosy.resources.manifests import Manifest
from argosy.services.agents.doors import URL_ANNOTATION
from argosy.services.agents.mirror import Mirror
from argosy.services.mail import pack, unpack
from argosy.services.outcomes import sensor_status
from argosy.services.queues import BUS, RECONCILE_DOOR, TIMERS
from argosy.services.receive import bus_message
from argosy.services.runtime import Runtime
from support.awsflow import Apply, patiently
from support.events import dependency, event_source, sensor, trigger
from support.localstack import LocalStack, Stack

EDGE = "edge"
SENSORS = Wanted("argoproj.io", "v1alpha1", "sensors", purpose=DOOR)
SOURCES = Wanted("argoproj.io", "v1alpha1", "eventsources", purpose=DOOR)
CONFIG_MAPS = Wanted("", "v1", "configmaps", "ns", purpose=EVENTS)
HOOK = {"webhook": {"example": {"method": "POST", "port": "12000", "endpoint": "/"}}}


def noise(size: int) -> str:
    """A text that cannot be compressed to less than half."""
    return "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(size // 64))


def argosy(*words: str) -> str:
    result = CliRunner().invoke(app, hoisted(words))
    if result.exception is not None:
        raise result.exception
    return str(result.stdout)


@dataclass
class Played:
    """The agent of `edge`: what it has been told is in `told`."""

    settings: Settings
    told: list[Work] = field(default_factory=list)
    version: int = 100

    def __post_init__(self) -> None:
        specs = [QueueSpec(COMMANDS, fifo=True), QueueSpec(REPORTS, fifo=True)]
        urls = {COMMANDS: self.settings.commands, REPORTS: self.settings.reports}
        clients = Clients()
        self.queue = SqsQueue(specs, urls, clients, wait=1)
        self.blobs = PrefixedBlobs(S3Blobs(self.settings.bucket, clients), f"agents/{self.settings.cluster}")

    def report(self, body: dict[str, Any], group: str = "g") -> None:
        message = Outgoing(pack(body, self.blobs), group=group, dedup=uuid.uuid4().hex)
        self.queue.send(REPORTS, [message])

    def changed(self, scope: Wanted, kind: str, obj: dict[str, Any]) -> None:
        metadata = obj["metadata"]
        self.version += 1
        metadata = {**metadata, "uid": f"uid-{metadata['name']}", "resourceVersion": str(self.version)}
        body = None if kind == "DELETED" else {**obj, "metadata": metadata}
        item = [scope.key, kind, metadata["namespace"], metadata["name"], metadata["uid"], self.version, body]
        self.report({"report": "changes", "items": [item]})

    def beat(self, digest: str = "") -> None:
        self.report(
            {"report": "heartbeat", "hello": not digest, "version": "0.1.0", "subscription": digest}, "heartbeat"
        )

    def awaited(self, kind: str, runtime: Runtime, found: Callable[[Work], bool] = lambda _: True) -> Work:
        """Take work until some is of this kind."""

        def came() -> bool:
            self.take()
            return any(work.kind == kind and found(work) for work in self.told)

        assert patiently(runtime, came), f"no {kind} came"
        return next(work for work in self.told if work.kind == kind and found(work))

    def take(self) -> list[Work]:
        """Work that has come since; an agent would refuse what is not signed for it."""
        taken = []
        for one in self.queue.receive(COMMANDS, 10):
            work = open_work(unpack(one.body, self.blobs), KeyVerifier(self.settings.keys), EDGE, SystemClock().now())
            taken.append(work)
            self.queue.delete(COMMANDS, [one.handle])
        self.told += taken
        return taken

    def answer(self, work: Work, value: Any) -> None:
        self.report({"report": "result", "id": work.id, "value": value}, f"result-{work.id}")


@pytest.fixture(scope="module")
def agent(environment: None, localstack: LocalStack, stack: Stack) -> Iterator[Played]:
    """Added and asked for its manifests by the command, as an operator does it; reading the environment that they set."""
    del environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(localstack.folder / "config"))
        printed = argosy("cluster", "add", "--agent", EDGE, "--stack", stack.name)
        again = argosy("agent", "manifests", "--cluster", EDGE, "--stack", stack.name)
        assert again == printed
        (deployment,) = [one for one in yaml.safe_load_all(printed) if one["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        yield Played(Settings.read({one["name"]: one["value"] for one in container["env"]}))


def there(runtime: Runtime, kind: str, namespace: str, name: str) -> bool:
    return runtime.objects.find(kind, namespace, name)[0] is not None


def fired(runtime: Runtime, namespace: str, name: str) -> int:
    triggers = sensor_status(runtime.store, namespace, name).get("triggers") or {}
    return int((triggers.get("t") or {}).get("fired", 0))


# Its queues and its role


def test_the_role_and_the_queues(agent: Played, stack: Stack) -> None:
    made = stack.client("cloudformation").describe_stacks(StackName=f"argosy-it-agent-{EDGE}")["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]}
    assert (outputs["CommandsUrl"], outputs["ReportsUrl"]) == (agent.settings.commands, agent.settings.reports)
    assert ":role/" in outputs["Principal"]
    mappings = stack.client("lambda").list_event_source_mappings(FunctionName=stack.resources["AgentInboxFunction"])
    (mapping,) = mappings["EventSourceMappings"]
    assert mapping["EventSourceArn"].endswith(f":argosy-it-agent-{EDGE}-reports.fifo")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_adding_it_again_changes_nothing(agent: Played, stack: Stack) -> None:
    printed = argosy("cluster", "add", "--agent", EDGE, "--stack", stack.name, "--upsert")
    assert agent.settings.commands in printed


# What it reports


def test_it_is_told_what_to_watch(agent: Played, runtime: Runtime, stack: Stack) -> None:
    agent.beat()
    told = agent.awaited("subscribe", runtime)
    assert {SENSORS, SOURCES} <= set(Subscription.from_json(told.body).scopes)

    def shown() -> Any:
        return json.loads(argosy("cluster", "get", EDGE, "--stack", stack.name, "-o", "json"))["agent"]

    assert patiently(runtime, lambda: shown() is not None)
    mirror = Mirror(runtime.store, runtime.blobs, EDGE)
    mirror.watch([CONFIG_MAPS])  # what nobody wants any more is forgotten, with the next heartbeat at the latest
    agent.beat()
    assert patiently(runtime, lambda: SENSORS.key in mirror.scopes() and CONFIG_MAPS.key not in mirror.scopes())
    assert (shown()["connected"], shown()["version"]) == (True, "0.1.0")


def test_a_declaration_of_its_cluster_is_in_force_there(agent: Played, runtime: Runtime) -> None:
    """Through the door, with its conditions going back; large ones by the bucket, retired when they are gone."""
    objects = {name: event_source(HOOK, name=name, namespace="ns") for name in ("door", "heavy")}
    objects["heavy"]["metadata"]["annotations"] = {"noise": noise(280_000)}

    def written(name: str, part: str) -> Any:
        """What the agent is told to write to that part of an object; it does so."""

        def fits(work: Work) -> bool:
            return f"/{name}" in work.body["writes"][0]["target"] and part in work.body["writes"][0]["patch"]

        unit = agent.awaited("unit", runtime, fits)
        (write,) = unit.body["writes"]
        objects[name] = merge_patch(objects[name], write["patch"])
        agent.changed(SOURCES, "MODIFIED", objects[name])
        agent.answer(unit, {"written": {f"uid-{name}": agent.version}, "stale": False, "problem": ""})
        return write["patch"][part]

    for body in objects.values():
        agent.changed(SOURCES, "ADDED", body)
    for name in objects:
        assert patiently(runtime, lambda name=name: there(runtime, "EventSource", f"ns@{EDGE}", name))  # type: ignore[misc]
    for name in objects:
        conditions = written(name, "status")["conditions"]
        assert {one["type"]: one["status"] for one in conditions} == {"SourcesProvided": "True", "Deployed": "True"}
    for name in objects:
        assert "/ns" in written(name, "metadata")["annotations"][URL_ANNOTATION]
    states = States(runtime.store, runtime.clock, RECONCILE_DOOR)
    for name in objects:
        key = Key(EDGE, "argoproj.io", "EventSource", "ns", name)
        assert patiently(runtime, lambda key=key: not states.load(key).pending)  # type: ignore[misc]
    for name in objects:
        agent.changed(SOURCES, "DELETED", {"metadata": {"namespace": "ns", "name": name}})
    for name in objects:
        assert patiently(runtime, lambda name=name: not there(runtime, "EventSource", f"ns@{EDGE}", name))  # type: ignore[misc]


def test_changes_are_events(agent: Played, runtime: Runtime, apply: Apply) -> None:
    """Of a `resource` event source of its cluster; one whose object is large goes by the bucket all the way."""
    entry = {"group": "", "version": "v1", "resource": "configmaps", "namespace": "ns", "eventTypes": ["ADD"]}
    body = event_source({"resource": {"example": entry}}, name="maps", namespace=f"ns@{EDGE}")
    sensed = sensor([trigger("t", log={})], [dependency("dep", source="maps")], name="maps", namespace=f"ns@{EDGE}")
    runtime.objects.apply([Manifest(body), Manifest(sensed)], home=EDGE)
    agent.awaited("subscribe", runtime, lambda work: CONFIG_MAPS in Subscription.from_json(work.body).scopes)
    for name, size in (("small", 10), ("large", 250_000)):
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ns"}}
        agent.changed(CONFIG_MAPS, "ADDED", {**made, "data": {"text": noise(size)}})

    assert patiently(runtime, lambda: fired(runtime, f"ns@{EDGE}", "maps") == 2)
    runtime.objects.delete([("EventSource", f"ns@{EDGE}", "maps"), ("Sensor", f"ns@{EDGE}", "maps")], home=EDGE)
    agent.awaited("subscribe", runtime, lambda work: CONFIG_MAPS not in Subscription.from_json(work.body).scopes)


def test_objects_that_the_hub_lacks_are_asked_for(agent: Played, runtime: Runtime) -> None:
    """So many at once that the question is too large for a message."""
    objects = {f"uid-{number}": ["ns", f"{'n' * 200}-{number}", 1] for number in range(1_500)}
    agent.report({"report": "inventory", "scope": SENSORS.key, "version": 1, "objects": objects})
    asked = agent.awaited("report", runtime)
    assert len(asked.body["objects"]) == 1_500


def test_a_subscription_that_is_too_large_for_a_message(agent: Played, runtime: Runtime, apply: Apply) -> None:
    labels = [{"key": f"key-{number}", "operation": "in", "value": f"v{'x' * 60}"} for number in range(50)]
    entries = {
        f"e{number}": {
            "group": "",
            "version": "v1",
            "resource": "pods",
            "namespace": f"ns-{number}",
            "eventTypes": ["ADD"],
            "filter": {"labels": labels},
        }
        for number in range(60)
    }
    body = event_source({"resource": entries}, name="many", namespace=f"ns@{EDGE}")
    runtime.objects.apply([Manifest(body)], home=EDGE)
    agent.awaited("subscribe", runtime, lambda work: len(work.body["scopes"]) > 60)
    runtime.objects.delete([("EventSource", f"ns@{EDGE}", "many")], home=EDGE)


def test_what_is_no_report_is_set_aside(agent: Played, runtime: Runtime, stack: Stack) -> None:
    agent.queue.send(REPORTS, [Outgoing("poison", group="p", dedup=uuid.uuid4().hex)])
    assert patiently(runtime, lambda: _aside(stack) == ["poison"])


def _aside(stack: Stack) -> list[str]:
    found = stack.client("sqs").receive_message(QueueUrl=stack.resources["AgentReportDeadLetters"], VisibilityTimeout=0)
    return [one["Body"] for one in found.get("Messages", [])]


# What triggers do through it


def firing(runtime: Runtime, name: str, cluster: str, body: dict[str, Any]) -> None:
    """Make a sensor whose trigger creates an object in a cluster, and let it fire once."""
    write = trigger("t", k8s={"operation": "create", "cluster": cluster, "source": {"resource": body}})
    hook = event_source(HOOK, name=name, namespace="ns")
    runtime.objects.apply([Manifest(hook), Manifest(sensor([write], [dependency("dep", source=name)], name=name))])
    message = bus_message(runtime, "ns", "default", "webhook", name, "example", uuid.uuid4().hex, "{}")
    runtime.queue.send(BUS, [message])


@pytest.mark.parametrize("size", [10, 250_000], ids=["small", "large"])
def test_a_trigger_writes_through_the_agent(agent: Played, runtime: Runtime, size: int) -> None:
    name = f"by-trigger-{size}"
    metadata = {"name": name, "namespace": "ns"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": noise(size)}}
    firing(runtime, name, EDGE, body)
    asked = agent.awaited("request", runtime, lambda work: name in json.dumps(work.body))
    agent.answer(asked, {**body, "metadata": {**metadata, "uid": "u", "resourceVersion": "1"}})
    assert patiently(runtime, lambda: fired(runtime, "ns", name) == 1)


def test_a_cluster_that_nobody_knows(agent: Played, runtime: Runtime) -> None:
    del agent
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lost", "namespace": "ns"}}
    firing(runtime, "lost", "nowhere", body)

    def reasons() -> str:
        return str(sensor_status(runtime.store, "ns", "lost").get("failures") or "")

    assert patiently(runtime, lambda: "nowhere" in reasons())
    assert EDGE in reasons(), "those that there are"


# What heals


def test_a_wake_that_was_lost_is_sent_again(agent: Played, runtime: Runtime, stack: Stack) -> None:
    key, pk = f"{EDGE}/argosy.dev/Agent//{EDGE}", f"wake/{RECONCILE_DOOR}"
    # A wake of the tests before, still on its way, would do what the tick is to do.
    assert patiently(runtime, lambda: not runtime.store.query(pk) and not runtime.queue.depth(RECONCILE_DOOR).total)
    agent.told.clear()
    past = runtime.clock.now().timestamp() - 1
    runtime.store.write([Put(Row(pk, key, {}, due_at=past))])
    assert stack.invoke("TickFunction", {})["error"] == ""
    agent.awaited("subscribe", runtime)


def test_a_timer_of_a_declaration_wakes_it(agent: Played, runtime: Runtime) -> None:
    key = Key(EDGE, "argoproj.io", "EventSource", "ns", "timed")
    states = States(runtime.store, runtime.clock, RECONCILE_DOOR)
    before = states.load(key)
    due = runtime.clock.now().timestamp()
    made = states.save(key, before, replace(before, next_due=due, timer=before.timer + 1))
    runtime.queue.send(TIMERS, [Outgoing(json.dumps({"timer": str(key), "generation": made.timer, "v": 1}))])
    assert patiently(runtime, lambda: states.load(key).next_due is None)


def test_removing_the_cluster_removes_its_queues(agent: Played, stack: Stack) -> None:
    argosy("cluster", "rm", EDGE, "-y", "--stack", stack.name)
    sqs = stack.client("sqs")
    assert sqs.list_queues(QueueNamePrefix=f"argosy-it-agent-{agent.settings.cluster}-").get("QueueUrls", []) == []


def test_a_key_is_rotated_in_two_steps(agent: Played, stack: Stack) -> None:
    """After all others: functions sign with the new one soon."""
    del agent

    def kept() -> list[str]:
        found = stack.client("secretsmanager").get_secret_value(SecretId="argosy/it/agent-keys")["SecretString"]
        return [str(key) for key in json.loads(found)["keys"]]

    (old,) = kept()
    argosy("agent", "keys", "rotate", "--stack", stack.name)
    first, new = kept()
    assert first == old
    argosy("agent", "keys", "rotate", "--finish", "--stack", stack.name)
    assert kept() == [new]
