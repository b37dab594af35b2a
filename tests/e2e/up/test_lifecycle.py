"""Starting and stopping `argosy up`, and everything that may be in the way."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from support.events import Body, dependency, event_source, sensor, trigger
from support.processes import DEADLINE
from support.up import Sink, Up, argosy, ask, free_port, post, running, until, write

TLS = Path(__file__).parents[2] / "support" / "tls"


def hook(port: int, endpoint: str = "/example", **fields: object) -> Body:
    return {"endpoint": endpoint, "port": str(port), "method": "POST", **fields}


def source(name: str = "hook", **entries: Body) -> Body:
    return event_source({"webhook": entries}, name=name)


def to(sink: Sink, **more: object) -> Body:
    return sensor([trigger(http={"url": sink.url("sink")}, more=more)], [dependency("dep")])


@pytest.fixture
def taken() -> object:
    """A port that somebody else listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


# Ports


def test_a_taken_port_is_told_and_the_rest_is_served(data: Path, sink: Sink, taken: int) -> None:
    port = free_port()
    with running(data, source(example=hook(port)), source("blocked", example=hook(taken, "/blocked")), to(sink)) as up:
        line = up.says(f"port {taken} cannot be opened")
        assert "ns/blocked" in line
        assert "/hooks" in line
        assert post(port, "/example", {}).status == 200
        assert post(up.api, "/hooks/ns/blocked/blocked", {}).status == 200
        sink.wait("sink")


def test_a_port_that_becomes_free_is_opened(data: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = one.getsockname()[1]
        up = Up(data, "--apply", write(data.parent / "m.yaml", source(example=hook(port))))
        try:
            up.ready()
            up.says(f"port {port} cannot be opened")
            one.close()
            up.says(f"127.0.0.1:{port}/example")
            assert post(port, "/example", {}).status == 200
        finally:
            up.kill()


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_a_port_that_cannot_be(data: Path, port: str) -> None:
    good = free_port()
    with running(
        data, source(example=hook(good)), source("odd", example={"endpoint": "/odd", "port": port, "method": "POST"})
    ) as up:
        assert post(good, "/example", {}).status == 200
        assert post(up.api, "/hooks/ns/odd/odd", {}).status == 200


def test_an_endpoint_that_two_event_sources_want(data: Path) -> None:
    port = free_port()
    with running(data, source("a", one=hook(port)), source("b", two=hook(port))) as up:
        line = up.says("is taken by")
        assert "ns/a" in line
        assert "ns/b" in line
        assert post(port, "/example", {}).status == 200
        assert post(up.api, "/hooks/ns/b/example", {}).status == 200


def test_a_taken_api_port_is_told_and_the_rest_is_served(data: Path, sink: Sink) -> None:
    port = free_port()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        api = one.getsockname()[1]
        up = Up(data, "--apply", write(data.parent / "m.yaml", source(example=hook(port)), to(sink)), api=api)
        try:
            line = up.says(f"the API address 127.0.0.1:{api} cannot be opened")
            assert "--api" in line
            up.ready()
            assert post(port, "/example", {}).status == 200
            sink.wait("sink")
            one.close()
            until(lambda: answers(api), "the API port is opened once it is free")
            assert post(api, "/hooks/ns/hook/example", {}).status == 200
            assert up.stop() == 0
        finally:
            up.kill()


def answers(port: int) -> bool:
    try:
        return ask(port, "/nothing", method="GET").status == 404
    except OSError:
        return False


@pytest.mark.parametrize("address", ["8080", "localhost:", "127.0.0.1:http", "127.0.0.1:70000", ":8080", ""])
def test_an_api_address_that_is_none(data: Path, address: str) -> None:
    result = argosy("up", "--data", data, "--api", address)
    assert result.code == 1
    assert "HOST:PORT" in result.err
    assert not (data / "queue.db").exists()


def test_an_api_host_that_is_not_ours(data: Path) -> None:
    done = argosy("up", "--data", data, "--api", "192.0.2.1:8080", "--once")
    assert "192.0.2.1:8080 cannot be opened" in done.err
    assert "Traceback" not in done.err


# The data directory


def test_a_second_instance_on_one_data_directory(data: Path) -> None:
    with running(data) as up:
        second = argosy("up", "--data", data, "--api", f"127.0.0.1:{free_port()}")
        assert second.code == 1
        assert str(up.process.pid) in second.err
        assert "--data" in second.err
        assert ask(up.api, "/nothing", method="GET").status == 404, "the first one goes on"
    with running(data):
        pass


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/argosy"])
def test_a_data_directory_that_cannot_be(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("x")
    result = argosy("up", "--data", tmp_path / where, "--api", f"127.0.0.1:{free_port()}")
    assert result.code == 1
    assert "--data" in result.err
    assert "Traceback" not in result.err


def test_only_the_owner_may_look_into_it(data: Path) -> None:
    with running(data):
        assert data.stat().st_mode & 0o077 == 0


# Manifests at the start


def test_a_broken_manifest_starts_nothing(data: Path) -> None:
    path = write(data.parent / "m.yaml", source(example=hook(free_port())), source("bad", example={"endpoint": "/x"}))
    up = Up(data, "--apply", path)
    assert up.ends() == 1
    assert f"{path}:" in up.output
    assert "spec.webhook.example.port" in up.output
    assert argosy("get", "all", "-A", "-o", "json", data=data).json()["items"] == []


def test_a_folder_and_a_file(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "b.yaml", source("b", example=hook(free_port())))
    write(folder / "a.json", source("a", example=hook(free_port())))
    (folder / "readme.txt").write_text("no manifest")
    extra = write(tmp_path / "c.yml", source("c", example=hook(free_port())))
    up = Up(data, "--apply", folder, "-f", extra)
    try:
        up.ready()
        names = [one["metadata"]["name"] for one in up.get("es", "-A")["items"]]
        assert sorted(names) == ["a", "b", "c"]
    finally:
        up.kill()


# Once


def test_once_ends_when_nothing_is_left(data: Path, sink: Sink) -> None:
    port = free_port()
    with running(
        data, source(example=hook(port)), to(sink, atLeastOnce=True, retryStrategy={"steps": 3, "duration": "1s"})
    ) as up:
        sink.statuses["sink"] = 200
        assert post(port, "/example", {}).status == 200
        up.kill()
    done = argosy("up", "--data", data, "--api", f"127.0.0.1:{free_port()}", "--once")
    assert done.code == 0, done.err
    assert len(sink.keys("sink")) == 1


def test_once_with_nothing_to_do(data: Path) -> None:
    done = argosy("up", "--data", data, "--api", f"127.0.0.1:{free_port()}", "--once")
    assert done.code == 0
    assert "ready: " in done.err
    assert "stopped" in done.err


# Secrets


def test_a_missing_secret_is_told_and_the_rest_goes_on(data: Path) -> None:
    port = free_port()
    secured = hook(port, "/secured", authSecret={"name": "token", "key": "value"})
    with running(data, source(example=hook(port), secured=secured)) as up:
        line = up.says("authSecret")
        assert "ns/hook/secured" in line
        assert post(port, "/secured", {}, authorization="Bearer s3cret").status == 500
        assert post(port, "/example", {}).status == 200
        path = data / "secrets" / "ns" / "token" / "value"
        path.parent.mkdir(parents=True)
        path.write_text("s3cret")
        until(lambda: post(port, "/secured", {}, authorization="Bearer s3cret").status == 200, "the secret is found")
        assert post(port, "/secured", {}, authorization="Bearer other").status == 401
        assert "s3cret" not in up.output


def test_a_port_with_certificates(data: Path, sink: Sink) -> None:
    folder = data / "secrets" / "ns" / "tls"
    folder.mkdir(parents=True)
    for name in ("cert.pem", "key.pem"):
        (folder / name).write_text((TLS / name).read_text())
    port = free_port()
    certificate, key = ({"name": "tls", "key": name} for name in ("cert.pem", "key.pem"))
    with running(data, source(example=hook(port, serverCertSecret=certificate, serverKeySecret=key)), to(sink)) as up:
        up.says(f"https://127.0.0.1:{port}/example")
        trusting = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
        request = urllib.request.Request(f"https://localhost:{port}/example", data=b"{}", method="POST")
        with urllib.request.urlopen(request, timeout=DEADLINE, context=trusting) as response:
            assert response.status == 200
        sink.wait("sink")


# Triggers that cannot do their work


def test_a_dead_target_is_retried_and_then_shown(data: Path, sink: Sink) -> None:
    port, dead = free_port(), free_port()
    strategy = {"steps": 3, "duration": "100ms", "factor": 1, "jitter": 0}
    backup = trigger("backup", http={"url": sink.url("backup")}, more={"atLeastOnce": True})
    target = {"url": f"http://127.0.0.1:{dead}/x"}
    more = {"atLeastOnce": True, "retryStrategy": strategy, "dlqTrigger": backup}
    bodies = [
        source(example=hook(port)),
        sensor(
            [trigger("dead", http=target, more=more), trigger("good", http={"url": sink.url("sink")})],
            [dependency("dep")],
        ),
    ]
    with running(data, *bodies) as up:
        event_id = post(port, "/example", {}).headers["x-argosy-event-id"]
        sink.wait("backup")
        sink.wait("sink")
        until(lambda: shown(up)["triggers"].get("dead", {}).get("failed") == 1, "it is counted")
        status = shown(up)
    (failure,) = status["failures"]
    assert failure["trigger"] == "dead"
    assert failure["events"] == {"dep": event_id}
    assert failure["reason"].startswith("after 3 of 3 attempts: ")
    assert f"127.0.0.1:{dead}" in failure["reason"]
    assert status["triggers"]["dead"]["failedAttempts"] == 2
    assert status["triggers"]["dead"]["lastFailure"] == failure["reason"]
    assert status["triggers"]["backup"]["fired"] == 1


def shown(up: Up) -> Any:
    """The status of the sensor, as `argosy get` tells it."""
    return up.get("sensor", "s", "-n", "ns")["status"]


def test_a_target_that_comes_back_is_reached_under_one_key(data: Path, sink: Sink) -> None:
    port = free_port()
    strategy = {"steps": 50, "duration": "100ms", "jitter": 0}
    bodies = [
        source(example=hook(port)),
        sensor(
            [
                trigger(
                    http={"url": sink.url("sink")},
                    more={"atLeastOnce": True, "retryStrategy": strategy, "policy": {"status": {"allow": [200]}}},
                )
            ],
            [dependency("dep")],
        ),
    ]
    sink.statuses["sink"] = 503
    with running(data, *bodies) as up:
        post(port, "/example", {})
        sink.wait("sink", 30)  # far too many for the deadline if the waits were longer than asked for
        sink.statuses["sink"] = 200
        up.idle()
        assert len(sink.keys("sink")) == 1
        assert "failures" not in shown(up)


def test_no_retry_is_late(data: Path, sink: Sink) -> None:
    port, posted = free_port(), 0
    strategy = {"steps": 2, "duration": "10ms", "jitter": 0}
    allow = {"policy": {"status": {"allow": [200]}}}
    sink.at_first = 503

    def all_retried() -> bool:
        nonlocal posted
        if len(sink.at("sink")) == 2 * posted and posted < 15:
            post(port, "/example", {})
            posted += 1
        return len(sink.at("sink")) == 30

    with running(data, source(example=hook(port)), to(sink, atLeastOnce=True, retryStrategy=strategy, **allow)):
        until(all_retried, "fifteen retries, one after the other")
    assert set(sink.keys("sink").values()) == {2}


def test_without_at_least_once_there_is_one_attempt(data: Path, sink: Sink) -> None:
    port = free_port()
    policy = {"policy": {"status": {"allow": [200]}}, "retryStrategy": {"steps": 5, "duration": "10ms"}}
    sink.statuses["sink"] = 500
    with running(data, source(example=hook(port)), to(sink, **policy)) as up:
        post(port, "/example", {})
        sink.wait("sink")
        failures = until(lambda: shown(up).get("failures"), "it is shown")
        assert "answered 500" in failures[0]["reason"]
        up.idle()
        assert len(sink.at("sink")) == 1


def test_without_a_cluster_its_triggers_say_so(data: Path, sink: Sink) -> None:
    port = free_port()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}
    bodies = [
        source(example=hook(port)),
        sensor(
            [trigger("pod", k8s={"source": {"resource": pod}}), trigger("good", http={"url": sink.url("sink")})],
            [dependency("dep")],
        ),
    ]
    with running(data, *bodies) as up:
        post(port, "/example", {})
        sink.wait("sink")
        failures = until(lambda: shown(up).get("failures"), "it is shown")
        assert "k8s" in failures[0]["reason"]


def test_a_hanging_target_holds_up_no_other(data: Path, sink: Sink) -> None:
    port = free_port()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        triggers = [
            trigger("hangs", http={"url": url, "timeout": 600}),
            trigger("good", http={"url": sink.url("sink")}),
        ]
        with running(data, source(example=hook(port)), sensor(triggers, [dependency("dep")])):
            for number in range(150):
                assert post(port, "/example", {"n": number}).status == 200
            sink.wait("sink", 150)


def test_output_is_one_line_each(data: Path) -> None:
    port = free_port()
    with running(data, source(example=hook(port))) as up:
        assert up.stop() == 0
        assert all(line.strip() for line in up.lines)
