"""AnalysisRuns, turn by turn: what is measured when, what it amounts to, and what is shown of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.lang.patch.mergepatch import merge_patch
from argosy.rollouts.analysis.args import with_args
from argosy.rollouts.analysis.providers import Measured
from argosy.rollouts.analysis.runs import RunSeen, reconcile_run, wanted_now
from argosy.rollouts.writes import Create, Erase, Plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """A run whose measurements are told beforehand."""

    def __init__(self, *metrics: dict[str, Any], **spec: Any) -> None:
        self.now = NOW
        self.body: dict[str, Any] = {
            "metadata": {"name": "run", "namespace": "shop", "uid": "uid"},
            "spec": {"metrics": list(metrics), **spec},
        }
        self.jobs: dict[str, Any] = {}
        self.args: list[dict[str, Any]] | None = list(spec.get("args") or ())
        self.secrets: list[str] = []

    def turn(self, **measured: Measured | None) -> Plan:
        """One turn; what is not told is not measured."""
        plan = reconcile_run(RunSeen(self.body, self.jobs, measured, self.args, self.secrets), self.now)
        self.body["status"] = merge_patch(self.body.get("status") or {}, plan.status)
        for write in plan.writes:
            if isinstance(write, Create):
                self.jobs[write.ref.name] = dict(write.manifest)
        return plan

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["status"]
        return found

    def result(self, name: str = "m") -> dict[str, Any]:
        return next(one for one in self.status["metricResults"] if one["name"] == name)


def web(name: str = "m", **more: Any) -> dict[str, Any]:
    return {"name": name, "provider": {"web": {"url": "http://x/"}}, **more}


GOOD, BAD, UNSURE, ERROR = (
    Measured("Successful", "1"),
    Measured("Failed", "0"),
    Measured("Inconclusive", "?"),
    Measured("Error", message="no answer"),
)


def test_one_measurement_is_enough_without_an_interval() -> None:
    told = Told(web())
    assert list(wanted_now(told.body, told.now)) == ["m"]
    plan = told.turn(m=GOOD)
    assert (told.status["phase"], plan.requeue_at) == ("Successful", None)
    assert told.status["completedAt"] == told.status["startedAt"] == "2026-01-01T00:00:00Z"
    assert told.status["runSummary"] == {"count": 1, "successful": 1}
    assert [event.reason for event in plan.events] == ["AnalysisRunSuccessful"]
    assert not wanted_now(told.body, told.now)


def test_an_interval_and_a_count() -> None:
    told = Told(web(interval="10s", count=3))
    for number in range(1, 4):
        plan = told.turn(m=GOOD)
        assert told.result()["count"] == number
        if number < 3:
            assert plan.requeue_at == told.now + timedelta(seconds=10)
            assert not wanted_now(told.body, told.now)
        told.now += timedelta(seconds=11)
    assert told.status["phase"] == "Successful"


def test_a_failure_ends_the_run_and_its_other_metrics() -> None:
    told = Told(web("slow", interval="1h"), web())
    told.turn(slow=GOOD, m=BAD)
    assert told.status["phase"] == "Failed"
    assert told.status["message"] == 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'
    assert told.result("slow")["phase"] == "Successful"


def test_errors_are_tried_again_until_there_are_too_many() -> None:
    told = Told(web())
    for _ in range(4):
        plan = told.turn(m=ERROR)
        assert (told.status["phase"], plan.requeue_at) == ("Running", told.now + timedelta(seconds=10))
        told.now += timedelta(seconds=11)
    told.turn(m=ERROR)
    assert told.status["phase"] == "Error"
    assert told.status["message"].endswith(
        'consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: no answer"'
    )


def test_a_dry_run_counts_for_nothing() -> None:
    told = Told(web(), web("tried"), dryRun=[{"metricName": "tri.*"}])
    told.turn(m=GOOD, tried=BAD)
    assert told.status["phase"] == "Successful"
    assert told.status["dryRunSummary"] == {"count": 1, "failed": 1}
    assert told.result("tried")["dryRun"] is True


def test_inconclusive() -> None:
    told = Told(web())
    told.turn(m=UNSURE)
    assert told.status["phase"] == "Inconclusive"


def test_what_is_on_its_way_is_asked_for_again() -> None:
    told = Told(web())
    plan = told.turn(m=None)
    assert (told.status["phase"], plan.requeue_at) == ("Running", NOW + timedelta(seconds=1))
    told.turn(m=GOOD)
    assert told.status["phase"] == "Successful"


def test_an_initial_delay() -> None:
    told = Told(web(initialDelay="30s"))
    plan = told.turn()
    assert plan.requeue_at == NOW + timedelta(seconds=30)
    assert wanted_now(told.body, told.now + timedelta(seconds=31))


def test_a_run_that_is_told_to_end() -> None:
    told = Told(web(interval="10s"))
    told.turn(m=GOOD)
    told.body["spec"]["terminate"] = True
    told.turn()
    assert (told.status["phase"], told.status["message"]) == ("Successful", "Run Terminated")


def test_what_is_kept() -> None:
    told = Told(web(interval="1s"), web("few", interval="1s"), measurementRetention=[{"metricName": "few", "limit": 2}])
    for _ in range(12):
        told.turn(m=GOOD, few=GOOD)
        told.now += timedelta(seconds=2)
    assert [len(told.result(name)["measurements"]) for name in ("m", "few")] == [10, 2]
    assert told.result()["count"] == 12


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"metrics": []}, "no metrics specified"),
        ({"metrics": [web(), web()]}, "metrics[1]: duplicate name 'm'"),
        ({"metrics": [web(count=2)]}, "metrics[0]: interval must be specified when count > 1"),
        ({"metrics": [web()], "dryRun": [{"metricName": "x"}]}, "rule didn't match any metric name: x"),
    ],
)
def test_a_spec_that_makes_no_sense(spec: dict[str, Any], said: str) -> None:
    told = Told()
    told.body["spec"] = spec
    told.turn()
    assert (told.status["phase"], told.status["message"]) == ("Error", f"Analysis spec invalid: {said}")


def test_values_of_secrets_are_masked() -> None:
    told = Told(web())
    told.secrets = ["s3cret"]
    told.turn(m=Measured("Failed", "got s3cret", "because of s3cret"))
    assert "s3cret" not in json.dumps(told.status)
    assert told.result()["measurements"][0]["value"] == "got *****"


def test_arguments_stand_in_every_text() -> None:
    metric = {
        "name": "m",
        "provider": {"web": {"url": "http://{{args.host}}/", "headers": [{"value": "{{ args.host }}"}]}},
    }
    made = with_args(metric, [{"name": "host", "value": 'a"b'}])
    assert made["provider"]["web"] == {"url": 'http://a"b/', "headers": [{"value": 'a"b'}]}


def given(**values: str) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


SECRET: dict[str, Any] = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


@pytest.mark.parametrize(
    ("metric", "args"),
    [
        (web(count=3, interval="10s"), []),
        (web(count="3", interval="10s"), []),
        (web(count="{{args.n}}", interval="{{ args.i }}"), given(n="3", i="10s")),
        (web("{{args.name}}", count="{{args.n}}", interval="10s"), [*given(n="3", name="m"), SECRET]),
    ],
)
def test_arguments_and_texts_in_numbers_and_times(metric: dict[str, Any], args: list[dict[str, Any]]) -> None:
    told = Told(metric, args=args)
    for number in range(1, 4):
        assert list(wanted_now(told.body, told.now)) == ["m"]
        plan = told.turn(m=GOOD)
        assert (told.result()["count"], told.status["phase"]) == (number, "Running" if number < 3 else "Successful")
        assert plan.requeue_at == (told.now + timedelta(seconds=10) if number < 3 else None)
        told.now += timedelta(seconds=11)


@pytest.mark.parametrize("limit", [1, "1", "{{args.f}}"])
def test_a_limit_in_any_form(limit: object) -> None:
    told = Told(web(interval="10s", failureLimit=limit), args=given(f="1"))
    told.turn(m=BAD)
    assert told.status["phase"] == "Running"
    told.now += timedelta(seconds=11)
    told.turn(m=BAD)
    assert told.status["phase"] == "Failed"
    assert told.status["message"] == 'Metric "m" assessed Failed due to failed (2) > failureLimit (1)'


def test_an_initial_delay_from_an_argument() -> None:
    told = Told(web(initialDelay="{{args.d}}"), args=given(d="30s"))
    assert not wanted_now(told.body, told.now)
    assert told.turn().requeue_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("metric", "args", "said"),
    [
        (
            web(count="three", interval="1s"),
            [],
            "Analysis spec invalid: metrics[0]: count of metric \"m\" must be a whole number, not 'three'",
        ),
        (
            web(failureLimit="{{args.f}}"),
            given(f="1_0"),
            "Analysis spec invalid: metrics[0]: failureLimit of metric \"m\" must be a whole number, not '1_0'",
        ),
        (
            web(inconclusiveLimit="{{args.token}}"),
            [SECRET],
            'Analysis spec invalid: metrics[0]: inconclusiveLimit of metric "m" must be a whole number, '
            "not 'known-later-of-a-secret-token'",
        ),
        (web(interval="{{args.i}}"), given(), "Unable to resolve metric arguments: failed to resolve {{args.i}}"),
        (web(), [{"name": "i"}], 'Unable to resolve metric arguments: argument "i" was not supplied'),
    ],
)
def test_arguments_that_make_no_sense(metric: dict[str, Any], args: list[dict[str, Any]], said: str) -> None:
    told = Told(metric, args=args)
    assert not wanted_now(told.body, told.now), "nobody is asked for a run that cannot be"
    told.turn()
    assert (told.status["phase"], told.status["message"]) == ("Error", said)


def test_a_run_keeps_its_metrics_as_they_are_written() -> None:
    """Arguments may be Secrets: what is asked for has its tags still, whoever measures puts the values in."""
    told = Told(web(count="{{args.n}}"), args=[*given(n="1"), SECRET])
    assert wanted_now(told.body, told.now) == {"m": told.body["spec"]["metrics"][0]}


def test_an_ended_run_goes_when_its_time_is_over() -> None:
    told = Told(web(), ttlStrategy={"secondsAfterCompletion": 60})
    told.turn(m=GOOD)
    told.now += timedelta(seconds=30)
    assert told.turn().requeue_at == NOW + timedelta(seconds=61)
    told.now += timedelta(seconds=31)
    (write,) = told.turn().writes
    assert isinstance(write, Erase)


# Jobs


def job() -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": "curl"}]}}}
    return {"name": "smoke", "provider": {"job": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}}


def ended(told: Told, kind: str) -> None:
    (found,) = told.jobs.values()
    found["status"] = {"conditions": [{"type": kind, "status": "True", "message": "it ended"}]}


@pytest.mark.parametrize(("kind", "phase"), [("Complete", "Successful"), ("Failed", "Failed")])
def test_a_job(kind: str, phase: str) -> None:
    told = Told(job())
    told.turn()
    (found,) = told.jobs.values()
    assert found["metadata"]["name"] == "uid.smoke.1"
    assert found["metadata"]["ownerReferences"][0]["kind"] == "AnalysisRun"
    assert (found["spec"]["backoffLimit"], found["spec"]["template"]["spec"]["restartPolicy"]) == (0, "Never")
    assert told.result("smoke")["measurements"][-1]["metadata"]["job-name"] == "uid.smoke.1"
    told.turn()
    assert told.status["phase"] == "Running"
    ended(told, kind)
    told.turn()
    assert told.status["phase"] == phase


def test_a_job_of_a_run_that_ends_is_deleted() -> None:
    told = Told(job())
    told.turn()
    told.body["spec"]["terminate"] = True
    (write,) = told.turn().writes
    assert isinstance(write, Erase)
    assert told.status["phase"] == "Successful"


def test_a_job_that_somebody_deleted_is_an_error() -> None:
    told = Told(job())
    told.turn()
    told.jobs.clear()
    told.turn()
    assert told.status["phase"] == "Running", "perhaps it is only not seen yet"
    told.now += timedelta(seconds=61)
    told.turn()
    assert told.result("smoke")["measurements"][-1]["phase"] == "Error"


def test_a_job_with_an_argument_from_a_secret() -> None:
    metric = job()
    metric["provider"]["job"]["spec"]["template"]["spec"]["containers"][0]["args"] = ["{{args.token}}"]
    told = Told(metric, args=[SECRET])
    assert list(wanted_now(told.body, told.now)) == ["smoke"], "its arguments are to be read"
    told.args, told.secrets = given(token="s3cret"), ["s3cret"]
    told.turn()
    (found,) = told.jobs.values()
    assert found["spec"]["template"]["spec"]["containers"][0]["args"] == ["s3cret"]
    assert "s3cret" not in json.dumps(told.status)
    assert not wanted_now(told.body, told.now), "it runs: nothing is to be read"


def test_a_job_whose_secret_is_not_there_is_an_error() -> None:
    told = Told(job(), args=[SECRET])
    told.turn(smoke=ERROR)
    assert (told.jobs, told.result("smoke")["measurements"][-1]["message"]) == ({}, "no answer")
