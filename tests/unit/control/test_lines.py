"""Which lines run, what they carry, and how long one that has failed waits."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from argosy.control.lines import Line, changes, pause, secrets_of
from argosy.errors import EvaluationError, InvalidObject
from argosy.resources.sensor import Backoff
from support.brokers.entries import ENTRIES, entry
from support.events import model

A = Line("ns/s/a", "nats", "default", "{}")
B = Line("ns/s/b", "nats", "default", "{}")
OTHER = dataclasses.replace(A, account="other")


@pytest.mark.parametrize(
    ("running", "wanted", "ended", "begun"),
    [
        ([], [A, B], [], [A, B]),
        ([A, B], [A, B], [], []),
        ([A, B], [B], ["ns/s/a"], []),
        ([A], [OTHER], ["ns/s/a"], [OTHER]),
        ([A], [], ["ns/s/a"], []),
    ],
)
def test_what_changes(running: list[Line], wanted: list[Line], ended: list[str], begun: list[Line]) -> None:
    assert changes({line.key: line for line in running}, wanted) == (ended, begun)


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_line_travels(kind: str) -> None:
    found = entry(kind, metadata={"a": "b"}, filter={"expression": "true"})
    line = Line.of("team@edge/source/x", kind, "default", found)
    again = Line.from_json(line.as_json())
    assert (again, again.entry(), again.namespace) == (line, found, "team")


@pytest.mark.parametrize("body", [None, [], ["a", "b", "c"], ["a", "b", "c", 4], {"key": "a"}])
def test_what_is_no_line(body: Any) -> None:
    with pytest.raises(EvaluationError):
        Line.from_json(body)


@pytest.mark.parametrize(("kind", "text"), [("nats", "[]"), ("nats", "{"), ("carrier-pigeon", "{}")])
def test_an_entry_of_another_release(kind: str, text: str) -> None:
    with pytest.raises(InvalidObject):
        Line("ns/s/x", kind, "default", text).entry()


@pytest.mark.parametrize(
    ("backoff", "attempts", "chance", "expected"),
    [
        (None, [1, 2, 3, 6, 100], 0.0, [1, 2, 4, 30, 30]),
        ({"duration": "200ms", "factor": 2, "steps": 3}, [1, 2, 3, 4], 0.0, [0.2, 0.4, 0.8, 0.8]),
        ({"duration": 2_000_000_000}, [1, 5, 9], 0.5, [2, 2, 2]),
        ({"duration": "1s", "jitter": 1}, [1], 0.5, [1.5]),
        ({"duration": "1h"}, [1], 0.0, [60]),
        ({"duration": "0s"}, [1], 0.0, [0.1]),
        ({"duration": "soon"}, [1], 0.0, [1]),
        ({"factor": 1e300, "steps": 9}, [9], 0.0, [60]),
    ],
)
def test_how_long_it_waits(
    backoff: dict[str, Any] | None, attempts: list[int], chance: float, expected: list[float]
) -> None:
    given = model(Backoff, backoff) if backoff is not None else None
    assert [pause(given, attempt, chance) for attempt in attempts] == pytest.approx(expected)


def test_the_secrets_of_an_entry() -> None:
    def ref(key: str) -> dict[str, str]:
        return {"name": "n", "key": key}

    found = entry(
        "nats",
        auth={"basic": {"username": ref("user"), "password": ref("password")}},
        tls={"caCertSecret": ref("ca")},
    )
    assert sorted(one.key for one in secrets_of(found)) == ["ca", "password", "user"]
