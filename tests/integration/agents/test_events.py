"""Changes in a cluster become events, whatever is killed in between."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.registry import Entry
from support.agents import AgentProcess, ApiServer, Hub, hub_on, pod_environment, settled, watched_in
from support.events import event_source
from support.motoserver import moto_server
from support.up import until

pytestmark = [pytest.mark.cluster, pytest.mark.serial]

WATCHED = {"key": "watched", "operation": "=", "value": "yes"}
OBJECTS = 1000


def resource(namespace: str, *types: str) -> dict[str, Any]:
    """An EventSource, to be made in the cluster, on the labelled ConfigMaps of a namespace."""
    entry = {
        "namespace": namespace,
        "group": "",
        "version": "v1",
        "resource": "configmaps",
        "eventTypes": list(types),
        "filter": {"labels": [WATCHED]},
    }
    return event_source({"resource": {"maps": entry}}, name="objects", namespace=namespace)


def watched(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"watched": "yes"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.fixture
def server(dev_cluster: ClusterInfo, tmp_path: Path) -> Iterator[ApiServer]:
    second = ApiServer(dev_cluster, tmp_path)
    second.start()
    yield second
    second.kill()


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[Hub]:
    with moto_server() as endpoint, hub_on(endpoint, tmp_path / "hub", [Entry("edge", "agent")]) as hub:
        yield hub


@pytest.fixture
def own_agent(own_hub: Hub, dev_cluster: ClusterInfo, server: ApiServer, tmp_path: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(
        own_hub, "edge", pod_environment(dev_cluster, tmp_path / "pod", server.port), tmp_path / "agent.log"
    )
    process.start()
    settled(own_hub, "edge")
    yield process
    process.kill()


def bodies(events: list[dict[str, Any]]) -> list[Any]:
    import orjson

    return [orjson.loads(one["data"]) for one in events]


def test_every_object_yields_its_event_once_whatever_dies(
    own_hub: Hub, own_agent: AgentProcess, server: ApiServer, administrator: DirectCluster
) -> None:
    namespace = f"t-{uuid.uuid4().hex[:12]}"
    administrator.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    administrator.create(resource(namespace, "ADD", "UPDATE", "DELETE"))
    watched_in(own_hub, "edge", namespace)
    events: list[dict[str, Any]] = []

    def here(name: str) -> bool:
        events.extend(own_hub.events())
        return any(one["body"]["metadata"]["name"] == name for one in bodies(events))

    happenings: dict[int, Callable[[], object]] = {
        200: own_agent.kill,
        300: own_agent.start,
        500: lambda: until(lambda: here("map-299"), "the second agent has caught up", 60),
        600: own_agent.kill,
        700: own_agent.start,
        799: lambda: until(lambda: here("map-699"), "the third agent has caught up", 60),
        800: server.kill,
        850: server.start,
    }
    made: dict[str, str] = {}
    for number in range(OBJECTS):
        happenings.get(number, lambda: None)()
        found = administrator.create(watched(f"map-{number}"), namespace=namespace)
        made[found["metadata"]["uid"]] = found["metadata"]["name"]
        if number % 10 == 0:
            administrator.patch("v1", "ConfigMap", namespace, f"map-{number}", {"data": {"n": "1"}})
        if number % 50 == 0:
            administrator.delete("v1", "ConfigMap", namespace, f"map-{number}")
    own = {uid for uid, name in made.items() if name.startswith("map-")}

    def all_there() -> bool:
        events.extend(own_hub.events())
        seen = {one["body"]["metadata"]["uid"] for one in bodies(events)}
        # What came and went while nobody watched is known to nobody, as in Kubernetes' own watches.
        gone = {uid for uid in own - seen if int(made[uid].partition("-")[2]) % 50 == 0}
        return seen >= own - gone

    until(all_there, "all events", 120)
    ids = Counter(one["id"] for one in events)
    assert [name for name, count in ids.items() if count > 1] == []
    added = Counter(one["body"]["metadata"]["uid"] for one in bodies(events) if one["type"] == "ADD")
    assert set(added.values()) == {1}
    assert own_hub.failures == []
    versions = defaultdict[str, list[int]](list)
    for _, report in own_hub.reports:
        for item in report.get("items", ()):
            versions[item[4]].append(item[5])
    unordered = [seen for seen in versions.values() if seen != sorted(seen)]
    assert unordered == []
    until(lambda: own_hub.heartbeat("edge")["counts"]["broken"] >= 1, "the heartbeat tells of the break")
    until(lambda: own_hub.heartbeat("edge")["counts"]["expired"] >= 1, "and that the server kept no older versions")


def test_a_token_that_is_revoked_is_read_again(
    own_hub: Hub, dev_cluster: ClusterInfo, administrator: DirectCluster, namespace: str, tmp_path: Path
) -> None:
    """The agent starts with a token that nobody takes, and finds the new one without a restart."""
    pod, file = pod_environment(dev_cluster, tmp_path / "pod"), tmp_path / "pod" / "token"
    token = file.read_text()
    file.write_text("revoked")
    process = AgentProcess(own_hub, "edge", pod, tmp_path / "agent.log")
    process.start()
    try:
        until(
            lambda: own_hub.heartbeat("edge").get("counts", {}).get("refused"),
            "the heartbeat tells that it was refused",
        )
        assert not own_hub.watching("edge")
        file.write_text(token)
        settled(own_hub, "edge")
        administrator.create(resource(namespace, "ADD"))
        watched_in(own_hub, "edge", namespace)
    finally:
        process.kill()
