"""For all tests: groups of tests stay together.

xdist 3.8 writes a test's group to where pytest 9.2 no longer looks for its id; it is taken over from there.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.nodeid import coerce_node_id


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """After xdist has named the groups."""
    yield
    for item in items:
        if item.get_closest_marker("xdist_group") is not None:
            item._id = coerce_node_id(getattr(item, "_nodeid", item.nodeid))
