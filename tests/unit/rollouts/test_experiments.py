"""Experiments, turn by turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.lang.patch.mergepatch import merge_patch
from argosy.rollouts.experiment.turn import ExperimentSeen, reconcile_experiment
from argosy.rollouts.replicasets import HASH, ReplicaSet
from argosy.rollouts.writes import Change, Create, Ref

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """An experiment in a namespace where pods come when they are told to."""

    def __init__(self, *, ready: bool = True, **spec: Any) -> None:
        self.now, self.ready = NOW, ready
        pods = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
        template = {"name": "a", "replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": pods}
        self.body: dict[str, Any] = {
            "metadata": {"name": "exp", "namespace": "shop", "uid": "uid"},
            "spec": {"templates": [template], "scaleDownDelaySeconds": 0, **spec},
        }
        self.objects: dict[Ref, dict[str, Any]] = {}

    def settle(self) -> None:
        for _ in range(20):
            before = repr((self.body, self.objects))
            sets = [ReplicaSet.of(one) for ref, one in self.objects.items() if ref.kind == "ReplicaSet"]
            runs = [one for ref, one in self.objects.items() if ref.kind == "AnalysisRun"]
            plan = reconcile_experiment(ExperimentSeen(self.body, sets, runs, self.objects), self.now)
            for write in plan.writes:
                if isinstance(write, Create):
                    self.objects[write.ref] = dict(write.manifest)
                elif isinstance(write, Change):
                    self.objects[write.ref] = merge_patch(self.objects[write.ref], write.body)
            self.body["status"] = merge_patch(self.body.get("status") or {}, plan.status)
            for ref, one in self.objects.items():
                if ref.kind == "ReplicaSet":
                    count = one["spec"]["replicas"]
                    there = count if self.ready else 0
                    one["status"] = {"replicas": count, "readyReplicas": there, "availableReplicas": there}
            if before == repr((self.body, self.objects)):
                return
        raise AssertionError(f"not settled: {self.body['status']}")

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.settle()

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["status"]
        return found

    def replicas(self) -> list[int]:
        return [one["spec"]["replicas"] for ref, one in self.objects.items() if ref.kind == "ReplicaSet"]


def test_it_runs_for_its_duration() -> None:
    told = Told(duration="60s")
    told.settle()
    assert (told.status["phase"], told.status["availableAt"], told.replicas()) == (
        "Running",
        "2026-01-01T00:00:00Z",
        [2],
    )
    (ref,) = told.objects
    assert ref.name == "exp-a"
    assert told.objects[ref]["metadata"]["annotations"]["experiment.argoproj.io/name"] == "exp"
    assert told.status["templateStatuses"][0]["podTemplateHash"] == told.objects[ref]["metadata"]["labels"][HASH]
    told.later(62)
    assert (told.status["phase"], told.replicas()) == ("Successful", [0])


def test_pods_that_do_not_come_fail_it() -> None:
    told = Told(ready=False, progressDeadlineSeconds=30)
    told.settle()
    assert told.status["phase"] == "Pending"
    told.later(32)
    assert (told.status["phase"], told.status["templateStatuses"][0]["status"]) == ("Failed", "Failed")
    assert told.replicas() == [0]


def test_it_is_told_to_end() -> None:
    told = Told()
    told.settle()
    told.body["spec"]["terminate"] = True
    told.settle()
    assert (told.status["phase"], told.replicas()) == ("Successful", [0])


def test_old_pods_stay_for_their_delay() -> None:
    told = Told(scaleDownDelaySeconds=10)
    told.settle()
    told.body["spec"]["terminate"] = True
    told.settle()
    assert told.replicas() == [2]
    told.later(10)
    assert told.replicas() == [0]


def analysed(**analysis: Any) -> Told:
    argument = {"name": "hash", "value": "{{templates.a.podTemplateHash}}"}
    told = Told(analyses=[{"name": "rate", "templateName": "rate", "args": [argument], **analysis}])
    metric = {"name": "m", "provider": {"web": {"url": "http://x/{{args.hash}}"}}}
    told.objects[Ref("argoproj.io", "AnalysisTemplate", "rate")] = {
        "spec": {"args": [{"name": "hash"}], "metrics": [metric]}
    }
    told.settle()
    return told


def run_of(told: Told) -> dict[str, Any]:
    return next(one for ref, one in told.objects.items() if ref.kind == "AnalysisRun")


def test_an_analysis_begins_when_all_pods_are_there() -> None:
    told = analysed()
    assert run_of(told)["metadata"]["name"] == "exp-rate"
    assert run_of(told)["spec"]["args"] == [
        {"name": "hash", "value": told.status["templateStatuses"][0]["podTemplateHash"]}
    ]
    run_of(told)["status"] = {"phase": "Failed", "message": "too slow"}
    told.settle()
    assert (told.status["phase"], told.status["message"], told.replicas()) == ("Failed", "too slow", [0])


def test_an_analysis_that_is_required_ends_it() -> None:
    told = analysed(requiredForCompletion=True)
    run_of(told)["status"] = {"phase": "Successful"}
    told.settle()
    assert (told.status["phase"], told.replicas()) == ("Successful", [0])


def test_a_template_with_a_service() -> None:
    told = Told()
    told.body["spec"]["templates"][0]["service"] = {}
    told.settle()
    service = told.objects[Ref("", "Service", "exp-a")]
    assert service["spec"]["selector"] == {"app": "x", HASH: told.status["templateStatuses"][0]["podTemplateHash"]}
    assert told.status["templateStatuses"][0]["serviceName"] == "exp-a"
