"""A sink, and instances of `argosy up` that leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.up import Sink
from support.up import sink as running_sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An HTTP server for triggers of the test."""
    with running_sink() as made:
        yield made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "data"
