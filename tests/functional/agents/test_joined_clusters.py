"""Clusters of Argo CD's Secrets where agents of this process go by them: registered while the Secret is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.errors import Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from argosy.services.agents.registry import HOME, Entry
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.destinations import IN_CLUSTER, Destinations
from functional.agents.test_cluster_secrets import CANARY, cluster_secret
from support.services import FakeInstallation

KEYS = new_keys()


class Joining:
    """An installation on one machine, and its home cluster."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.cluster = FakeCluster(clock)
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
        self.home = Entry(HOME, "home", management=True)
        made = FakeInstallation(clock, signer=KeySigner(lambda: KEYS))
        self.runtime = replace(made.runtime, home=self.home, connect=lambda _: self.cluster, joins=True)

    def known(self) -> dict[str, tuple[str, str, str]]:
        """Address → name here, project, problem; as somebody sees it who has heard of nothing before."""
        found = Destinations(self.runtime).of(ControlPlane(self.runtime, HOME))
        return {one.cluster.server: (one.name, one.cluster.project, one.problem) for one in found}


def test_it_is_registered_and_leaves_with_its_secret() -> None:
    here = Joining()
    here.cluster.create(cluster_secret("one", name="prod", server="https://prod/", project="team", namespaces="web"))
    assert here.known() == {IN_CLUSTER: (HOME, "", ""), "https://prod": ("prod", "team", "")}
    entry = here.runtime.registry.find("prod")
    assert (entry.way, entry.door, entry.namespaces) == ("agent", False, ("web",))
    assert (entry.settings["secret"], entry.settings["server"]) == ("in-cluster/argocd/one", "https://prod")
    assert CANARY not in repr(entry)
    version = entry.settings["version"]
    here.cluster.patch("v1", "Secret", "argocd", "one", {"metadata": {"labels": {"rotated": "yes"}}})
    here.known()
    assert here.runtime.registry.find("prod").settings["version"] != version, "its agent signs in anew"
    here.cluster.delete("v1", "Secret", "argocd", "one")
    assert list(here.known()) == [IN_CLUSTER]
    assert [one.name for one in here.runtime.registry.all()] == [HOME]


def test_what_signs_in_is_of_the_secret_that_the_address_is_of() -> None:
    """Whoever moves a cluster writes another address and another token: the new token is not for the old address."""
    here = Joining()
    here.cluster.create(cluster_secret("one", name="prod", server="https://prod"))
    here.known()
    entry, destinations = here.runtime.registry.find("prod"), Destinations(here.runtime)
    assert destinations.access(entry).token == CANARY
    moved = cluster_secret("one", name="prod", server="https://new", config='{"bearerToken": "new"}')
    here.cluster.patch("v1", "Secret", "argocd", "one", {"data": moved["data"]})
    with pytest.raises(Unavailable, match="Secret argocd/one of cluster prod has changed"):
        destinations.access(entry)
    here.known()
    assert destinations.access(here.runtime.registry.find("prod")).token == "new"


def test_names_that_cannot_be_ours_and_names_that_are_taken() -> None:
    here = Joining()
    here.cluster.create(cluster_secret("a", name="Prod EU", server="https://eu"))
    here.cluster.create(cluster_secret("b", name="prod", server="https://one"))
    here.cluster.create(cluster_secret("c", name="prod", server="https://two"))
    before = here.known()
    names = [before[server][0] for server in ("https://eu", "https://one", "https://two")]
    assert len({*names}) == 3
    assert (names[0].startswith("prod-eu-"), names[1], names[2].startswith("prod-")) == (True, "prod", True)
    assert here.known() == before


def test_a_registered_cluster_stays_what_it_is() -> None:
    here = Joining()
    here.runtime.registry.add(Entry("prod", "agent", {"context": "prod"}))
    here.cluster.create(cluster_secret("one", name="prod", server="https://prod", project="team"))
    assert here.known()["https://prod"] == ("prod", "team", "")
    assert here.runtime.registry.find("prod").settings == {"context": "prod"}
    here.cluster.delete("v1", "Secret", "argocd", "one")
    assert here.known()["argosy://prod"] == ("prod", "", "")


def test_a_cluster_that_is_called_as_the_home_cluster_does_not_take_its_place() -> None:
    here = Joining()
    here.cluster.create(cluster_secret("one", name=HOME, server="https://one"))
    known = here.known()
    assert known[IN_CLUSTER] == (HOME, "", "")
    assert known["https://one"][0].startswith("in-cluster-")
    assert here.runtime.registry.find(HOME) == here.home


def test_a_cluster_of_the_same_name_elsewhere_is_another_one() -> None:
    """What is for its address must not be put into the cluster that is registered by that name."""
    here = Joining()
    here.runtime.registry.add(Entry("prod", "server", {"server": "https://one/"}))
    here.cluster.create(cluster_secret("two", name="prod", server="https://two"))
    known = here.known()
    assert known["https://one"] == ("prod", "", "")
    assert known["https://two"][0].startswith("prod-")
    here.cluster.create(cluster_secret("one", name="live", server="https://one", project="team"))
    assert here.known()["https://one"] == ("prod", "team", "")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"config": '{"execProviderConfig": {"command": "aws"}}', "server": "https://x"}, "execProviderConfig"),
        ({"config": "{", "server": "https://x"}, "config: is not JSON"),
        ({}, "names no server"),
    ],
)
def test_one_that_cannot_be_used_is_told_and_not_registered(data: dict[str, Any], said: str) -> None:
    here = Joining()
    here.cluster.create(cluster_secret("one", name="x", **data))
    (_, (name, _, problem)) = here.known().values()
    assert (name, said in problem) == ("", True)
    assert [one.name for one in here.runtime.registry.all()] == [HOME]
