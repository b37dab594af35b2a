"""How often repositories are looked at: `timeout.reconciliation` of the clusters whose Applications follow them."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.keys import Key
from argosy.ports.repository import Credentials
from argosy.resources.definitions import GROUP
from argosy.services.applications.following import repository_key
from support.edge import URL, Edge
from support.gitops import config_map

SETTINGS = {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}


class Scheduled(Edge):
    """An edge whose settings say how often, and whose repository counts who asks."""

    def __init__(self, timeout: str = "", **spec: Any) -> None:
        super().__init__()
        self.asked = 0
        repository: Any = self.made.repository
        plain = repository.refs

        def refs(url: str, credentials: Credentials) -> Any:
            self.asked += 1
            return plain(url, credentials)

        repository.refs = refs
        data = {"timeout.reconciliation": timeout} if timeout else {}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": SETTINGS, "data": data}
        self.agent.cluster.create(body)
        self.settle()
        self.commit(config_map("a"))
        self.create(**spec)

    def says(self, timeout: str) -> None:
        """Somebody changes the settings."""
        body = {"data": {"timeout.reconciliation": timeout}}
        self.agent.cluster.patch("v1", "ConfigMap", "argocd", "argocd-cm", body)
        self.settle()

    def times(self, minutes: int) -> int:
        """How often the repository is asked in some minutes."""
        before = self.asked
        for _ in range(minutes):
            self.settle(54)
        return self.asked - before


@pytest.mark.parametrize(("timeout", "least", "most"), [("", 18, 30), ("10m", 4, 6), ("0s", 0, 0)])
def test_as_often_as_the_settings_say(timeout: str, least: int, most: int) -> None:
    edge = Scheduled(timeout)
    assert least <= edge.times(60) <= most


def test_a_change_of_the_settings_counts_at_once() -> None:
    edge = Scheduled("0s")
    edge.commit(config_map("a", "2"))
    assert edge.times(30) == 0
    assert edge.value() == "1"
    edge.says("60s")
    edge.times(5)
    assert edge.value() == "2"
    edge.says("0s")
    edge.times(3)
    assert edge.times(30) == 0


def test_never_means_never_whatever_wakes_it() -> None:
    edge = Scheduled("0s", syncPolicy={})
    first = edge.status()["sync"]["revision"]
    second = edge.commit(config_map("a", "2"))
    edge.made.runtime.applications.following.found((URL, "main", ""), second)
    notes = {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:web/a"}
    metadata = {"name": "a", "namespace": "web", "annotations": notes}
    assert edge.status()["health"]["status"] == "Missing"
    edge.agent.cluster.create({**config_map("a", "by hand"), "metadata": metadata})
    edge.settle(10)
    assert edge.status()["health"]["status"] == "Healthy", "it was looked at"
    assert edge.status()["sync"]["revision"] == first


def test_the_shortest_period_of_those_who_follow_counts() -> None:
    edge = Scheduled("1h")
    assert edge.times(30) == 0
    following = edge.made.runtime.applications.following
    other = Key("other", GROUP, "Application", "argocd", "shop")
    for soft, least, most in ((0.0, 0, 0), (60.0, 15, 31)):
        for repository in following.follow(other, [(URL, "main", "")], soft=soft, jitter=0.0):
            edge.made.runtime.app_wakes.wake(str(repository))
        edge.settle()
        assert least <= edge.times(30) <= most
    assert [one.soft for one in following.all(repository_key(URL))] == [3600.0, 60.0]
