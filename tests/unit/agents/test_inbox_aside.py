"""What comes by an agent's queue and is no report of an agent: set aside at once, so that it holds up nothing behind it."""

from __future__ import annotations

import pytest

from argosy.services.agents.registry import Entry
from argosy.services.queues import AGENT_REPORTS
from support.services import FakeInstallation


@pytest.mark.parametrize(
    "body", ["", "no JSON", "[]", "{}", '{"report":"other"}', '{"report":"inventory"}', '{"blob":"x"}']
)
def test_it_is_set_aside(body: str) -> None:
    made = FakeInstallation()
    made.runtime.registry.add(Entry("edge", "agent"))
    made.runtime.inbox.handle("edge", body)
    assert [(text, origin) for text, origin, _ in made.set_aside(AGENT_REPORTS)] == [(body, AGENT_REPORTS)]
