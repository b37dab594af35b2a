"""What each function costs: time to import (warm bytecode), CPU per event in batches of 1 and 10, on fakes in this process.

`make bench-functions`; one JSON line for each function. Import is the median of seven fresh interpreters, less that of an
empty one; CPU is this process's own time, without network. Calls of DynamoDB and SQS per event are counted by
`tests/functional/aws/test_runtime.py`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "layers" / "core")]

from argosy.ports.wiring import Place  # noqa: E402 - the paths come first
from support.events import dependency, event, event_source, sensor, trigger  # noqa: E402
from support.functions import batch, invoke, recorded  # noqa: E402
from support.services import FakeInstallation  # noqa: E402

PLACE = Place("aws", "eu-central-1", "123456789012", "bench", ("*",))
ROUNDS = 300
Event = Callable[[FakeInstallation, int], dict[str, Any]]


def _start(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return time.perf_counter() - began


def import_ms(function: str) -> float:
    """Milliseconds to import a function's module."""
    paths = f"import sys; sys.path[:0] = ['layers/core', 'functions/{function}']"
    full = statistics.median(_start(f"{paths}; import app") for _ in range(7))
    return round((full - statistics.median(_start(paths) for _ in range(7))) * 1000, 1)


def _bus(made: FakeInstallation, size: int) -> dict[str, Any]:
    return batch("sensor", [made.bus_message(event({"body": {"id": n}}, id=f"e{n}")) for n in range(size)])


def _triggers(made: FakeInstallation, size: int) -> dict[str, Any]:
    made.sense(*(event({"body": {"id": n}}, id=f"e{n}") for n in range(size)))
    deliveries = made.runtime.queue.receive("triggers", size)
    return batch("trigger", [delivery.body for delivery in deliveries])


def _sqs(_: FakeInstallation, size: int) -> dict[str, Any]:
    return batch("sqs", ['{"message": "hello"}'] * size)


def _sources(_: FakeInstallation, size: int) -> dict[str, Any]:
    return batch("sources", [recorded("sources")["Records"][0]["body"]] * size)


def _webhook(_: FakeInstallation, size: int) -> dict[str, Any]:
    del size
    return recorded("webhook")


BATCHES: dict[str, Event] = {
    "webhook": _webhook,
    "sensor": _bus,
    "trigger": _triggers,
    "sqs": _sqs,
    "sources": _sources,
}


def _installation() -> FakeInstallation:
    made = FakeInstallation(place=PLACE)
    sqs = {"region": "eu-central-1", "queue": "orders"}
    sns = {
        "region": "eu-central-1",
        "topicArn": "arn:aws:sns:eu-central-1:123456789012:orders",
        "webhook": {"endpoint": "/", "port": "12000"},
    }
    payload = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]
    made.apply(
        event_source(
            {"webhook": {"example": {"endpoint": "/example", "port": "12000", "method": "POST"}}}, name="webhook"
        ),
        event_source({"sqs": {"example": sqs}}, name="sqs"),
        event_source({"sns": {"example": sns}}, name="sns"),
        sensor([trigger(http={"url": "http://sink/", "payload": payload})], [dependency("dep")]),
    )
    return made


def cpu_ms(function: str, size: int) -> float:
    """Milliseconds of CPU for one event, in batches of `size`."""
    made = _installation()
    spent = 0.0
    for _ in range(ROUNDS):
        given = BATCHES[function](made, size)
        began = time.process_time()
        invoke(function, given, made)
        spent += time.process_time() - began
    return round(spent / ROUNDS / size * 1000, 3)


def main() -> None:
    """Print one line for each function."""
    for path in sorted((ROOT / "functions").glob("*/app.py")):
        name = path.parent.name
        line: dict[str, Any] = {"function": name, "import_ms": import_ms(name)}
        if name in BATCHES:
            sizes = (1,) if name == "webhook" else (1, 10)
            line |= {f"cpu_ms_per_event_in_{size}": cpu_ms(name, size) for size in sizes}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
