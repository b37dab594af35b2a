"""`argosy events` beside a running instance: what came, what became of it, why, and once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from argosy.services.receive import EVENT_ID_HEADER
from support.events import dependency, event_source, sensor, trigger
from support.up import Following, Result, Sink, Up, argosy, free_port, post, running, sink, until

pytestmark = pytest.mark.xdist_group("e2e-history")  # one instance for the whole file


@dataclass(frozen=True)
class Served:
    """The instance, its sink and the port of its webhook."""

    up: Up
    sink: Sink
    port: int

    def post(self, number: int) -> str:
        """Send an event; its id."""
        answer = post(self.port, "/example", {"n": number})
        assert answer.status == 200
        return answer.headers[EVENT_ID_HEADER.lower()]

    def events(self, *arguments: object) -> Result:
        """`argosy events …` on its data directory."""
        return argosy("events", *arguments, "-n", "ns", data=self.up.data)

    def says(self, text: str, *arguments: object) -> str:
        """What `argosy events …` prints once `text` is in it: history is written a moment later."""
        return until(lambda: out if text in (out := self.events(*arguments).out) else "", f"{text} in {arguments}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = free_port()
    only = {"data": [{"path": "body.n", "type": "number", "comparator": ">=", "value": ["5"]}]}
    with sink() as target:
        hook = {"webhook": {"example": {"endpoint": "/example", "port": str(port), "method": "POST"}}}
        made = sensor([trigger(http={"url": target.url("it")})], [dependency("dep", filters=only)])
        with running(tmp_path_factory.mktemp("history") / "data", event_source(hook), made) as up:
            yield Served(up, target, port)


def test_an_event_from_its_request_to_its_result(served: Served) -> None:
    name = served.post(7)
    told = served.says("attempt 1 fired", "trace", name)
    assert f"event {name} hook/example, trace {name}" in told
    assert "of s/t with dep =" in told
    assert served.says(name, "list")
    assert f'"id": "{name}"' in served.events("show", name).out


def test_why(served: Served) -> None:
    name = served.post(1)
    told = served.says("dependency dep: stopped", "why", "s", name)
    assert "dependency dep: data[0]: stopped, asked for body.n >= 5 (number); it is 1" in told
    assert "trigger t: stopped" in told


def test_tail(served: Served) -> None:
    with Following("events", "tail", "-n", "ns", env={"ARGOSY_DATA": str(served.up.data)}) as following:
        name = served.post(1)
        assert until(lambda: [line for line in list(following.lines) if name in line], "the event in the tail")


def test_a_replay(served: Served) -> None:
    name = served.post(9)
    served.says("attempt 1 fired", "trace", name)
    dry = served.events("replay", "--since", "1h", "--sensor", "s", "--dry-run").out
    assert f"s/t would fire with dep = {name}" in dry
    before = len(served.sink.at("it"))
    assert "published again" in served.events("replay", "--since", "1h", "--sensor", "s").out
    served.sink.wait("it", before + 1)
    served.says(f'"replays": "{name}"', "list", "-o", "json")
