"""`job`: a Kubernetes Job whose success is the metric's (metricproviders/job/job.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.lang.copying import copied
from argosy.lang.instants import parse
from argosy.rollouts.analysis.providers import Measured
from argosy.rollouts.writes import owned_by

__all__ = ["Job", "job_metric"]

type Body = Mapping[str, Any]

_LONGEST: Final = 63
_UNSEEN: Final = timedelta(seconds=60)
_UID: Final = "analysisrun.argoproj.io/uid"
_METRIC: Final = "analysisrun.argoproj.io/metric-name"
_RUN: Final = "analysisrun.argoproj.io/name"


def job_metric(metric: Body) -> bool:
    """Whether a metric is a Job."""
    return (metric.get("provider") or {}).get("job") is not None


@dataclass(frozen=True, slots=True)
class Job:
    """A Job of a run, None once it is gone."""

    body: Body | None

    @staticmethod
    def manifest(run: Body, metric: Body, result: Body) -> dict[str, Any]:
        """The Job of the next measurement; its name is the same whoever makes it."""
        metadata, config = run.get("metadata") or {}, metric["provider"]["job"]
        number = (result.get("count") or 0) + (result.get("error") or 0) + 1
        uid, name = str(metadata.get("uid", "")), str(metric["name"])
        own, spec = config.get("metadata") or {}, copied(config.get("spec") or {})
        if spec.get("backoffLimit") is None:
            spec["backoffLimit"] = 0
        pods = spec.setdefault("template", {}).setdefault("spec", {})
        pods.setdefault("restartPolicy", "Never")
        owner = owned_by("AnalysisRun", metadata.get("name"), uid)
        annotations = {**(own.get("annotations") or {}), _RUN: metadata.get("name"), _METRIC: name}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": f"{uid}.{name}.{number}"[:_LONGEST].rstrip("-."),
                "namespace": metadata.get("namespace"),
                "labels": {**(own.get("labels") or {}), _UID: uid},
                "annotations": annotations,
                "ownerReferences": [owner],
            },
            "spec": spec,
        }

    def measured(self, last: Body, now: datetime) -> Measured | None:
        """What it has come to, None while it runs.

        One that cannot be seen a while after it was made was deleted: an Error.
        """
        metadata = last.get("metadata") or {}
        if self.body is None:
            started = parse(last.get("startedAt"))
            gone = started is not None and now > started + _UNSEEN
            return Measured("Error", message="its Job was deleted", metadata=metadata) if gone else None
        for one in (self.body.get("status") or {}).get("conditions") or ():
            if one.get("status") == "True" and one.get("type") in ("Failed", "Complete", "SuccessCriteriaMet"):
                phase = "Failed" if one["type"] == "Failed" else "Successful"
                return Measured(phase, message=str(one.get("message") or ""), metadata=metadata)
        return None
