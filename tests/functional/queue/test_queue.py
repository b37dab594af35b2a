"""The queue on the fake and on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.queue import Queue
from contracts.queue import SPECS, QueueContract


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class TestFake(QueueContract):
    """On the fake."""

    @pytest.fixture
    def queue(self, clock: FakeClock) -> Queue:
        return FakeQueue(SPECS, clock)


class TestSqlite(QueueContract):
    """On SQLite, durable as the gateway writes and ordered as the worker does."""

    @pytest.fixture(params=[True, False], ids=["durable", "ordered"])
    def queue(self, request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> Iterator[Queue]:
        queue = SqliteQueue(tmp_path / "queue.db", SPECS, clock, durable=request.param)
        yield queue
        queue.close()
