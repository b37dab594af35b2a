"""The tests of a broker stay together, in one process: they share its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parent


def _server(item: pytest.Item) -> str:
    """The name of the broker that a test of this folder is about, "" for any other test."""
    if not item.path.is_relative_to(_FOLDER) or not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return ""
    broker: Any = item.callspec.params["server"]
    return str(broker.__name__)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each broker is a group."""
    ours = iter(sorted((item for item in items if _server(item)), key=_server))
    items[:] = [next(ours) if _server(item) else item for item in items]
    for item in items:
        if name := _server(item):
            item.add_marker(pytest.mark.xdist_group(f"broker-{name}"))
