"""The connector of `file`, by inotify and by polling."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.brokers import LibraryBrokers
from argosy.errors import NotFound
from argosy.ports.brokers import Delivery
from contracts.brokers import take
from support.brokers.entries import entry


def watching(folder: Path, *, polling: bool) -> Any:
    watched = {"directory": f"{folder}/", "pathRegexp": ".*"}
    return LibraryBrokers().connector("file", entry("file", watchPathConfig=watched, polling=polling))


def told(deliveries: list[Delivery], folder: Path) -> list[tuple[str, str]]:
    return [(one.message["name"].removeprefix(f"{folder}/"), one.message["op"]) for one in deliveries]


@pytest.mark.parametrize("polling", [False, True])
def test_every_operation(tmp_path: Path, polling: bool) -> None:
    path = tmp_path / "a"
    (tmp_path / "there").write_text("x")

    def write() -> None:
        with path.open("a") as file:
            file.write("more")

    steps = [
        (path.touch, ("a", "CREATE")),
        (write, ("a", "WRITE")),
        (lambda: path.chmod(0o600), ("a", "CHMOD")),
        (lambda: path.rename(tmp_path / "b"), ("a", "RENAME")),
        ((tmp_path / "b").unlink, ("b", "REMOVE")),
    ]

    async def work() -> None:
        connector = watching(tmp_path, polling=polling)
        await connector.connect(str)
        async with asyncio.timeout(60):
            for step, expected in steps:
                step()
                seen: list[tuple[str, str]] = []
                while expected not in seen:
                    seen += told(await take(connector, 1), tmp_path)
                assert ("there", "CREATE") not in seen
        await connector.close()

    asyncio.run(work())


@pytest.mark.parametrize("polling", [False, True])
def test_a_folder_that_is_not_there(tmp_path: Path, polling: bool) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        asyncio.run(watching(tmp_path / "nowhere", polling=polling).connect(str))


def test_a_folder_that_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()

    async def work() -> None:
        connector = watching(folder, polling=False)
        await connector.connect(str)
        folder.rmdir()
        async with asyncio.timeout(60):
            with pytest.raises(NotFound):
                await connector.receive()
        await connector.close()

    asyncio.run(work())
