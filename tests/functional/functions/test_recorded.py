"""Every payload of the folder `events` with the function that it is for, as `argosy invoke` calls it: what comes of it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.local.functions import function_names
from argosy.ports.fakes.repository import FakeRepository, Held, packed
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.workshop import FakeWorkshop
from argosy.ports.repository import Ref
from argosy.ports.wiring import Place
from argosy.problems import problem_of
from argosy.resources.eventsource import HTTP_TYPES, attribute
from argosy.services.agents.registry import HOME, Entry
from argosy.services.queues import BUS, TRIGGERS
from support.brokers.entries import ENTRIES as BROKERS
from support.events import Body, dependency, event_source, sensor, trigger
from support.functions import ROOT, invoke, recorded
from support.hooks import ENTRIES, HOOK, SECRETS
from support.services import FakeInstallation

PLACE = Place("aws", "eu-central-1", "123456789012", "it", ("*",))
REGION = "eu-central-1"
REF = {"name": "n", "key": "k"}
TOPIC = f"arn:aws:sns:{REGION}:123456789012:orders"
BUCKET = {"endpoint": "s3.amazonaws.com", "bucket": {"name": "orders"}, "accessKey": REF, "secretKey": REF}
CONFIG_MAPS = {"group": "", "version": "v1", "resource": "configmaps"}
HOOKS = {kind: kind for kind in HTTP_TYPES if kind not in ("webhook", "sns", "storageGrid")} | {
    "storageGrid": "storage-grid"
}
SOURCES: dict[str, Body] = {
    "webhook": {"webhook": {"example": HOOK}},
    "sqs": {"sqs": {"example": {"region": REGION, "queue": "orders", "jsonBody": True}}},
    "sns": {"sns": {"example": {"region": REGION, "topicArn": TOPIC, "webhook": HOOK}}},
    "minio": {"minio": {"example": BUCKET}},
    "event-bridge": {"eventBridge": {"example": {"pattern": {"source": ["aws.ec2"]}}}},
    "calendar": {"calendar": {"example": {"interval": "10s"}}},
    "resource": {"resource": {"example": {**CONFIG_MAPS, "namespace": "argo-events", "eventTypes": ["ADD"]}}},
    **{name: {kind: {"example": ENTRIES[kind]}} for kind, name in HOOKS.items()},
    **{kind.lower(): {kind: {"example": entry}} for kind, entry in BROKERS.items()},
}
DONE: Body = {"batchItemFailures": []}
COMMIT = "0d521c6e049889134f3122eb32d7ed342f43ca0d"
EXAMPLES = {"guestbook/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: guestbook}\n"}
REPOSITORIES = {recorded("fetch")["url"]: Held([Ref("refs/heads/master", COMMIT)], {COMMIT: EXAMPLES})}
DIGEST = sha256(packed(EXAMPLES)).hexdigest()
FETCHED: Body = {
    "commit": COMMIT,
    "archive": f"fetch/cbc1c2dbd75d991a42bc9fec41c8397e/{COMMIT}/{DIGEST[:16]}.tar.gz",
    "digest": DIGEST,
    "files": 1,
    "size": 57,
    "submodules": [],
    "joined": False,
    "folders": f"fetch/cbc1c2dbd75d991a42bc9fec41c8397e/{COMMIT}/folders.json.gz",
    "charts": "",
    "package": "",
    "package_digest": "",
}
GONE: Body = {"problem": problem_of(NotFound(f"blob {recorded('render')['archive']} is not there"))}
# Payload → the function, what it answers, and the event sources whose events are on the bus then.
CASES: dict[str, tuple[str, object, list[str]]] = {
    "agent_inbox": ("agent_inbox", DONE, []),
    "api": ("api", 200, []),
    "calendar": ("tick", {"published": 1}, ["calendar"]),
    "fetch": ("fetch", FETCHED, []),
    "git_webhook": ("git_webhook", 200, []),
    "event_bridge": ("sources", DONE, ["event-bridge"]),
    "minio": ("sources", DONE, ["minio"]),
    "reconcile_source": ("reconcile_source", DONE, []),
    "reconcile_door": ("reconcile_door", DONE, []),
    "reconcile_app": ("reconcile_app", DONE, []),
    "reconcile_rollout": ("reconcile_rollout", DONE, []),
    "render": ("render", GONE, []),  # what it names was fetched elsewhere
    "resource": ("agent_inbox", DONE, ["resource"]),
    "sensor": ("sensor", DONE, []),
    "sns": ("sources", DONE, ["sns"]),
    "sources": ("sources", DONE, ["minio", "sns"]),
    "sqs": ("sqs", DONE, ["sqs"]),
    "tick": ("tick", {"published": 1}, ["calendar"]),
    "timer": ("timer", DONE, []),
    "trigger": ("trigger", DONE, []),
    "webhook": ("webhook", 200, ["webhook"]),
    **{name.replace("-", "_"): ("webhook", 200, [name]) for name in HOOKS.values()},
    **{attribute(kind): ("agent_inbox", DONE, [kind.lower()]) for kind in BROKERS},
}


@pytest.fixture
def made() -> FakeInstallation:
    found = FakeInstallation(
        secrets=FakeSecrets(SECRETS), place=PLACE, repository=FakeRepository(REPOSITORIES), workshop=FakeWorkshop()
    )
    for name, spec in SOURCES.items():
        found.apply(event_source(spec, name=name, namespace="argo-events"))
    found.apply(sensor([trigger()], [dependency("dep", source="webhook")], namespace="argo-events"))
    found.runtime.registry.add(Entry(HOME, "agent"))
    found.runtime.subscribing.subscribe(HOME)
    found.events("reconcile-source")
    found.clock.advance(11)
    return found


def test_every_payload_and_every_function_has_a_case() -> None:
    assert set(CASES) == {path.stem for path in (ROOT / "events").glob("*.json")}
    assert {function for function, _, _ in CASES.values()} == set(function_names())


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_payload(made: FakeInstallation, name: str) -> None:
    function, said, sources = CASES[name]
    answer: Any = invoke(function, recorded(name), made)
    assert (answer["statusCode"] if isinstance(said, int) else answer) == said
    events = made.events(BUS)
    assert sorted(each["event"]["source"] for each in events) == sources
    assert {(each["namespace"], each["event"]["subject"]) for each in events} <= {("argo-events", "example")}
    assert made.runtime.queue.depth(TRIGGERS).total == (2 if name == "sensor" else 0)
    assert len(made.executor.done) == (2 if name == "trigger" else 0)
    assert len(made.wiring.wires) == (4 if name == "reconcile_source" else 0)
    assert len(made.link.sent) == (2 if name in ("agent_inbox", "reconcile_door") else 1), "what the agent is to watch"
