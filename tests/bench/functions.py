"""What each function costs: time to import (warm bytecode), size, CPU per event in batches of 1 and 10, and calls of AWS.

`make bench-functions`; one JSON line for each function. Import is the median of seven fresh interpreters, less that of an
empty one; size is what Lambda unpacks, layers included; CPU is this process's own time, on fakes. Rows that are written to
DynamoDB and calls of SQS are counted on moto, for each of ten events in a batch that fire one trigger each; the calls
that Lambda's own pollers make for the function are among them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "layers" / "core")]

from infra.localstack.build import build  # noqa: E402

from argosy.adapters.aws.clients import Clients  # noqa: E402 - the paths come first
from argosy.adapters.aws.runtime import Settings, assemble  # noqa: E402
from argosy.local.devcluster.progress import QuietProgress  # noqa: E402
from argosy.ports.wiring import Place  # noqa: E402
from argosy.services.queues import BUS, TRIGGERS  # noqa: E402
from support import template  # noqa: E402
from support.aws import mocked  # noqa: E402
from support.awsruntime import Counted, installation, make_installation, post, pump  # noqa: E402
from support.events import dependency, event, event_source, sensor, trigger  # noqa: E402
from support.functions import batch, invoke, recorded  # noqa: E402
from support.services import FakeInstallation  # noqa: E402
from support.sizes import unzipped  # noqa: E402

PLACE = Place("aws", "eu-central-1", "123456789012", "bench", ("*",))
ROUNDS = 300
# What the template gives every function, as far as it is a text.
PLAIN = {
    name: value
    for name, value in template.template()["Globals"]["Function"]["Environment"]["Variables"].items()
    if isinstance(value, str)
}
Event = Callable[[FakeInstallation, int], dict[str, Any]]


def _start(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, **PLAIN})
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


def aws_calls() -> dict[str, dict[str, float]]:
    """Rows written and calls of SQS for each of ten events, by function."""
    found: dict[str, dict[str, float]] = {}
    with mocked() as clients:
        environment = make_installation(clients)
        post(installation(environment))
        counted = Counted(Clients(environment))
        made = assemble(Settings.read(environment), counted.clients)
        pump(made, BUS, "sensor")
        pump(made, TRIGGERS, "trigger")  # its counters are there now
        for function, queue in (("webhook", ""), ("sensor", BUS), ("trigger", TRIGGERS)):
            before = counted.writes, counted.queue_calls
            if queue:
                pump(made, queue, function)
            else:
                for _ in range(10):
                    post(made)
            written, called = counted.writes - before[0], counted.queue_calls - before[1]
            found[function] = {"rows_written_per_event": written / 10, "sqs_calls_per_event": called / 10}
    return found


def main() -> None:
    """Print one line for each function."""
    calls, sizes = aws_calls(), unzipped(build(QuietProgress()))
    megabytes: dict[str, float] = {}
    for name, size in sizes.items():  # of what is deployed twice, the larger
        megabytes[template.folder(name)] = max(round(size / 1e6, 1), megabytes.get(template.folder(name), 0.0))
    for path in sorted((ROOT / "functions").glob("*/app.py")):
        name = path.parent.name
        line: dict[str, Any] = {"function": name, "import_ms": import_ms(name), "unzipped_mb": megabytes[name]}
        if name in BATCHES:
            batches = (1,) if name == "webhook" else (1, 10)
            line |= {f"cpu_ms_per_event_in_{size}": cpu_ms(name, size) for size in batches}
        print(json.dumps(line | calls.get(name, {})), flush=True)


if __name__ == "__main__":
    main()
