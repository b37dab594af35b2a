"""functions/tick with EventBridge's scheduled events."""

from __future__ import annotations

import pytest

from support.events import event_source
from support.functions import invoke, recorded
from support.services import FakeInstallation


@pytest.mark.parametrize("name", ["tick", "calendar"])
def test_the_recorded_event(name: str) -> None:
    made = FakeInstallation()
    made.apply(event_source({"calendar": {"a": {"interval": "10s"}, "b": {"schedule": "0 9 * * *"}}}, name="cal"))
    assert invoke("tick", recorded(name), made) == {"published": 0}
    made.clock.advance(10)
    assert invoke("tick", recorded(name), made) == {"published": 1}
    assert [message["event"]["subject"] for message in made.events()] == ["a"]
