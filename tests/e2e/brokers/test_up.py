"""Event sources of brokers through `argosy up`: from a message to a trigger, a wrong password, a broker that restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.brokers.amqp import Amqp
from support.brokers.base import PASSWORD, WRONG, Broker
from support.brokers.kafka import Kafka, KafkaPartition
from support.brokers.mqtt import Mqtt
from support.brokers.nats import JetStream, Nats
from support.brokers.redis import Redis, RedisStream
from support.brokers.sftp import Sftp
from support.events import Body, dependency, event_source, sensor, trigger
from support.up import Sink, Up, argosy, running, sink, until, write

BROKERS = [Nats, JetStream, Redis, RedisStream, Mqtt, Amqp, Kafka, KafkaPartition, Sftp]


@pytest.fixture(scope="module", params=BROKERS, ids=lambda one: one.__name__)
def server(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """One for all tests of a broker, which conftest.py keeps together."""
    with request.param.running() as running_broker:
        yield running_broker


@pytest.fixture
def broker(server: Broker) -> Broker:
    server.renew()
    return server


@pytest.fixture
def target() -> Iterator[Sink]:
    with sink() as made:
        yield made


def manifests(broker: Broker, target: Sink) -> list[Body]:
    body = {"src": {"dependencyName": "dep", "dataKey": "@this"}, "dest": "data"}
    http = {"url": target.url("out"), "payload": [body], "method": "POST"}
    backoff = {"connectionBackoff": {"duration": "200ms", "factor": 1, "jitter": 0, "steps": 3}}
    fields = {**broker.fields(), **({} if broker.kind in NO_BACKOFF else backoff)}
    return [
        event_source({broker.kind: {"x": fields}}, name="broker"),
        sensor([trigger(http=http)], [dependency("dep", source="broker", subject="x")]),
    ]


NO_BACKOFF = ("redis", "redisStream", "file", "sftp")


def keep_secrets(data: Path, secrets: dict[str, str]) -> None:
    folder = data / "secrets" / "ns" / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in secrets.items():
        (folder / key).write_text(value)


def condition(up: Up) -> dict[str, Any]:
    """SourcesProvided of the event source."""
    conditions = up.get("es", "broker", "-n", "ns")["status"]["conditions"]
    return next(one for one in conditions if one["type"] == "SourcesProvided")


def connected(up: Up) -> None:
    until(lambda: states(up) == {"connected"}, "it is connected")


def states(up: Up) -> set[str]:
    """What the lines of the installation are said to be."""
    return {str(one) for one in up.get("es", "broker", "-n", "ns")["status"].get("connections", {}).values()}


def texts(broker: Broker, target: Sink) -> list[str]:
    return [broker.body(json.loads(one.body["data"])) for one in target.at("out")]


def test_messages_reach_a_trigger(broker: Broker, target: Sink, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_secrets(data, broker.secrets)
    with running(data, *manifests(broker, target)) as up:
        connected(up)
        broker.send("a", "b", "c")
        target.wait("out", 3)
        assert sorted(texts(broker, target)) == ["a", "b", "c"]
        assert condition(up)["status"] == "True"
        assert PASSWORD not in up.output


def test_a_wrong_password_shows_and_is_mended(broker: Broker, target: Sink, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_secrets(data, broker.wrong_secrets())
    with running(data, *manifests(broker, target)) as up:
        found = until(lambda: one if (one := condition(up))["status"] == "False" else None, "the condition says so")
        assert found is not None
        assert found["message"].startswith("x: ")
        assert WRONG not in found["message"] + up.output
        keep_secrets(data, broker.secrets)
        connected(up)
        broker.send("a")
        target.wait("out")


def test_a_broker_that_restarts_in_mid_stream(broker: Broker, target: Sink, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_secrets(data, broker.secrets)
    with running(data, *manifests(broker, target)) as up:
        connected(up)
        before = [f"before-{number}" for number in range(50)]
        broker.send(*before)
        if not broker.keeps:
            target.wait("out", 50)  # what such a broker still holds when it ends is gone
        broker.stop()
        until(lambda: condition(up)["status"] == "False", "the condition says that it is down")
        broker.start()
        connected(up)
        after = [f"after-{number}" for number in range(50)]
        broker.send(*after)
        target.wait("out", 100)
        up.idle()
        found = texts(broker, target)
        assert sorted(set(found)) == sorted([*before, *after])
        if broker.named or not broker.keeps:
            assert len(found) == len(target.keys("out")) == 100, "nothing fires twice"


@pytest.mark.parametrize("server", [one for one in BROKERS if one.keeps], indirect=True, ids=lambda one: one.__name__)
def test_killed_in_mid_stream(broker: Broker, target: Sink, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_secrets(data, broker.secrets)
    sent = [f"m-{number}" for number in range(150)]
    made = manifests(broker, target)
    with running(data, *made) as up:
        connected(up)
        broker.send(*sent[:100])
        target.wait("out", 1)
        up.kill()
    broker.send(*sent[100:])
    with running(data, *made) as up:
        until(lambda: set(texts(broker, target)) >= set(sent), "nothing is lost")
        up.idle()
        if broker.named:
            assert len(target.keys("out")) == len(sent), "what comes again is the same firing"


def test_a_retired_source_is_disconnected(broker: Broker, target: Sink, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_secrets(data, broker.secrets)
    source, listening = manifests(broker, target)
    with running(data, source, listening) as up:
        connected(up)
        assert argosy("delete", "es", "broker", "-n", "ns", data=data).code == 0
        until(lambda: not up.get("es", "-n", "ns")["items"], "it is gone")
        assert argosy("apply", "-f", write(tmp_path / "again.yaml", source), data=data).code == 0
        connected(up)
        broker.send("again")
        target.wait("out")


def test_a_file_reaches_a_trigger(target: Sink, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    watched = {"directory": f"{folder}/", "pathRegexp": r"\.csv$"}
    name = {"src": {"dependencyName": "dep", "dataKey": "name"}, "dest": "name"}
    source = event_source({"file": {"x": {"eventType": "CREATE", "watchPathConfig": watched}}}, name="broker")
    http = {"url": target.url("out"), "payload": [name], "method": "POST"}
    with running(
        tmp_path / "data", source, sensor([trigger(http=http)], [dependency("dep", source="broker", subject="x")])
    ) as up:
        found = until(
            lambda: one if "folder" in (one := condition(up)).get("message", "") else None, "the condition says so"
        )
        assert found is not None
        assert found["status"] == "False"
        folder.mkdir()
        connected(up)
        (folder / "a.txt").touch()
        (folder / "b.csv").touch()
        assert target.wait("out")[0].body == {"name": f"{folder}/b.csv"}
        assert len(target.at("out")) == 1


def test_a_trigger_sends_to_a_broker(target: Sink, tmp_path: Path) -> None:
    """A message becomes a message on another subject, which an event source hears."""
    with Nats.running() as broker:
        data = tmp_path / "data"
        keep_secrets(data, broker.secrets)
        first, listening = manifests(broker, target)
        first["spec"]["nats"]["sent"] = {**first["spec"]["nats"]["x"], "subject": "sent"}
        listening["spec"]["dependencies"] = [dependency("dep", source="broker", subject="sent")]
        fields = broker.fields()
        payload = [{"src": {"dependencyName": "dep", "dataKey": "body"}, "dest": "was"}]
        nats = {"url": fields["url"], "auth": fields["auth"], "subject": "sent", "payload": payload}
        sending = sensor([trigger(nats=nats)], [dependency("dep", source="broker", subject="x")], name="sending")
        with running(data, first, listening, sending) as up:
            connected(up)
            broker.send("a")
            target.wait("out")
            assert [json.loads(one.body["data"])["body"] for one in target.at("out")] == [{"was": "a"}]
