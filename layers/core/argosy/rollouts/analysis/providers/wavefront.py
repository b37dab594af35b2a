"""`wavefront`: the last value of each series of a chart query (metricproviders/wavefront/wavefront.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from argosy.errors import EvaluationError
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged

__all__ = ["Wavefront"]

type Body = Mapping[str, Any]

_SECRET = "wavefront-api-tokens"  # noqa: S105 - the name of a Secret
_SPAN = timedelta(seconds=60)


class Wavefront:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`. The token lies in the Secret `wavefront-api-tokens`, its key is the address."""
        address = str(config.get("address", ""))
        token = secret(_SECRET, address)
        query = {
            "q": config.get("query", ""),
            "s": int((now - _SPAN).timestamp() * 1000),
            "e": int(now.timestamp() * 1000),
            "g": "s",
        }
        headers = {"Authorization": f"Bearer {token}"}
        return Question("GET", f"https://{address}/api/v2/chart/api?{urlencode(query)}", headers, secrets=(token,))

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the newest value of each series."""
        del config
        if answer.status != 200:
            raise EvaluationError(f"wavefront answered {answer.status}")
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise EvaluationError("wavefront answered with what is no JSON") from None
        return [max(one["data"])[1] for one in body.get("timeseries") or () if one.get("data")]

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`: one series is its number, several are a list."""
        numbers = [float(value) for value in values]
        if not numbers:
            raise EvaluationError(f"No TimeSeries found in response from Wavefront for the metric {metric.get('name')}")
        if len(numbers) == 1:
            return judged(metric, numbers[0], f"{numbers[0]:.2f}")
        return judged(metric, numbers, f"[{','.join(f'{number:.2f}' for number in numbers)}]")
