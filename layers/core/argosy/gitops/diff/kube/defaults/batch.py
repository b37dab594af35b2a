"""Defaults of batch/v1 (`pkg/apis/batch/v1/defaults.go`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.gitops.diff.kube.defaults.core import fill

__all__ = ["DEFAULTS"]

type Json = dict[str, Any]

_MOST: Final = 2**31 - 1


def _missing(obj: Json, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


def _job(obj: Json) -> None:
    spec = obj["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    replaced = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
    _missing(
        spec,
        parallelism=1,
        backoffLimit=_MOST if spec.get("backoffLimitPerIndex") is not None else 6,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy=replaced,
        manualSelector=False,
    )
    labels = spec["template"]["metadata"].get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = labels


def _cron_job(obj: Json) -> None:
    fill(obj["spec"], {"concurrencyPolicy": "Allow"})
    _missing(obj["spec"], suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)


DEFAULTS: Final[Mapping[str, Callable[[Json], None]]] = {
    "batch.v1.CronJob": _cron_job,
    "batch.v1.Job": _job,
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": lambda obj: fill(obj, {"status": "True"}),
    "batch.v1beta1.CronJob": _cron_job,
}
