"""Secrets of a cluster behind an agent, on the deployed stack: to webhooks, to triggers' headers, to Git hosts.

The agent is played, as in test_agents; a real one, on a real cluster, tells its values in tests/integration/agents.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.adapters.signing.ed25519 import KeyVerifier
from argosy.adapters.signing.sealing import KeySealer
from argosy.agent.settings import COMMANDS, REPORTS, Settings
from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.control.agents.scopes import Subscription
from argosy.control.agents.values import CONFIG_MAP, SECRET, Place, Told, context_of
from argosy.control.agents.work import open_work
from argosy.ports.clock import SystemClock
from argosy.ports.prefixed import PrefixedBlobs
from argosy.ports.queue import Outgoing, QueueSpec
from argosy.resources.manifests import Manifest
from argosy.services.mail import pack, unpack
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from support.awsflow import Template, patiently, post
from support.events import dependency, event_source, sensor, trigger
from support.localstack import LocalStack, Stack
from support.up import Sink

CLUSTER = "vault"
NAMESPACE = f"team@{CLUSTER}"
TOKEN = Place(SECRET, "team", "token", "default")
SETTINGS = Place(CONFIG_MAP, "team", "settings", "default")
KEYS = ("hook", "host", "out")
SECRETS = {key: f"canary-{uuid.uuid4().hex}" for key in KEYS}


def argosy(*words: str) -> str:
    result = CliRunner().invoke(app, hoisted(words))
    if result.exception is not None:
        raise result.exception
    return str(result.stdout)


@dataclass
class Played:
    """The agent of `vault`: `told` are the subscriptions that came."""

    settings: Settings
    told: list[Subscription] = field(default_factory=list)

    def __post_init__(self) -> None:
        specs = [QueueSpec(COMMANDS, fifo=True), QueueSpec(REPORTS, fifo=True)]
        urls = {COMMANDS: self.settings.commands, REPORTS: self.settings.reports}
        clients = Clients()
        self.queue = SqsQueue(specs, urls, clients, wait=1)
        self.blobs = PrefixedBlobs(S3Blobs(self.settings.bucket, clients), f"agents/{CLUSTER}")

    def tell(self, *told: Told) -> None:
        body = {"report": "values", "items": [one.as_json() for one in told]}
        self.queue.send(REPORTS, [Outgoing(pack(body, self.blobs), group="values", dedup=uuid.uuid4().hex)])

    def asked(self, runtime: Runtime, found: Callable[[Subscription], bool]) -> Subscription:
        """The subscription that is so, once it has come; an agent would refuse one that is not signed for it."""

        def taken() -> bool:
            for one in self.queue.receive(COMMANDS, 10):
                verifier, now = KeyVerifier(self.settings.keys), SystemClock().now()
                work = open_work(unpack(one.body, self.blobs), verifier, CLUSTER, now)
                self.told += [Subscription.from_json(work.body)] if work.kind == "subscribe" else []
                self.queue.delete(COMMANDS, [one.handle])
            return any(found(one) for one in self.told)

        assert patiently(runtime, taken), f"not among what came: {self.told}"
        return next(one for one in reversed(self.told) if found(one))


@pytest.fixture(scope="module")
def agent(environment: None, localstack: LocalStack, stack: Stack) -> Iterator[Played]:
    del environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(localstack.folder / "config"))
        printed = argosy("cluster", "add", "--agent", CLUSTER, "--stack", stack.name)
        (deployment,) = [one for one in yaml.safe_load_all(printed) if one["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        yield Played(Settings.read({one["name"]: one["value"] for one in container["env"]}))
        argosy("cluster", "rm", CLUSTER, "-y", "--stack", stack.name)


def encoded(values: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def sealed(public: str, values: dict[str, str]) -> Told:
    text = KeySealer().seal(public, json.dumps(encoded(values)).encode(), context_of(CLUSTER, TOKEN))
    return Told(TOKEN, tuple(sorted(values)), text)


def hook() -> dict[str, Any]:
    auth = {"name": "token", "key": "hook"}
    example = {"method": "POST", "port": "12000", "endpoint": "/", "authSecret": auth}
    return event_source({"webhook": {"example": example}}, namespace=NAMESPACE)


def reacting(to_sink: Template) -> dict[str, Any]:
    headers = [
        {"name": "X-Token", "valueFrom": {"secretKeyRef": {"name": "token", "key": "out"}}},
        {"name": "X-Colour", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
    ]
    http = to_sink("/vault", secureHeaders=headers)
    return sensor([trigger(http=http)], [dependency("dep")], namespace=NAMESPACE)


def registered(base: str) -> dict[str, Any]:
    """A webhook at a Git host; nobody listens there."""
    entry = {
        "repositories": [{"owner": "argosy-dev", "names": ["argosy"]}],
        "webhook": {"url": "https://hooks.example.com", "endpoint": "/push", "port": "12000", "method": "POST"},
        "events": ["push"],
        "apiToken": {"name": "token", "key": "host"},
        "githubBaseURL": base,
        "githubUploadURL": base,
        "contentType": "json",
    }
    return event_source({"github": {"push": entry}}, name="registered", namespace=NAMESPACE)


def test_a_secret_of_the_cluster_guards_a_webhook_and_goes_out_in_a_header(
    agent: Played, stack: Stack, localstack: LocalStack, runtime: Runtime, sink: Sink, to_sink: Template
) -> None:
    bodies = [hook(), reacting(to_sink), registered(f"http://{localstack.host_address}:1/")]
    runtime.objects.apply([Manifest(body) for body in bodies], home=CLUSTER)
    found = agent.asked(runtime, lambda one: len(one.values) == 2)
    assert [(one.place, one.keys) for one in found.values] == [(SETTINGS, ("colour",)), (TOKEN, KEYS)]
    path = f"{NAMESPACE}/hook"
    assert post(stack, path, {"n": 1}, token=SECRETS["hook"]) == 500, "it has not come yet"

    def problem() -> str:
        body = with_status(runtime.store, runtime.objects.get("EventSource", NAMESPACE, "registered"))
        (condition,) = [one for one in body["status"]["conditions"] if one["type"] == "SourcesProvided"]
        return str(condition.get("message", ""))

    assert patiently(runtime, lambda: f"cluster {CLUSTER}: Secret/team/token, key host" in problem()), problem()
    agent.tell(sealed(found.seal_key, SECRETS), Told(SETTINGS, ("colour",), plain=encoded({"colour": "blue"})))
    assert patiently(runtime, lambda: post(stack, path, {"n": 2}, token=SECRETS["hook"]) == 200)
    assert post(stack, path, {"n": 3}, token="guessed") == 401
    (seen,) = sink.wait("vault")
    assert (seen.body, seen.token) == ({"got": {"n": 2}}, SECRETS["out"])
    # The token was read, the host is what fails.
    assert patiently(runtime, lambda: localstack.host_address in problem()), problem()
    assert "Secret/team/token" not in problem()


def test_a_renewed_key_opens_at_once(agent: Played, stack: Stack, runtime: Runtime) -> None:
    """In functions that are warm, too: a key that they do not know is asked for."""
    agent.asked(runtime, lambda one: len(one.values) == 2)
    kept = stack.client("secretsmanager")
    argosy("agent", "keys", "rotate", "--seal", "--stack", stack.name)
    private = json.loads(kept.get_secret_value(SecretId="argosy/it/agent-seal")["SecretString"])["keys"]
    public = json.loads(kept.get_secret_value(SecretId="argosy/it/agent-keys")["SecretString"])["seal"]
    assert (len(private), public != agent.told[-1].seal_key) == (2, True)
    renewed = {**SECRETS, "hook": f"canary-{uuid.uuid4().hex}"}
    agent.tell(sealed(public, renewed))
    assert patiently(runtime, lambda: post(stack, f"{NAMESPACE}/hook", {"n": 4}, token=renewed["hook"]) == 200)
    argosy("agent", "keys", "rotate", "--seal", "--finish", "--stack", stack.name)
    last = json.loads(kept.get_secret_value(SecretId="argosy/it/agent-seal")["SecretString"])["keys"]
    assert last == private[:1]


def test_no_value_is_in_the_table_the_bucket_or_a_log(agent: Played, stack: Stack, runtime: Runtime) -> None:
    agent.asked(runtime, lambda one: len(one.values) == 2)
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["TableName"])
    rows = [item for page in pages for item in page["Items"]]
    s3, bucket = stack.client("s3"), stack.outputs["BlobsName"]
    objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    blobs = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in objects]
    logs = [stack.logs(name).encode() for name in stack.of_type("AWS::Lambda::Function")]
    out = b"\n".join([*(repr(item).encode() for item in rows), *blobs, *logs])
    assert f"values/{CLUSTER}".encode() in out, "the right things are looked through"
    told = [row.data for row in runtime.store.query(f"values/{CLUSTER}")]
    for value in SECRETS.values():
        forms = [value, base64.b64encode(value.encode()).decode().rstrip("=")[:-2]]
        assert [form for form in forms if form.encode() in out or form in str(told)] == []
