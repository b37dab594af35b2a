"""Whatever is killed, a rollout goes on where it stood, and enough pods serve throughout.

Each installation here decides on what carries its instance id alone, so that no other one does its work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.registry import Entry
from support.agents import AgentProcess, hub_on, pod_environment, settled
from support.motoserver import moto_server
from support.rollouts import Shop
from support.up import Up, argosy, until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]

STRATEGIES = ["canary", "blueGreen"]
_MOST_KILLS = 8
_SECONDS = 120.0


@pytest.fixture
def own(cluster: DirectCluster, tmp_path: Path) -> Iterator[Shop]:
    """A namespace whose rollout carries the instance id `own`."""
    made = Shop(cluster, f"own-{tmp_path.name.replace('_', '-').lower()[:40].strip('-')}", "own")
    yield made
    made.close()


def begun(shop: Shop, strategy: str) -> None:
    """A rollout whose second version is on its way."""
    if strategy == "canary":
        shop.rollout({"canary": {"steps": [{"setWeight": 25}, {"setWeight": 50}, {"pause": {"duration": "1s"}}]}})
    else:
        shop.service("active", "preview")
        names = {"activeService": "active", "previewService": "preview", "scaleDownDelaySeconds": 1}
        shop.rollout({"blueGreen": {**names, "autoPromotionSeconds": 1}})
    shop.watch()
    shop.image("app:2")


def killed_whenever_it_moves(shop: Shop, kill: Callable[[], None]) -> None:
    """`kill` ends what decides or acts, and starts it again."""
    kills, before = 0, ""

    def moved() -> str:
        """How far it has come, once it has ended or has come further than when it was killed."""
        now = str([shop.status.get("currentStepIndex"), shop.status.get("blueGreen"), shop.sets()])
        return now if ended() or (now != before and kills <= _MOST_KILLS) else ""

    def ended() -> bool:
        return shop.status.get("phase") == "Healthy" and shop.sets() == {"app:2": 4}

    while (now := until(moved, "the rollout goes on", _SECONDS)) and not ended():
        before = now
        kill()
        kills += 1
    assert kills >= 3
    assert shop.least is not None
    assert shop.least >= 3


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_argosy_up(context: str, own: Shop, data: Path, strategy: str) -> None:
    running = Up(data, "--cluster", context).ready()
    try:
        assert argosy("cluster", "set", "in-cluster", "--instance-id", "own", data=data).code == 0
        begun(own, strategy)

        def kill() -> None:
            nonlocal running
            running.kill()
            running = Up(data, "--cluster", context)  # killed again as soon as something has moved

        killed_whenever_it_moves(own, kill)
    finally:
        running.kill()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_agent(complete_cluster: ClusterInfo, own: Shop, tmp_path: Path, strategy: str) -> None:
    with ExitStack() as stack:
        endpoint = stack.enter_context(moto_server())
        hub = stack.enter_context(hub_on(endpoint, tmp_path / "hub", [Entry("edge", "agent", instance_id="own")]))
        agent = AgentProcess(hub, "edge", pod_environment(complete_cluster, tmp_path / "pod"), tmp_path / "agent.log")
        stack.callback(agent.kill)
        agent.start()
        settled(hub, "edge")
        begun(own, strategy)

        def kill() -> None:
            agent.kill()
            agent.start()

        killed_whenever_it_moves(own, kill)
        assert hub.failures == []
