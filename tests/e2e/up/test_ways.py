"""The commands by each way to this machine's installation: the data directory, the API, the API by its address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.datadir import DataDir
from argosy.ports.clock import SystemClock
from argosy.ports.queue import Outgoing
from argosy.services.queues import DEAD_LETTERS, QUEUES
from contracts.client import ClientContract, Follow, Letters, Run, space
from support.events import event_source, sensor, trigger
from support.up import Following, Result, argosy, in_process, running, write

__all__ = ["space"]


class Local(ClientContract):
    """What the three have in common."""

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("ways") / "data"
        DataDir(folder)
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, data: Path) -> Iterator[dict[str, str]]:
        """The environment that leads there."""
        yield {"ARGOSY_DATA": str(data)}  # noqa: PT022 - those of the subclasses have a teardown

    @pytest.fixture
    def run(self, options: dict[str, str]) -> Run:
        def run(*arguments: object, **more: Any) -> Result:
            return in_process(*arguments, **more, env=options)

        return run

    @pytest.fixture
    def follow(self, options: dict[str, str]) -> Follow:
        def follow(*arguments: object) -> Following:
            return Following(*arguments, env=options)

        return follow

    @pytest.fixture
    def letters(self, data: Path) -> Letters:
        def letters(queue: str, count: int) -> None:
            made = SqliteQueue(DataDir(data).queue, QUEUES, SystemClock())
            made.send(DEAD_LETTERS[queue], [Outgoing("{}") for _ in range(count)])
            made.close()

        return letters


@pytest.mark.xdist_group("ways-data")
class TestTheDataDirectory(Local):
    """Nothing runs."""


@pytest.mark.xdist_group("ways-instance")
class TestTheRunningInstance(Local):
    """`argosy up` runs: its API, which the commands find by themselves."""

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, data: Path) -> Iterator[dict[str, str]]:
        with running(data):
            yield {"ARGOSY_DATA": str(data)}


@pytest.mark.xdist_group("ways-server")
class TestAServer(Local):
    """An address and a token file, remembered by nobody."""

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, data: Path) -> Iterator[dict[str, str]]:
        with running(data) as up:
            token = (data / "token").read_text().strip()
            yield {"ARGOSY_SERVER": f"http://127.0.0.1:{up.api}", "ARGOSY_TOKEN": token}


def test_an_uninstall_leaves_nothing(tmp_path: Path) -> None:
    """Of an installation of its own: it takes down all of it."""
    path = write(tmp_path / "m.yaml", event_source({"webhook": {}}), sensor([trigger()]))
    data = ("--data", tmp_path / "data")
    argosy("apply", "-f", path, *data)
    done = argosy("admin", "uninstall", "--yes", *data)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:2] == [
        "eventsource.argoproj.io/hook in ns deleted",
        "sensor.argoproj.io/s in ns deleted",
    ]
    assert "holds no declarations and is connected to nothing; stop `argosy up`" in done.out
    assert argosy("get", "all", "-A", "-o", "json", *data).json()["items"] == []
