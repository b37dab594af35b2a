"""The API's routes of clusters: added, looked at, changed, removed; what is refused; what the audit says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.resources.manifests import Manifest
from argosy.services.agents.registry import HOME
from argosy.services.queues import RECONCILE_DOOR
from support.api import ALICE, PLACE, audit, request
from support.events import event_source
from support.services import FakeInstallation

AGENT = {"name": "edge", "way": "agent", "settings": {"context": "edge-admin"}}
ARN = "arn:aws:eks:eu-central-1:123456789012:cluster/main"
EKS = {"name": "main", "way": "eks", "settings": {"arn": ARN, "role_arn": "arn:role", "external_id": "x"}}
SERVER = {"name": "lab", "way": "server", "settings": {"server": "https://10.0.0.1:6443", "ca": "Y2E="}}
RESOURCE = {"resource": {"pods": {"group": "", "version": "v1", "resource": "pods", "eventTypes": ["ADD"]}}}


@pytest.fixture
def made() -> FakeInstallation:
    return FakeInstallation()


def add(made: FakeInstallation, **body: Any) -> Any:
    return request(made, "POST", "/api/v1/clusters", body)


def wakes(made: FakeInstallation) -> list[str]:
    found = made.runtime.queue.receive(RECONCILE_DOOR, 100)
    made.runtime.queue.delete(RECONCILE_DOOR, [one.handle for one in found])
    return [json.loads(one.body)["wake"] for one in found]


def heartbeat(made: FakeInstallation, **more: Any) -> None:
    body = {
        "report": "heartbeat",
        "version": "0.1.0",
        "kubernetes": "v1.34.0",
        "objects": 7,
        "waiting": 120,
        "refused": 1,
        "refusal": "the signature is not that of our hub",
        "offset": 3.5,
        "counts": {"lists": 2},
        "scopes": {},
        **more,
    }
    made.runtime.inbox.handle("edge", json.dumps(body))


@pytest.mark.parametrize("body", [AGENT, EKS, SERVER], ids=lambda body: str(body["way"]))
def test_a_cluster_is_added_and_shown(made: FakeInstallation, body: dict[str, Any]) -> None:
    answer = add(made, **body)
    assert answer.status == 200
    assert (answer.body["way"], answer.body["settings"]) == (body["way"], body["settings"])
    assert (answer.body["management"], answer.body["agent"]) == (False, None)
    assert request(made, "GET", f"/api/v1/clusters/{body['name']}").body == answer.body
    assert request(made, "GET", "/api/v1/clusters").body == {"items": [answer.body]}
    assert audit(made) == [(ALICE, [f"Cluster/{body['name']} added by {body['way']}"])]


def test_a_name_that_is_taken(made: FakeInstallation) -> None:
    add(made, **AGENT)
    again = add(made, **{**SERVER, "name": "edge"})
    assert (again.status, "--upsert" in again.error) == (409, True)
    assert add(made, **{**SERVER, "name": "edge"}, replace=True).body["way"] == "server"


@pytest.mark.parametrize(
    ("stack", "body", "status", "said"),
    [
        (False, {**AGENT, "name": "Edge"}, 400, "lower-case"),
        (False, {**AGENT, "name": "e" * 41}, 400, "40"),
        (False, {**AGENT, "way": "ssh"}, 400, "no way"),
        (False, {**AGENT, "way": "home"}, 400, "no way"),
        (False, {**AGENT, "settings": {}}, 400, "context"),
        (True, AGENT, 400, "own cluster"),
        (False, {**AGENT, "settings": {"context": "a", "token": "b"}}, 400, "unknown: token"),
        (False, {**EKS, "settings": {"arn": "main"}}, 400, "ARN"),
        (False, {**SERVER, "settings": {"server": "http://10.0.0.1"}}, 400, "https://"),
        (True, SERVER, 422, "--agent"),
        (False, {**SERVER, "token": "x"}, 422, "token"),
    ],
)
def test_what_is_refused(*, stack: bool, body: dict[str, Any], status: int, said: str) -> None:
    made = FakeInstallation(place=PLACE if stack else None)
    answer = add(made, **body)
    assert (answer.status, said in answer.error) == (status, True), answer.error
    assert audit(made) == []


def test_an_agent_is_told_what_to_watch_when_its_cluster_changes(made: FakeInstallation) -> None:
    add(made, **AGENT)
    assert wakes(made) == ["edge/argosy.dev/Agent//edge"]
    made.runtime.door_wakes.clear("edge/argosy.dev/Agent//edge")
    made.clock.advance(1)  # of one instant the audit has no order
    changed = request(made, "PATCH", "/api/v1/clusters/edge", {"door": False, "httpNamespaces": ["monitoring"]})
    assert (changed.body["door"], changed.body["httpNamespaces"]) == (False, ["monitoring"])
    assert wakes(made) == ["edge/argosy.dev/Agent//edge"]
    assert audit(made)[-1] == (ALICE, ["Cluster/edge set door, http_namespaces"])
    assert request(made, "PATCH", "/api/v1/clusters/edge", {"door": False}).status == 200
    assert wakes(made) == [], "nothing is different"


def test_management(made: FakeInstallation) -> None:
    add(made, **AGENT)
    assert request(made, "PATCH", "/api/v1/clusters/edge", {"management": True}).body["management"] is True
    assert request(made, "GET", "/api/v1/clusters/edge").body["door"] is True, "what is left out stays"


def test_how_an_agent_fares(made: FakeInstallation) -> None:
    add(made, **AGENT)
    made.runtime.subscribing.subscribe("edge")
    heartbeat(made)
    made.clock.advance(40)
    agent = request(made, "GET", "/api/v1/clusters/edge").body["agent"]
    scopes = agent.pop("scopes")
    assert agent.pop("heard").startswith("2026-01-01T00:00:00")
    assert agent == {
        "connected": True,
        "lag": 40.0,
        "version": "0.1.0",
        "kubernetes": "v1.34.0",
        "objects": 7,
        "waiting": 120,
        "refused": 1,
        "refusal": "the signature is not that of our hub",
        "offset": 3.5,
        "counts": {"lists": 2},
    }
    assert {one["resource"] for one in scopes} >= {"sensors.argoproj.io", "eventsources.argoproj.io"}
    assert {(one["purpose"], one["state"], one["listed"]) for one in scopes} == {
        (purpose, "not watched yet", False) for purpose in ("door", "control")
    }
    made.clock.advance(60)
    assert request(made, "GET", "/api/v1/clusters/edge").body["agent"]["connected"] is False


def test_a_cluster_is_removed_with_what_was_declared_in_it(made: FakeInstallation) -> None:
    add(made, **AGENT)
    heartbeat(made)
    theirs = event_source(RESOURCE, name="theirs", namespace="ns@edge")
    made.runtime.objects.apply([Manifest(theirs)], home="edge")
    made.apply(event_source(RESOURCE, name="ours"))
    assert request(made, "DELETE", "/api/v1/clusters/edge").body == {"name": "edge"}
    assert request(made, "GET", "/api/v1/clusters").body == {"items": []}
    left = request(made, "GET", "/api/v1/objects/es").body["items"]
    assert [body["metadata"]["name"] for body in left] == ["ours"]
    assert [row.sk for row in made.runtime.store.query("agents")] == []
    assert request(made, "DELETE", "/api/v1/clusters/edge").status == 404


def test_the_public_keys(made: FakeInstallation) -> None:
    keys = request(made, "GET", "/api/v1/agents/keys").body["keys"]
    assert keys == made.signer.public_keys()


def test_names_that_are_none(made: FakeInstallation) -> None:
    missing = request(made, "GET", "/api/v1/clusters/edge")
    assert (missing.status, HOME in missing.error or "edge" in missing.error) == (404, True)
    assert request(made, "PATCH", "/api/v1/clusters/edge", {"door": True}).status == 404
