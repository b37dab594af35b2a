"""For all tests: groups of tests stay together, and the longest groups begin.

A group runs in one process (`--dist loadgroup`) and is handed out as a whole, in the order of collection. So that no
processor idles at the end, what takes minutes comes first, and thousands of short tests fill up what is left.

Bytes name no case: an archive holds the second in which it was made, and processes that collect different names refuse to
run together.

xdist 3.8 writes a test's group to where pytest 9.2 no longer looks for its id; it is taken over from there.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from _pytest.nodeid import coerce_node_id

_FOLDER: Final = Path(__file__).parent
_LONGEST_FIRST: Final = (
    "integration/aws",
    "integration/rollouts",
    "integration/agents",
    "e2e/brokers",
    "integration",
    "functional/brokers",
    "e2e",
    "unit/rollouts/test_simulation.py",
    "functional",
)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """By the argument, where pytest would take the bytes."""
    return argname if isinstance(val, bytes) else None


def _place(item: pytest.Item) -> int:
    """Where a test comes: its folder's place in the list, the end for any other."""
    path = item.path.relative_to(_FOLDER)
    places = (number for number, name in enumerate(_LONGEST_FIRST) if path.is_relative_to(name))
    return next(places, len(_LONGEST_FIRST))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """After xdist has named the groups."""
    yield
    items.sort(key=_place)
    for item in items:
        if item.get_closest_marker("xdist_group") is not None:
            item._id = coerce_node_id(getattr(item, "_nodeid", item.nodeid))
