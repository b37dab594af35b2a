"""HTTP to names inside a cluster, through its agent."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import pytest

from argosy.adapters.files.secrets import FileSecrets
from argosy.adapters.http.executor import HttpExecutor
from argosy.errors import Denied, Unavailable
from argosy.events.effects import HttpCall
from argosy.ports.executor import FiringInfo
from support.agents import AgentProcess, Hub

pytestmark = pytest.mark.cluster


def call(hub: Hub, url: str, namespace: str = "team@edge") -> str:
    executor = HttpExecutor(FileSecrets(hub.folder, {}), lambda: hub.runtime.insides)
    firing = FiringInfo(uuid.uuid4().hex, namespace, "s", "t")
    return asyncio.run(executor.execute(HttpCall(url, timeout=5), firing))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://prometheus.elsewhere.svc/api", "services of namespace elsewhere are not to be called: this agent's"),
        ("http://prometheus.inside.svc:9090/api", "services of namespace inside are not to be called: the hub"),
    ],
)
def test_what_neither_side_allows_is_refused(hub: Hub, agent: AgentProcess, url: str, reason: str) -> None:
    with pytest.raises(Denied, match=reason):
        call(hub, url)


def test_a_service_that_is_not_there(hub: Hub, agent: AgentProcess) -> None:
    """Both sides allow it; that there is no such name is the agent's own answer."""
    entry = hub.runtime.registry.find("edge")
    hub.runtime.registry.add(replace(entry, http_namespaces=("inside",)), replace=True)
    hub.runtime.subscribing.subscribe("edge")
    with pytest.raises((Unavailable, Denied), match=r"nobody\.inside\.svc|the hub"):
        call(hub, "http://nobody.inside.svc/")
