"""Whatever is killed, a sync goes on where it stood, ends the same, and runs no hook twice.

Each installation here has a control namespace of its own, so that no other one does its work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.registry import Entry
from support.agents import AgentProcess, hub_on, pod_environment, settled
from support.gitops import Site, config_map, deployment, job
from support.gitserver import GitServer, Repo
from support.motoserver import moto_server
from support.up import Up, argosy, until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

_MOST_KILLS = 12
_SECONDS = 120.0


@pytest.fixture
def own(cluster: DirectCluster, repositories: GitServer, tmp_path: Path) -> Iterator[Site]:
    """A site whose control namespace is its own."""
    name = f"kills-{tmp_path.name.replace('_', '-').lower()[-20:].strip('-')}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{name}-argocd"}})
    made = Site(cluster, f"{name}-argocd", name, Repo(repositories.root / name), repositories)
    yield made
    made.close()
    cluster.delete("v1", "Namespace", "", f"{name}-argocd")


class Witness:
    """Sees every Job that comes to be in a namespace, by its uid, until it is left."""

    def __init__(self, site: Site) -> None:
        self._site, self._stop = site, threading.Event()
        self.jobs: dict[str, str] = {}
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            for one in self._site.cluster.list("batch/v1", "Job", self._site.namespace):
                self.jobs[one["metadata"]["uid"]] = one["metadata"]["name"]


def told(state: Any) -> str:
    """How far an operation has come."""
    return str([state.get("message"), (state.get("syncResult") or {}).get("resources")])


def killed_whenever_it_moves(site: Site, kill: Callable[[], None]) -> None:
    """A sync with hooks, waves and pruning; `kill` ends what decides or acts, and starts it again."""
    site.commit(config_map("old", sync_wave="1"), config_map("a"))
    site.app()
    site.reaches("OutOfSync")
    site.sync()
    began = site.ends("Succeeded")["startedAt"]
    site.reaches("Synced", "Healthy")
    site.commit(
        job("before", hook="PreSync"),
        config_map("a", "2", sync_wave="-1"),
        deployment("web"),
        config_map("last", sync_wave="1"),
        job("after", hook="PostSync"),
    )
    kills, before = 0, ""

    def moved() -> Any:
        """The operation, once it has ended or has come further than when it was killed."""
        state = site.status().get("operationState") or {}
        return state if ended(state) or (told(state) != before and kills <= _MOST_KILLS) else None

    def ended(state: Any) -> bool:
        return state.get("startedAt") != began and state.get("phase") not in ("Running", None)

    with Witness(site) as witness:
        site.sync(prune=True)
        while not ended(state := until(moved, "the sync goes on", _SECONDS)):
            before = told(state)
            kill()
            kills += 1
    assert (state["phase"], state["message"]) == ("Succeeded", "successfully synced (no more tasks)"), told(state)
    results = {one["name"]: (one.get("status", ""), one["hookPhase"]) for one in state["syncResult"]["resources"]}
    assert results == {
        "before": ("", "Succeeded"),
        "a": ("Synced", "Succeeded"),
        "web": ("Synced", "Succeeded"),
        "last": ("Synced", "Succeeded"),
        "old": ("Pruned", "Succeeded"),
        "after": ("", "Succeeded"),
    }
    assert sorted(witness.jobs.values()) == ["after", "before"], "each hook ran once"
    assert kills >= 5
    assert site.names("v1", "ConfigMap") == ["a", "last"]
    assert site.value("a") == "2"
    site.reaches("Synced", "Healthy")


def test_argosy_up(context: str, own: Site, data: Path) -> None:
    running = Up(data, "--cluster", context).ready()
    try:
        assert argosy("cluster", "set", "in-cluster", "--argocd-namespace", own.control, data=data).code == 0

        def kill() -> None:
            nonlocal running
            running.kill()
            running = Up(data, "--cluster", context)  # killed again as soon as something has moved

        killed_whenever_it_moves(own, kill)
    finally:
        running.kill()


def test_the_agent(complete_cluster: ClusterInfo, own: Site, tmp_path: Path) -> None:
    with ExitStack() as stack:
        endpoint = stack.enter_context(moto_server())
        edge = Entry("edge", "agent", argocd_namespace=own.control)
        hub = stack.enter_context(hub_on(endpoint, tmp_path / "hub", [edge]))
        agent = AgentProcess(hub, "edge", pod_environment(complete_cluster, tmp_path / "pod"), tmp_path / "agent.log")
        stack.callback(agent.kill)
        agent.start()
        settled(hub, "edge")

        def kill() -> None:
            agent.kill()
            agent.start()

        killed_whenever_it_moves(own, kill)
        assert hub.failures == []
