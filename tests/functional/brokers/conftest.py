"""The tests of a suite stay together, in one process: they share its server."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each class is a group."""
    for item in items:
        if item.path.is_relative_to(_FOLDER) and isinstance(item, pytest.Function) and item.cls is not None:
            item.add_marker(pytest.mark.xdist_group(f"connector-{item.cls.__name__}"))
