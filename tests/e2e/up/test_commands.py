"""`argosy apply|get|delete|lint`, on a data directory alone and beside a running instance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.datadir import DataDir
from argosy.ports.clock import SystemClock
from argosy.ports.queue import Outgoing
from argosy.services.queues import LOCAL_QUEUES
from support.events import GROUP_VERSION, Body, dependency, event_source, sensor, trigger
from support.up import Sink, argosy, free_port, post, running, until, write


def hook(port: int = 12000, endpoint: str = "/example") -> Body:
    return event_source({"webhook": {"example": {"endpoint": endpoint, "port": str(port), "method": "POST"}}})


BROKEN = f"""\
apiVersion: {GROUP_VERSION}
kind: EventSource
metadata:
  name: good
spec:
  webhook:
    example: {{endpoint: /good, port: "12000", method: POST}}
---
apiVersion: {GROUP_VERSION}
kind: Sensor
metadata:
  name: bad
  namespace: ns
spec:
  dependencies:
    - name: dep
      eventSourceName: good
  triggers:
    - template:
        name: t
        http:
          method: POST
"""


# The data directory alone


def test_apply_get_delete(data: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "m.yaml", hook(), sensor([trigger()], [dependency("dep")]))
    first = argosy("apply", "-f", path, data=data)
    assert first.out == "eventsource.argoproj.io/hook created\nsensor.argoproj.io/s created\n"
    assert argosy("apply", "-f", path, data=data).out.count("unchanged") == 2
    write(path, hook(endpoint="/new"))
    assert argosy("apply", "-f", path, data=data).out == "eventsource.argoproj.io/hook configured\n"
    found = argosy("get", "es", "hook", "-n", "ns", "-o", "json", data=data).json()
    assert found["spec"]["webhook"]["example"]["endpoint"] == "/new"
    assert found["metadata"]["generation"] == 2
    assert argosy("delete", "sensor", "s", "-n", "ns", data=data).out == "sensor.argoproj.io/s deleted\n"
    assert argosy("delete", "-f", path, data=data).code == 0
    assert argosy("get", "all", "-A", "-o", "json", data=data).json()["items"] == []


def test_dead_letters_are_sent_back(data: Path) -> None:
    argosy("apply", "-f", "-", data=data, stdin=yaml.safe_dump(hook()))
    queue = SqliteQueue(DataDir(data).queue, LOCAL_QUEUES, SystemClock())
    queue.send("bus-dlq", [Outgoing("one"), Outgoing("two")])
    queue.close()
    assert argosy("events", "redrive", data=data).out.startswith("bus: 2 sent back\ntriggers: 0 sent back\n")
    counts = {
        each["name"]: each["visible"] for each in argosy("get", "queues", "-o", "json", data=data).json()["items"]
    }
    assert (counts["bus"], counts["bus-dlq"]) == (2, 0)
    assert "no queue nothing" in argosy("events", "redrive", "nothing", data=data).err


def test_outputs(data: Path, tmp_path: Path) -> None:
    argosy("apply", "-f", write(tmp_path / "m.yaml", hook(), sensor([trigger()])), data=data)
    table = argosy("get", "all", "-n", "ns", data=data).out.splitlines()
    assert table[0].split() == ["KIND", "NAME", "STATE", "FIRED", "FAILED", "AGE", "REMARK"]
    assert [line.split()[:3] for line in table[1:]] == [["EventSource", "hook", "ready"], ["Sensor", "s", "ready"]]
    assert argosy("get", "all", "-n", "ns", "-o", "name", data=data).out.split() == [
        "eventsource.argoproj.io/hook",
        "sensor.argoproj.io/s",
    ]
    assert "UID" in argosy("get", "all", "-n", "ns", "-o", "wide", data=data).out
    assert "NAMESPACE" in argosy("get", "all", "-A", data=data).out
    shown = argosy("get", "sensor", "s", "-n", "ns", "-o", "yaml", data=data)
    assert yaml.safe_load(shown.out)["kind"] == "Sensor"
    listed = argosy("get", "sensors", "-n", "ns", "-o", "json", data=data).json()
    assert (listed["kind"], len(listed["items"])) == ("List", 1)
    empty = argosy("get", "eb", data=data)
    assert (empty.code, empty.out) == (0, "")


def test_what_get_prints_can_be_applied(data: Path, tmp_path: Path) -> None:
    body = hook()
    odd = [
        "y",
        "n",
        "on",
        "1e3",
        "0o17",
        "08",
        "12:30",
        "1.0",
        "null",
        "~",
        "",
        "2024-01-01",
        "0x1F",
        "é\n",
        "=",
        "1_000",
    ]
    body["spec"]["webhook"]["example"]["metadata"] = {f"key-{number}": text for number, text in enumerate(odd)}
    argosy("apply", "-f", write(tmp_path / "m.yaml", body), data=data)
    for form in ("yaml", "json"):
        shown = argosy("get", "es", "hook", "-n", "ns", "-o", form, data=data)
        again = argosy("apply", "-f", "-", data=data, stdin=shown.out)
        assert (again.code, again.out, again.err) == (0, "eventsource.argoproj.io/hook unchanged\n", "")


@pytest.mark.parametrize("command", ["apply", "lint"])
def test_a_malformed_manifest(data: Path, tmp_path: Path, command: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    result = argosy(command, "-f", path, data=data)
    assert result.code == 1
    assert f"{path}:16: Sensor/ns/bad: spec.dependencies[0].eventName: required, but empty" in result.err
    assert f"{path}:21: Sensor/ns/bad: spec.triggers[0].template.http.url: required, but empty" in result.err
    assert "Traceback" not in result.err
    assert argosy("get", "all", "-A", "-o", "json", data=data).json()["items"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1,\n", ":2: not YAML"),
        ("kind: Sensor\nkind: Sensor\n", ":2: key 'kind' is given twice"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n", ":2: Pod/p: kind: "),
        ("- 1\n", ":1: "),
        ("[" * 100_000, ":1: nested deeper"),
        ("a: &a [*a]\n", ":1: "),
        (f"apiVersion: {GROUP_VERSION}\nkind: Sensor\nmetadata: {{name: n}}\n", ":3: Sensor: metadata.name"),
        ("", "no manifest found"),
    ],
)
def test_texts_that_are_no_manifest(data: Path, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    result = argosy("apply", "-f", path, data=data)
    assert result.code == 1
    assert told in result.err
    assert "Traceback" not in result.err


def test_lint(data: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "m.yaml", hook(), sensor([trigger()]))
    assert argosy("lint", "-f", path).out == "2 objects, no problems\n"
    write(path, hook(), sensor([trigger(pulsar={})]))
    result = argosy("lint", "-f", path)
    assert result.code == 1
    assert "triggers of type pulsar are not served by this version" in result.err
    assert not data.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"transform": {"jq": ".a |"}}, "spec.dependencies[0].transform.jq: jq: syntax error"),
        ({"transform": {"script": "return ="}}, "spec.dependencies[0].transform.script: Lua: script:1:"),
        ({"filters": {"script": "if"}}, "spec.dependencies[0].filters.script: Lua: script:1:"),
    ],
)
def test_lint_reads_programs(tmp_path: Path, more: Body, told: str) -> None:
    result = argosy("lint", "-f", write(tmp_path / "m.yaml", sensor([trigger()], [dependency("dep", **more)])))
    assert result.code == 1
    assert told in result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["apply"], "-f"),
        (["apply", "-f", "nothing.yaml"], "no such file"),
        (["get", "pods"], "no kind is called 'pods'"),
        (["get", "sensor", "nothing"], "not found"),
        (["delete", "sensor", "nothing"], "not found"),
        (["delete", "sensor"], "KIND NAME"),
        (["lint"], "-f"),
    ],
)
def test_a_command_that_cannot_be_done(data: Path, arguments: list[str], told: str) -> None:
    result = argosy(*arguments, data=data)
    assert result.code == 1
    assert told in result.err
    assert "Traceback" not in result.err


def test_namespaces(data: Path, tmp_path: Path) -> None:
    body = hook()
    del body["metadata"]["namespace"]
    path = write(tmp_path / "m.yaml", body)
    argosy("apply", "-f", path, data=data)
    argosy("apply", "-f", path, "-n", "other", data=data)
    found = argosy("get", "es", "-A", "-o", "json", data=data).json()["items"]
    assert [one["metadata"]["namespace"] for one in found] == ["default", "other"]


# Beside a running instance


def test_changes_are_taken_up_at_once(data: Path, tmp_path: Path, sink: Sink) -> None:
    first, second = free_port(), free_port()
    path = tmp_path / "m.yaml"
    listening = sensor([trigger(http={"url": sink.url("one")})], [dependency("dep")])
    with running(data) as up:
        assert argosy("apply", "-f", write(path, hook(first), listening), data=data).code == 0
        up.says(f"127.0.0.1:{first}/example")
        assert post(first, "/example", {}).status == 200
        sink.wait("one")
        changed = sensor([trigger(http={"url": sink.url("two")})], [dependency("dep")])
        assert argosy("apply", "-f", write(path, hook(second, "/new"), changed), data=data).code == 0
        up.says(f"127.0.0.1:{second}/new")
        up.says(f"port {first} closed")
        assert post(second, "/new", {}).status == 200
        sink.wait("two")
        assert argosy("delete", "-f", path, data=data).code == 0
        up.says(f"port {second} closed")
        assert post(up.api, "/hooks/ns/hook/new", {}).status == 404


def test_an_object_that_is_deleted_and_made_again(data: Path, tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    old = sensor([trigger(http={"url": sink.url("old")})], [dependency("dep")])
    new = sensor([trigger(http={"url": sink.url("new")})], [dependency("dep")])
    with running(data, hook(port), old):
        post(port, "/example", {})
        sink.wait("old")
        argosy("delete", "sensor", "s", "-n", "ns", data=data)
        argosy("apply", "-f", write(tmp_path / "m.yaml", new), data=data)
        post(port, "/example", {})
        until(lambda: len(sink.received) >= 2, "the event is delivered")
        assert (len(sink.at("old")), len(sink.at("new"))) == (1, 1)


def test_a_refused_change_changes_nothing(data: Path, tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, hook(port), sensor([trigger(http={"url": sink.url("sink")})], [dependency("dep")])):
        path = write(tmp_path / "m.yaml", hook(free_port()), sensor([trigger(http={})]))
        assert argosy("apply", "-f", path, data=data).code == 1
        assert post(port, "/example", {}).status == 200
        sink.wait("sink")


def test_counters_and_queues_of_a_running_instance(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(data, hook(port), sensor([trigger(http={"url": sink.url("sink")})], [dependency("dep")])) as up:
        for _ in range(5):
            post(port, "/example", {})
        sink.wait("sink", 5)
        until(
            lambda: up.get("sensor", "s", "-n", "ns")["status"]["triggers"].get("t", {}).get("fired") == 5,
            "it is counted",
        )
        table = argosy("get", "queues", data=data).out.splitlines()
        assert table[0].split() == ["NAME", "VISIBLE", "IN", "FLIGHT", "DELAYED"]
        assert [line.split()[0] for line in table[1:]] == [spec.name for spec in LOCAL_QUEUES]


def test_json_is_the_same_beside_and_without_an_instance(data: Path, tmp_path: Path) -> None:
    argosy("apply", "-f", write(tmp_path / "m.yaml", hook(free_port())), data=data)
    alone = argosy("get", "es", "hook", "-n", "ns", "-o", "json", data=data).out
    with running(data):
        beside = json.loads(argosy("get", "es", "hook", "-n", "ns", "-o", "json", data=data).out)
        assert beside["status"].pop("urls")["example"].endswith("/hooks/ns/hook/example")  # somebody serves it
        assert beside == json.loads(alone)
