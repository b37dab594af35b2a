"""What Applications of a cluster behind an agent sign in with: told by the agent, sealed, and nothing else of it."""

from __future__ import annotations

import json
from base64 import b64encode

from argosy.control.agents.scopes import CONTROL
from support.edge import URL, Edge
from support.gitops import config_map
from support.secrets import repository_secret

CANARY = "open-sesame-7d1f"


def synced(edge: Edge) -> bool:
    return (edge.status().get("sync") or {}).get("status") == "Synced"


def problems(edge: Edge) -> str:
    return "; ".join(one["message"] for one in edge.status().get("conditions", []))


def secret_scopes(edge: Edge) -> list[str]:
    return [one.purpose for one in edge.agent.subscription.scopes if one.resource == "secrets"]


def asked(edge: Edge) -> list[str]:
    return [one.place.name for one in edge.agent.subscription.values]


def private() -> Edge:
    edge = Edge()
    edge.held.password = CANARY
    edge.commit(config_map("a"))
    return edge


def test_a_private_repository() -> None:
    edge = private()
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=CANARY))
    edge.create()
    assert synced(edge), problems(edge)


def test_a_secret_that_comes_later_is_used_at_once() -> None:
    edge = private()
    edge.create()
    assert "the credentials are refused" in problems(edge)
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=CANARY))
    edge.settle()
    assert synced(edge), problems(edge)


def test_a_template_of_credentials_and_a_repository_without_any() -> None:
    edge = private()
    edge.agent.cluster.create(repository_secret("shop", url=URL))
    edge.agent.cluster.create(repository_secret("host", "repo-creds", url="https://git.example.com", password=CANARY))
    edge.create()
    assert synced(edge), problems(edge)


def test_one_that_goes_is_used_no_more() -> None:
    edge = private()
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=CANARY))
    edge.create()
    edge.agent.cluster.delete("v1", "Secret", "argocd", "shop")
    edge.settle(600)
    assert "the credentials are refused" in problems(edge)
    assert edge.made.runtime.store.query("values/edge", "ControlSecret/argocd/shop") == []


def test_a_repository_of_a_project_is_looked_at_for_its_applications() -> None:
    edge = private()
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=CANARY, project="default"))
    edge.create()
    assert synced(edge), problems(edge)
    newer = edge.commit(config_map("a", "2"))
    edge.settle(600)
    assert (edge.status()["sync"]["revision"], edge.value()) == (newer, "2")


def test_they_are_watched_only_where_there_are_applications() -> None:
    edge = private()
    assert (secret_scopes(edge), asked(edge)) == ([], [])
    edge.create()
    assert (secret_scopes(edge), asked(edge)) == ([CONTROL], ["argocd-secret"])


def test_what_is_told_is_nowhere_in_the_open() -> None:
    edge = private()
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=CANARY))
    edge.create()
    store = edge.made.runtime.store
    places = ["values/edge", *[f"mirror/edge/{one.key}" for one in edge.agent.subscription.scopes]]
    rows = [row.data for place in places for row in store.query(place)]
    assert len(rows) > 3
    for text in (CANARY, b64encode(CANARY.encode()).decode()):
        assert text not in json.dumps(rows)
