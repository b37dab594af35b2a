"""`datadog`: a query of version 1 or 2 of its API (metricproviders/datadog/datadog.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from argosy.errors import EvaluationError, NotFound
from argosy.lang import duration
from argosy.lang.strconv import format_float
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged

__all__ = ["Datadog"]

type Body = Mapping[str, Any]

_SECRET = "datadog"  # noqa: S105 - the name of a Secret
_ADDRESS = "https://api.datadoghq.com"


class Datadog:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`. Keys are those of the Secret `datadog`, or the one that `secretRef` names."""
        name = str((config.get("secretRef") or {}).get("name") or _SECRET)
        keys = secret(name, "api-key"), secret(name, "app-key")
        address = _optional(secret, name) or _ADDRESS
        lasts = duration.parse(str(config.get("interval") or "5m")) / duration.SECOND
        begin = now - timedelta(seconds=lasts)
        headers = {"DD-API-KEY": keys[0], "DD-APPLICATION-KEY": keys[1], "Content-Type": "application/json"}
        if str(config.get("apiVersion") or "v1") == "v1":
            query = {"query": config.get("query", ""), "from": int(begin.timestamp()), "to": int(now.timestamp())}
            url = f"{address.rstrip('/')}/api/v1/query?{urlencode(query)}"
            return Question("GET", url, headers, secrets=keys)
        body = orjson.dumps(_second(config, begin, now)).decode()
        return Question("POST", f"{address.rstrip('/')}/api/v2/query/scalar", headers, body, secrets=keys)

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`."""
        if answer.status != 200:
            known = answer.status in (401, 403)
            said = "received authentication error response code: " if known else "received non 2xx response code: "
            raise EvaluationError(f"{said}{answer.status} {answer.body[:500]}")
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise EvaluationError("Could not parse JSON body") from None
        if str(config.get("apiVersion") or "v1") == "v1":
            return {"series": body.get("series") or []}
        return {"columns": ((body.get("data") or {}).get("attributes") or {}).get("columns") or []}

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`: the last point, or nothing, which conditions may ask for with `default`."""
        if "series" in values:
            series = values["series"]
            points = series[0].get("pointlist") if series else None
            if not points:
                return judged(metric, None, orjson.dumps(series).decode())
            number = points[-1][1]
        else:
            columns = values["columns"]
            found = columns[0].get("values") if columns else None
            if not found:
                return judged(metric, None, orjson.dumps(columns).decode())
            number = found[0]
        if number is None:
            return judged(metric, None, "null")
        return judged(metric, float(number), format_float(float(number)))


def _optional(secret: Reader, name: str) -> str:
    try:
        return secret(name, "address")
    except NotFound:
        return ""


def _second(config: Body, begin: datetime, now: datetime) -> dict[str, Any]:
    queries = config.get("queries") or {"query": config.get("query", "")}
    formula = config.get("formula") or next(iter(queries))
    attributes = {
        "from": int(begin.timestamp() * 1000),
        "to": int(now.timestamp() * 1000),
        "formulas": [{"formula": formula}],
        "queries": [
            {"name": name, "data_source": "metrics", "query": query, "aggregator": config.get("aggregator") or "last"}
            for name, query in queries.items()
        ],
    }
    return {"data": {"attributes": attributes, "type": "scalar_request"}}
