"""Blobs on the fake and on files, and what is the files' own."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from argosy.adapters.files.blobs import FileBlobs
from argosy.errors import Unavailable
from argosy.ports.blobs import Blobs
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from contracts.blobs import Aged, BlobsContract


class TestFake(BlobsContract):
    """On the fake."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def blobs(self, clock: FakeClock) -> Blobs:
        return FakeBlobs(clock)

    @pytest.fixture
    def aged(self, clock: FakeClock) -> Aged:
        def age(seconds: float) -> datetime:
            clock.advance(seconds)
            return clock.now()

        return age


class TestFiles(BlobsContract):
    """On files."""

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return FileBlobs(tmp_path / "blobs")

    @pytest.fixture
    def aged(self, tmp_path: Path) -> Aged:
        def age(seconds: float) -> datetime:
            now = datetime.now(UTC)
            for path in (tmp_path / "blobs").rglob("*"):
                os.utime(path, (now.timestamp() - seconds,) * 2)
            return now

        return age


def test_blobs_outlive_the_process_that_wrote_them(tmp_path: Path) -> None:
    FileBlobs(tmp_path).put("a/b", b"x")
    assert FileBlobs(tmp_path).get("a/b") == b"x"


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    FileBlobs(tmp_path / "blobs").put("folder/one", b"x")
    for path in ("blobs/folder", "blobs/folder/one"):
        assert (tmp_path / path).stat().st_mode & 0o077 == 0


def test_nothing_is_left_beside_the_blob(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    for data in (b"x", b"y"):
        blobs.put("one", data)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_readers_see_one_blob_or_the_other(tmp_path: Path) -> None:
    blobs, size = FileBlobs(tmp_path), 100_000
    blobs.put("k", b"a" * size)

    def write() -> None:
        for sign in (b"b", b"a") * 10:
            blobs.put("k", sign * size)

    writer = threading.Thread(target=write)
    writer.start()
    seen = {blobs.get("k")}
    while writer.is_alive():
        seen.add(blobs.get("k"))
    writer.join()
    assert seen <= {b"a" * size, b"b" * size}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("this is a file")
    with pytest.raises(Unavailable, match="cannot write blob a/b"):
        FileBlobs(tmp_path / "blobs").put("a/b", b"x")
