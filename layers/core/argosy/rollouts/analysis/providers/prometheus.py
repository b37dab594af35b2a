"""`prometheus`: a query of its HTTP API (metricproviders/prometheus/prometheus.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.strconv import format_float, parse_float
from argosy.rollouts.analysis.conditions import evaluate_time
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged
from argosy.rollouts.analysis.signing import oauth2, sigv4

__all__ = ["Prometheus"]

type Body = Mapping[str, Any]

_TIMEOUT = 30.0


class Prometheus:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`."""
        del secret
        address = str(config.get("address") or "").rstrip("/")
        if not address:
            raise EvaluationError("prometheus address is not configured")
        span = config.get("rangeQuery") or {}
        form = {"query": str(config.get("query", ""))}
        if span:
            step = duration.parse(str(span.get("step") or ""))
            form["start"] = f"{evaluate_time(str(span.get('start', ''))).timestamp():.3f}"
            form["end"] = f"{evaluate_time(str(span.get('end', ''))).timestamp():.3f}"
            form["step"] = f"{step / duration.SECOND:.3f}"
        else:
            form["time"] = f"{now.timestamp():.3f}"
        headers = {str(one["key"]): str(one.get("value", "")) for one in config.get("headers") or ()}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return Question(
            "POST",
            f"{address}/api/v1/{'query_range' if span else 'query'}",
            headers,
            urlencode(form),
            float(config.get("timeout") or _TIMEOUT),
            insecure=bool(config.get("insecure")),
            sign=sigv4(config),
            token=oauth2(config),
        )

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the type of the result, and its values as texts."""
        del config
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise EvaluationError(f"prometheus answered {answer.status} with what is no JSON") from None
        if body.get("status") != "success":
            raise EvaluationError(f"{body.get('errorType', answer.status)}: {body.get('error', '')}")
        data = body.get("data") or {}
        kind = data.get("resultType")
        result: Any = data.get("result")
        if kind == "scalar":
            return {"type": kind, "value": result[1]}
        if kind == "vector":
            return {"type": kind, "values": [one["value"][1] for one in result]}
        if kind == "matrix":
            return {"type": kind, "series": [[value for _, value in one["values"]] for one in result]}
        return {"type": kind}

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`."""
        if values["type"] == "scalar":
            number = parse_float(values["value"])
            return judged(metric, number, format_float(number))
        if values["type"] == "vector":
            texts = values["values"]
        elif values["type"] == "matrix":
            texts = [text for series in values["series"] for text in series]
        else:
            raise EvaluationError(f"Prometheus metric type {values['type']} not supported")
        numbers = [parse_float(text) for text in texts]
        return judged(metric, numbers, f"[{','.join(format_float(number) for number in numbers)}]")
