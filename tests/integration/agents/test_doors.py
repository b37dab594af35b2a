"""`argosy up --cluster CONTEXT`: what kubectl makes, changes and deletes there is what the installation has in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.resources.crds import ANNOTATION
from support.events import GROUP_VERSION, dependency, event_source, sensor, trigger
from support.up import Up, argosy, ask, free_port, running, until, write

pytestmark = pytest.mark.cluster

Body = dict[str, Any]


@pytest.fixture(scope="module")
def up(dev_cluster: ClusterInfo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    context = yaml.safe_load(dev_cluster.kubeconfig.read_text())["current-context"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(dev_cluster.kubeconfig))
        with running(tmp_path_factory.mktemp("up") / "data", arguments=["--cluster", context]) as installation:
            yield installation


def hook(namespace: str, port: int | str, endpoint: str = "/example", *, name: str = "hook") -> Body:
    entry = {"endpoint": endpoint, "port": str(port), "method": "POST"}
    return event_source({"webhook": {"example": entry}}, name=name, namespace=namespace)


def conditions(cluster: DirectCluster, body: Body) -> dict[str, Body]:
    metadata = body["metadata"]
    shown = cluster.get(GROUP_VERSION, body["kind"], metadata["namespace"], metadata["name"])
    return {one["type"]: one for one in (shown.get("status") or {}).get("conditions") or ()}


def holds(cluster: DirectCluster, body: Body, kind: str, status: str) -> Body:
    """Wait for a condition; it."""

    def there() -> Body | None:
        found = conditions(cluster, body).get(kind)
        return found if found is not None and found["status"] == status else None

    return until(there, f"{kind} is {status}") or {}


def answers(port: int, path: str = "/example") -> bool:
    try:
        return ask(port, path, "{}", content_type="application/json").status == 200
    except OSError:
        return False


def test_what_is_made_is_active_within_seconds(up: Up, administrator: DirectCluster, namespace: str) -> None:
    port = free_port()
    source, reacts = hook(namespace, port), sensor([trigger("t")], [dependency("dep")], namespace=namespace)
    for body in (source, reacts):
        administrator.create(body)
    until(lambda: answers(port), "the webhook answers", 10)
    holds(administrator, source, "Deployed", "True")
    holds(administrator, reacts, "Deployed", "True")
    assert {kind: one["status"] for kind, one in conditions(administrator, source).items()} == {
        "SourcesProvided": "True",
        "Deployed": "True",
    }
    assert {kind: one["status"] for kind, one in conditions(administrator, reacts).items()} == {
        "DependenciesProvided": "True",
        "TriggersProvided": "True",
        "Deployed": "True",
    }
    assert all(one["lastTransitionTime"].endswith("Z") for one in conditions(administrator, source).values())

    told: list[object] = []

    def fired() -> bool:
        told.append((answers(port), up.get("sensors", "s", "-n", namespace)["status"]))
        return "t" in up.get("sensors", "s", "-n", namespace)["status"]["triggers"]

    try:
        until(fired, "the sensor's trigger fired")
    except AssertionError as x:
        raise AssertionError(f"{x}: {len(told)} looks, the last {told[-1]}\n{up.output}") from None


def test_a_spec_that_is_invalid_says_where_and_the_last_one_stays(
    up: Up, administrator: DirectCluster, namespace: str
) -> None:
    port = free_port()
    source = hook(namespace, port)
    administrator.create(source)
    until(lambda: answers(port), "the webhook answers")
    before = holds(administrator, source, "Deployed", "True")["lastTransitionTime"]
    administrator.patch(GROUP_VERSION, "EventSource", namespace, "hook", {"spec": {"calendar": {"tick": {}}}})
    told = holds(administrator, source, "SourcesProvided", "False")
    assert told["reason"] == "InvalidSpec"
    assert "spec.calendar.tick" in told["message"]
    assert conditions(administrator, source)["Deployed"]["status"] == "False"
    assert answers(port), "what was in force is so still"
    assert "calendar" not in up.get("eventsources", "hook", "-n", namespace)["spec"]
    administrator.patch(GROUP_VERSION, "EventSource", namespace, "hook", {"spec": {"calendar": None}})
    holds(administrator, source, "SourcesProvided", "True")
    assert holds(administrator, source, "Deployed", "True")["lastTransitionTime"] >= before


def test_a_change_moves_the_webhook_and_delete_retires_it(up: Up, administrator: DirectCluster, namespace: str) -> None:
    port = free_port()
    administrator.create(hook(namespace, port))
    until(lambda: answers(port), "the webhook answers")
    moved = hook(namespace, port, "/moved")["spec"]
    administrator.patch(GROUP_VERSION, "EventSource", namespace, "hook", {"spec": moved})
    until(lambda: answers(port, "/moved"), "it answers elsewhere")
    assert not answers(port)
    administrator.delete(GROUP_VERSION, "EventSource", namespace, "hook")
    until(lambda: not answers(port, "/moved"), "it answers no more")
    gone = argosy("get", "eventsources", "hook", "-n", namespace, data=up.data)
    assert gone.code != 0
    assert "not found" in gone.err


def test_of_two_declarations_of_a_name_the_clusters_wins(
    up: Up, administrator: DirectCluster, namespace: str, tmp_path: Path
) -> None:
    port, other = free_port(), free_port()
    own = write(tmp_path / "own.yaml", hook(namespace, other, "/own"))
    assert argosy("apply", "-f", own, data=up.data).code == 0
    source = hook(namespace, port)
    administrator.create(source)
    until(lambda: answers(port), "the cluster's is in force")
    assert "argosy apply" in holds(administrator, source, "Deployed", "True")["message"]
    refused = argosy("apply", "-f", own, data=up.data)
    assert refused.code != 0
    assert "is declared in cluster in-cluster: change or delete it there" in refused.err
    deleted = argosy("delete", "eventsource", "hook", "-n", namespace, data=up.data)
    assert deleted.code != 0
    assert "is declared in cluster in-cluster" in deleted.err
    assert answers(port)


def test_a_definition_that_somebody_else_made_is_used_and_left_alone(
    up: Up, administrator: DirectCluster, namespace: str
) -> None:
    """As when Argo's own are installed: the annotation by which ours are known is not there."""
    place = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "eventsources.argoproj.io")
    annotations = administrator.get(*place)["metadata"].get("annotations") or {}
    administrator.patch(*place, {"metadata": {"annotations": {ANNOTATION: None, "example.com/by": "somebody"}}})
    theirs = administrator.get(*place)
    port = free_port()
    source = hook(namespace, port)
    try:
        administrator.create(source)
        until(lambda: answers(port), "the webhook answers")
        holds(administrator, source, "Deployed", "True")
        found = administrator.get(*place)
        assert found["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"]
        assert found["metadata"]["annotations"]["example.com/by"] == "somebody"
    finally:
        before = {ANNOTATION: annotations.get(ANNOTATION), "example.com/by": None}
        administrator.patch(*place, {"metadata": {"annotations": before}})
