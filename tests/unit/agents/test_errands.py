"""Work for agents is sent once, its first result counts; a cluster behind an agent is a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from argosy.control.agents.reports import Item, error_to_json
from argosy.control.agents.scopes import DOOR, EVENTS, MIRROR, Wanted
from argosy.control.agents.work import group_of
from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Pending, Unavailable
from argosy.ports.cluster import Cluster, ServedKind, ServiceAccount
from argosy.services.agents.errands import Errands
from support.agentreports import FakeHub, changes

Body = dict[str, Any]
MAP: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns"}}


class Asking:
    """A hub that asks cluster `edge`; `answer` is what its agent says while somebody waits."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.clock, self.link = self.hub.made.clock, self.hub.made.link

    @property
    def errands(self) -> Errands:
        return self.hub.made.runtime.errands

    @property
    def ids(self) -> list[str]:
        return [orjson.loads(orjson.loads(one.body)["work"])["id"] for _, one in self.link.sent]

    def cluster(self, purpose: str = "p") -> Cluster:
        return self.hub.made.runtime.clusters.named("edge", purpose)

    def answers(self, result: Mapping[str, Any]) -> None:
        """From now on everything that was asked is answered so."""

        def say(_: float) -> None:
            for name in self.ids:
                self.hub.report({"report": "result", "id": name, **result})

        self.clock.while_asleep = say


def test_asked_again_sent_once() -> None:
    asking = Asking()
    for _ in range(3):
        asking.errands.send("edge", "w", "request", {}, "g", answers="k")
    asking.errands.send("edge", "v", "request", {}, "g")
    assert asking.ids == ["w", "v"]
    assert [one.group for _, one in asking.link.sent] == ["g", "g"]


def test_a_send_that_failed_is_made_up_for() -> None:
    asking = Asking()
    asking.link.gone = {"edge"}
    with pytest.raises(NotFound):
        asking.errands.send("edge", "w", "request", {}, "g")
    asking.link.gone = set()
    for _ in range(2):
        asking.errands.send("edge", "w", "request", {}, "g")
    assert asking.ids == ["w"]


def test_the_first_result_counts() -> None:
    asking = Asking()
    asking.errands.send("edge", "w", "request", {}, "g", answers="who")
    assert asking.errands.result("edge", "w") is None
    assert asking.errands.settle("edge", "w", {"value": 1}) == "who"
    assert asking.errands.settle("edge", "w", {"value": 2}) == "who"
    assert asking.errands.result("edge", "w") == {"value": 1}
    asking.errands.send("edge", "w", "request", {}, "g")
    assert asking.ids == ["w"]


def test_results_that_nobody_asked_for_or_an_hour_ago() -> None:
    asking = Asking()
    assert asking.errands.settle("edge", "w", {"value": 1}) == ""
    assert asking.errands.result("edge", "w") is None
    asking.errands.send("edge", "w", "request", {}, "g")
    asking.clock.advance(3601)
    assert asking.errands.settle("edge", "w", {"value": 1}) == ""


# A cluster behind an agent


def test_pending_and_then_the_answer() -> None:
    asking = Asking()
    for _ in range(2):
        with pytest.raises(Pending, match="has not answered yet"):
            asking.cluster().create(MAP)
    (name,) = asking.ids
    asking.hub.report({"report": "result", "id": name, "value": {"made": True}})
    assert asking.cluster().create(MAP) == {"made": True}
    assert asking.ids == [name]


def test_an_answer_while_it_is_waited_for() -> None:
    asking = Asking()
    asking.answers({"value": {"made": True}})
    began = asking.clock.now()
    assert asking.cluster().create(MAP) == {"made": True}
    assert (asking.clock.now() - began).total_seconds() < 0.1


def test_what_tells_calls_apart() -> None:
    asking = Asking()
    asking.answers({"value": {}})
    for purpose in ("p", "q", "p"):
        cluster = asking.cluster(purpose)
        cluster.create(MAP)
        cluster.create(MAP)
    assert len(asking.ids) == len(set(asking.ids)) == 4, "two purposes with two calls each"
    asking.cluster("p").acting_as(ServiceAccount("ns")).create(MAP)
    assert len(asking.ids) == 5


def test_nobody_answers_for_the_life_of_the_work() -> None:
    asking = Asking()
    with pytest.raises(Pending):
        asking.cluster().version()
    asking.clock.advance(331)
    with pytest.raises(Unavailable, match="no answer in time: see argosy cluster get") as problem:
        asking.cluster().version()
    assert not isinstance(problem.value, Pending)


@pytest.mark.parametrize("problem", [Denied("may not"), NotFound("not there"), Unavailable("down", delay=2)])
def test_errors_are_those_of_the_cluster(problem: ArgosyError) -> None:
    asking = Asking()
    asking.answers(error_to_json(problem))
    with pytest.raises(type(problem), match=str(problem)):
        asking.cluster().create(MAP)


def test_kinds_come_back_as_kinds() -> None:
    asking = Asking()
    told = {
        "api_version": "v1",
        "kind": "Pod",
        "plural": "pods",
        "namespaced": True,
        "verbs": ["get"],
        "subresources": [],
    }
    asking.answers({"value": [{**told, "versions": ["v1"]}, told, {**told, "newer": 1}]})
    kind = ServedKind("v1", "Pod", "pods", True, frozenset({"get"}), versions=("v1",))
    of_older = replace(kind, versions=())
    assert asking.cluster().kinds() == [kind, of_older, of_older]


def test_a_body_that_cannot_be_sent() -> None:
    with pytest.raises(EvaluationError, match="cannot be sent to an agent"):
        Asking().cluster().create({**MAP, "at": object()})


def test_work_on_one_object_is_of_one_group() -> None:
    asking = Asking()
    calls: list[Callable[[Cluster], object]] = [
        lambda at: at.create(MAP),
        lambda at: at.delete("v1", "ConfigMap", "ns", "a"),
        lambda at: at.version(),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(Pending):
            call(asking.cluster(f"p{number}"))
    first, second, third = (one.group for _, one in asking.link.sent)
    assert first == second == group_of("v1", "ConfigMap", "ns", "a") != third


MIRRORED = Wanted("", "v1", "configmaps", purpose=MIRROR)


def watched(scope: Wanted, *, listed: bool = True) -> Asking:
    """A cluster whose ConfigMap `a` is in the hub's copies."""
    asking = Asking()
    mirror = asking.hub.mirror()
    mirror.watch([scope])
    asking.hub.report(changes(Item(scope.key, "ADDED", "ns", "a", "u", 1, MAP)))
    if listed:
        mirror.listed(scope, 1)
    asking.link.sent.clear()
    return asking


@pytest.mark.parametrize(
    ("scope", "listed", "mirrored"),
    [
        (MIRRORED, True, True),
        (Wanted("", "v1", "configmaps", "ns", purpose=MIRROR), True, True),
        (Wanted("", "v1", "configmaps", purpose=DOOR), True, True),
        (MIRRORED, False, False),
        (Wanted("", "v1", "configmaps", "other", purpose=MIRROR), True, False),
        (Wanted("", "v1", "configmaps", labels="a=b", purpose=MIRROR), True, False),
        (Wanted("", "v1", "configmaps", purpose=EVENTS), True, False),
    ],
)
def test_reads_of_what_is_watched_are_answered_by_the_hub(scope: Wanted, listed: bool, mirrored: bool) -> None:
    asking = watched(scope, listed=listed)
    if mirrored:
        assert asking.cluster().get("v1", "ConfigMap", "ns", "a") == MAP
    else:
        with pytest.raises(Pending):
            asking.cluster().get("v1", "ConfigMap", "ns", "a")
    assert len(asking.ids) == (not mirrored)


def test_what_the_hub_does_not_answer_by_itself() -> None:
    asking = watched(MIRRORED)
    cluster = asking.cluster()
    for call in (
        lambda: cluster.acting_as(ServiceAccount("ns")).get("v1", "ConfigMap", "ns", "a"),
        lambda: cluster.get("v1", "ConfigMap", "ns", "b"),
        lambda: cluster.get("v1", "Secret", "ns", "a"),
        lambda: cluster.get("v1", "ConfigMap", "ns", "a", subresource="status"),
        lambda: cluster.list("v1", "ConfigMap", "ns"),
    ):
        with pytest.raises(Pending):
            call()
    assert len(asking.ids) == 5
