"""The controller of AnalysisRuns: measures what is due, and writes what it amounts to.

Measuring belongs to observing: a turn that is repeated measures again, and what was measured is written on condition of the
run's version. Secrets are read when something is measured, and are shown nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Patch, Version, Write
from argosy.control.keys import Key
from argosy.errors import ArgosyError, EvaluationError, NotFound, Pending, Unsupported
from argosy.ports.metrics import Ask
from argosy.resources.definitions import GROUP
from argosy.resources.homes import placed
from argosy.rollouts.analysis.args import with_args
from argosy.rollouts.analysis.jobs import job_metric
from argosy.rollouts.analysis.providers import Answer, Measured, Question, provider_of, read
from argosy.rollouts.analysis.runs import RunSeen, reconcile_run, wanted_now
from argosy.rollouts.writes import Ref
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import HOME
from argosy.services.rollouts.carrying import effects_of
from argosy.services.rollouts.watching import Watched

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["AnalysisRuns"]

CONTROLLER_NAMESPACE: Final = "argo-rollouts"
"""Where Argo's controller, and so everybody's Secrets of metric providers, live."""


type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a run; `seen` is None for one that somebody else decides on."""

    key: Key
    version: Version
    seen: RunSeen | None = None
    versions: Mapping[Ref, Version] = field(default_factory=dict)


class AnalysisRuns:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        from argosy.services.rollouts.controller import is_left

        watched = Watched(Mirror(self._runtime.store, self._runtime.blobs, key.cluster))
        copy = watched.find(GROUP, "AnalysisRun", key.namespace, key.name)
        if copy is None or copy.object is None:
            return None
        version = Version(copy.uid, copy.version)
        if is_left(self._runtime, key, copy.object):
            return Observation(Read(key, version), {key: version}, copy.version)
        versions = {Ref(GROUP, "AnalysisRun", key.name): version}
        jobs: dict[str, Body] = {}
        for job in watched.owned("batch", "Job", key.namespace, f"{copy.uid}."):
            if job.object is not None:
                name = str(job.object["metadata"]["name"])
                jobs[name] = job.object
                versions[Ref("batch", "Job", name)] = Version(job.uid, job.version)
        measuring = _Measuring(self._runtime, key, copy.object)
        measured = dict(measuring.all(self._runtime.clock.now()))
        seen = RunSeen(copy.object, jobs, measured, measuring.args, measuring.secrets)
        known = {one.uid: one.resource for one in versions.values()}
        return Observation(Read(key, version, seen, versions), {key: version}, copy.version, known)

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        read: Read = observation.object
        if read.seen is None:
            return Decision()
        plan = reconcile_run(read.seen, now)
        effects = effects_of(plan, read.key, read.seen.body, read.versions, now)
        return Decision(effects, plan.status, plan.requeue_at, stands_on=())

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        raise EvaluationError(f"nobody carries out {call.id}")

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`."""
        del report
        read: Read = observation.object
        if decision is None or not decision.status:
            return None
        return Patch(read.key, {"status": decision.status}, read.version)


class _Measuring:
    """Measures for one run. `args`: the run's with their values, once they were read; `secrets`: values that were read."""

    def __init__(self, runtime: Runtime, key: Key, body: Body) -> None:
        self._runtime, self._key, self._body = runtime, key, body
        self._cluster = "" if key.cluster == HOME else key.cluster
        self.args: Sequence[Body] | None = None
        self.secrets: list[str] = []

    def all(self, now: datetime) -> Iterator[tuple[str, Measured | None]]:
        """What is due, by metric; None for what is on its way. A Job is only refused here, for what it cannot be given."""
        wanted = wanted_now(self._body, now)
        if not wanted:
            return
        try:
            args = self.args = self._args()
        except ArgosyError as x:
            for name in wanted:
                yield name, Measured("Error", message=str(x))
            return
        for name, metric in wanted.items():
            if not job_metric(metric):
                yield name, self._measure(metric, args, now)

    def _args(self) -> Sequence[Body]:
        """The run's arguments with their values. Raises NotFound, Unavailable for a Secret."""
        made = []
        for arg in (self._body.get("spec") or {}).get("args") or ():
            ref = (arg.get("valueFrom") or {}).get("secretKeyRef")
            if arg.get("value") is None and ref:
                value = self._secret(self._key.namespace, str(ref.get("name", "")), str(ref.get("key", "")))
                made.append({"name": arg["name"], "value": value})
            else:
                made.append(arg)
        return made

    def _secret(self, namespace: str, name: str, key: str) -> str:
        found = self._runtime.secrets.secret(placed(namespace, self._cluster), name, key)
        self.secrets.append(found)
        return found

    def _measure(self, metric: Body, args: Sequence[Body], now: datetime) -> Measured | None:
        try:
            ready = with_args(metric, args)
            provider, config = provider_of(ready)
            question = provider.question(config, self._provider_secret, now)
            return read(ready, self._ask(ready, question))
        except Pending:
            return None
        except ArgosyError as x:
            return Measured("Error", message=str(x))

    def _provider_secret(self, name: str, key: str) -> str:
        """A Secret of a metric provider: of the run's own namespace, else of the controller's."""
        try:
            return self._secret(self._key.namespace, name, key)
        except NotFound:
            return self._secret(CONTROLLER_NAMESPACE, name, key)

    def _ask(self, metric: Body, question: Question) -> Answer:
        if self._is_inside(question.url):
            return self._inside(metric, question)
        metrics = self._runtime.metrics
        if metrics is None:
            raise EvaluationError("this function asks no metric systems")
        if question.service:
            return Answer(result=metrics.cloudwatch(question.body))
        ask = Ask(
            question.method,
            question.url,
            question.headers,
            question.body,
            question.timeout,
            question.insecure,
            question.sign,
            question.token,
        )
        reply = metrics.http(ask)
        return Answer(reply.status, reply.body)

    def _is_inside(self, url: str) -> bool:
        """Whether a name means something only in the run's cluster, and an agent stands there."""
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        named = host.endswith((".svc", ".svc.cluster.local"))
        return named and self._runtime.registry.find(self._key.cluster).way == "agent"

    def _inside(self, metric: Body, question: Question) -> Answer:
        """What an agent's request is answered. Raises Unsupported for what agents do not do for it."""
        refused = {
            "insecure": question.insecure and question.url.startswith("https:"),
            "authentication.oauth2": question.token,
            "authentication.sigv4": question.sign,
        }
        for name, given in refused.items():
            if given:
                raise Unsupported(f"{name} is not served for names inside a cluster, which its agent asks")
        request = {
            "method": question.method,
            "url": question.url,
            "headers": dict(question.headers),
            "body": question.body,
            "timeout": question.timeout,
        }
        name = str(metric["name"])
        uid = (self._body.get("metadata") or {}).get("uid", "")
        # Not by what is asked: a query has the time in it, and the next look would not find the answer to the first.
        purpose = f"{self._key}/{uid}/{name}/{self._number(name)}"
        found = self._runtime.insides.ask(self._key.cluster, purpose, request)
        return Answer(int(found["status"]), str(found.get("body") or ""))

    def _number(self, name: str) -> int:
        """Which measurement of a metric this is: asking again for the same finds the answer to the first."""
        for one in (self._body.get("status") or {}).get("metricResults") or ():
            if one.get("name") == name:
                return (one.get("count") or 0) + (one.get("error") or 0)
        return 0
