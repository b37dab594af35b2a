"""One's own writes are read until the mirror has them, and not for ever."""

from __future__ import annotations

import pytest

from argosy.control.keys import Key
from argosy.ports.fakes.clock import FakeClock
from argosy.services.agents.mirror import Copy
from argosy.services.applications.fresh import Fresh

KEY = Key("edge", "", "ConfigMap", "ns", "a")


def body(version: int) -> dict[str, object]:
    return {"metadata": {"uid": "u", "resourceVersion": f"{version}"}}


@pytest.mark.parametrize(
    ("mirrored", "seconds", "version"),
    [
        (None, 0, 5),
        (None, 301, None),
        (Copy("u", 4, body(4)), 0, 5),
        (Copy("u", 4, body(4)), 301, 4),
        (Copy("u", 5, body(5)), 0, 5),
        (Copy("u", 6, None), 0, 6),
    ],
    ids=["not told yet", "never told", "told of what was before", "for long", "told", "gone since"],
)
def test_the_newest(mirrored: Copy | None, seconds: int, version: int | None) -> None:
    clock = FakeClock()
    fresh = Fresh(clock)
    fresh.wrote(KEY, body(5))
    clock.advance(seconds)
    found = fresh.newest(KEY, mirrored)
    assert (found.version if found is not None else None) == version


def test_what_the_mirror_has_is_not_kept() -> None:
    fresh = Fresh(FakeClock())
    fresh.wrote(KEY, body(5))
    fresh.newest(KEY, Copy("u", 6, None))
    assert fresh.newest(KEY, None) is None
