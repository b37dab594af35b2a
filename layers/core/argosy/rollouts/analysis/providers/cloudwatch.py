"""`cloudWatch`: the results of GetMetricData (metricproviders/cloudwatch/cloudwatch.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from argosy.lang import duration
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged
from argosy.rollouts.analysis.providers.influxdb import printed

__all__ = ["CloudWatch"]

type Body = Mapping[str, Any]


class CloudWatch:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`: `interval` (5m) back from now."""
        del secret
        lasts = duration.parse(str(config.get("interval") or "5m")) / duration.SECOND
        queries = [_query(one) for one in config.get("metricDataQueries") or ()]
        arguments = {
            "StartTime": (now - timedelta(seconds=lasts)).isoformat(),
            "EndTime": now.isoformat(),
            "MetricDataQueries": queries,
        }
        return Question(service="cloudwatch", body=arguments)

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`."""
        del config
        return [
            {"Values": list(one.get("Values") or ())} for one in (answer.result or {}).get("MetricDataResults") or ()
        ]

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`."""
        results = [{"Values": [float(value) for value in one["Values"]]} for one in values]
        return judged(metric, results, printed([one["Values"] for one in results]))


def _query(one: Body) -> dict[str, Any]:
    """A query in the API's own spelling."""
    made = {_upper(name): value for name, value in one.items() if name not in ("metricStat", "period")}
    if one.get("period") is not None:
        made["Period"] = int(one["period"])
    stat = one.get("metricStat")
    if stat:
        metric = stat.get("metric") or {}
        dimensions = [{"Name": d.get("name"), "Value": d.get("value")} for d in metric.get("dimensions") or ()]
        inner: dict[str, Any] = {"MetricName": metric.get("metricName"), "Namespace": metric.get("namespace")}
        inner |= {"Dimensions": dimensions} if dimensions else {}
        made["MetricStat"] = {"Metric": inner, "Period": int(stat.get("period") or 60), "Stat": stat.get("stat")}
        made["MetricStat"] |= {"Unit": stat["unit"]} if stat.get("unit") else {}
    return made


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
