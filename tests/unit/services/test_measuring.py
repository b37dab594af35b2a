"""What analyses read from outside: answers that are not what a provider gives, agents that are slow, Secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import CONTROL, Wanted
from argosy.control.keys import Key
from argosy.lang.patch.mergepatch import merge_patch
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.metrics import Ask, Reply
from argosy.resources.definitions import GROUP, VERSION
from argosy.rollouts.analysis.providers import Measured
from argosy.services.agents.mirror import Mirror
from argosy.services.rollouts.runs import AnalysisRuns, Read
from support.agentreports import FakeHub
from support.services import FakeInstallation

KEY = Key("edge", GROUP, "AnalysisRun", "shop", "run")
RUNS = Wanted(GROUP, VERSION, "analysisruns", purpose=CONTROL)
SECRET = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


@dataclass
class Told:
    """Metric systems that answer as they are told to."""

    body: str = ""
    result: Any = None
    asked: list[Any] = field(default_factory=list)

    def http(self, ask: Ask) -> Reply:
        """See `Metrics.http`."""
        self.asked.append(ask)
        return Reply(200, self.body)

    def cloudwatch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Metrics.cloudwatch`."""
        self.asked.append(arguments)
        found: Mapping[str, Any] = self.result
        return found


class Bench:
    """A run of the cluster `edge`, looked at turn by turn."""

    def __init__(self, *metrics: dict[str, Any], told: Told | None = None, **spec: Any) -> None:
        keys = {"api-key": "k-1", "app-key": "k-2", "personal-api-key": "k-3", "account-id": "77"}
        secrets = {"argo-rollouts@edge": {"datadog": keys, "newrelic": keys}}
        self.hub = FakeHub(made=FakeInstallation(secrets=FakeSecrets(secrets | {"shop@edge": {"s": {"k": "s3cret"}}})))
        self.runtime = replace(self.hub.made.runtime, metrics=told)
        self.body: dict[str, Any] = {
            "metadata": {"name": "run", "namespace": "shop", "uid": "uid"},
            "spec": {"metrics": list(metrics), **spec},
        }
        self.mirror = Mirror(self.runtime.store, self.runtime.blobs, "edge")
        self.mirror.watch([RUNS])
        self.version = 0

    def turn(self) -> Read:
        """Look at the run and decide; its status is written. What was read."""
        self.version += 1
        item = Item(RUNS.key, "MODIFIED", "shop", "run", "uid", self.version, self.body)
        before = self.mirror.find(RUNS.key, "shop", "run")
        self.runtime.store.write([self.mirror.put(item, before, self.hub.made.clock.now().timestamp())])
        controller = AnalysisRuns(self.runtime)
        observation = controller.observe(KEY)
        assert observation is not None
        read: Read = observation.object
        decision = controller.reconcile(observation, self.hub.made.clock.now())
        self.body = {**self.body, "status": merge_patch(self.body.get("status") or {}, decision.status)}
        return read

    @property
    def last(self) -> dict[str, Any]:
        """The last measurement of the first metric."""
        found: dict[str, Any] = self.body["status"]["metricResults"][0]["measurements"][-1]
        return found


def metric(provider: str, **config: Any) -> dict[str, Any]:
    return {"name": "m", "provider": {provider: config}}


PROMETHEUS = {"address": "http://prometheus", "query": "up"}


def vector(result: object, kind: str = "vector") -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


@pytest.mark.parametrize(
    ("provider", "config", "body", "said"),
    [
        ("prometheus", PROMETHEUS, vector(None), "the answer is not what Prometheus gives (TypeError"),
        ("prometheus", PROMETHEUS, vector([1], "scalar"), "the answer is not what Prometheus gives (IndexError"),
        (
            "prometheus",
            PROMETHEUS,
            vector([{"histogram": [1, {}]}]),
            "the answer is not what Prometheus gives (KeyError",
        ),
        ("prometheus", PROMETHEUS, "[]", "the answer is not what Prometheus gives (AttributeError"),
        ("datadog", {"apiVersion": "v2", "query": "q"}, "[]", "the answer is not what Datadog gives"),
        ("datadog", {"query": "q"}, '{"series": [{"pointlist": [[1]]}]}', "the answer is not what Datadog gives"),
        ("newRelic", {"query": "q"}, "[]", "the answer is not what NewRelic gives"),
        ("graphite", {"address": "http://g", "query": "q"}, "1", "the answer is not what Graphite gives"),
        ("web", {"url": "http://w"}, "[" * 1000 + "]" * 1000, "the answer is not what Web gives ("),
    ],
)
def test_an_answer_of_another_form_is_an_error(provider: str, config: dict[str, Any], body: str, said: str) -> None:
    bench = Bench(metric(provider, **config), told=Told(body))
    bench.turn()
    assert bench.last["phase"] == "Error"
    assert bench.last["message"].startswith(said)


def test_an_answer_of_cloudwatch_without_values() -> None:
    bench = Bench(
        metric("cloudWatch", metricDataQueries=[{"id": "a"}]), told=Told(result={"MetricDataResults": [None]})
    )
    bench.turn()
    assert bench.last["phase"] == "Error"
    assert bench.last["message"].startswith("the answer is not what CloudWatch gives")


# Through an agent

INSIDE = {"address": "http://prometheus.monitoring.svc:9090", "query": "slow"}


def answered(bench: Bench, value: object) -> None:
    """The agent's answer to what it was asked last."""
    (work,) = {row.sk for row in bench.runtime.store.query("errand/edge") if "result" not in row.data}
    bench.runtime.errands.settle("edge", work, {"value": value})


def test_a_slow_answer_through_an_agent_is_found() -> None:
    bench = Bench({**metric("prometheus", **INSIDE), "interval": "10s", "count": 2})
    for number in (1, 2):
        for _ in range(3):
            read = bench.turn()
            assert read.seen is not None
            assert read.seen.measured == {"m": None}
            bench.hub.made.clock.advance(1)
        assert [kind for _, kind, _ in bench.hub.work] == ["http"] * number, "asked once, however often it is looked at"
        answered(bench, {"status": 200, "body": vector([{"value": [1, str(number)]}])})
        bench.turn()
        assert (bench.last["value"], bench.last["phase"]) == (f"[{number}]", "Successful")
        bench.hub.made.clock.advance(11)


def test_another_run_of_the_same_name_asks_for_itself() -> None:
    bench = Bench(metric("prometheus", **INSIDE))
    bench.turn()
    bench.body["metadata"]["uid"] = "another"
    bench.turn()
    assert len(bench.hub.work) == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"address": "https://prometheus.monitoring.svc", "insecure": True}, "insecure"),
        ({"authentication": {"sigv4": {"region": "eu-central-1"}}}, "authentication.sigv4"),
        ({"authentication": {"oauth2": {"tokenUrl": "http://t", "clientId": "a"}}}, "authentication.oauth2"),
    ],
)
def test_what_an_agent_does_not_do_is_refused(more: dict[str, Any], field: str) -> None:
    bench = Bench(metric("prometheus", **{**INSIDE, **more}))
    bench.turn()
    assert bench.last["phase"] == "Error"
    assert bench.last["message"] == f"{field} is not served for names inside a cluster, which its agent asks"
    assert bench.hub.work == []


# Secrets


def job() -> dict[str, Any]:
    containers = [{"name": "c", "image": "curl", "args": ["{{args.token}}"]}]
    return metric("job", spec={"template": {"spec": {"containers": containers}}})


def test_arguments_of_secrets_are_read_for_jobs() -> None:
    bench = Bench(job(), args=[SECRET])
    read = bench.turn()
    assert read.seen is not None
    assert (read.seen.measured, read.seen.args) == ({}, [{"name": "token", "value": "s3cret"}])
    assert bench.last["phase"] == "Running"
    assert "s3cret" not in json.dumps(bench.body)
    later = bench.turn()
    assert later.seen is not None
    assert later.seen.args is None, "the Job runs, nothing is to be read"


def test_a_secret_that_is_not_there_is_an_error_of_a_job() -> None:
    missing = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k"}}}
    bench = Bench(job(), args=[missing])
    read = bench.turn()
    assert read.seen is not None
    assert read.seen.measured == {"m": Measured("Error", message="secret shop@edge/none has no key k")}
    assert bench.last["phase"] == "Error"
