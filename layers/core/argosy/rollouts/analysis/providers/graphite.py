"""`graphite`: the datapoints of a render query (metricproviders/graphite of Argo Rollouts)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from argosy.errors import EvaluationError
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged

__all__ = ["Graphite"]

type Body = Mapping[str, Any]


class Graphite:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`. The query is `target=…` as the render API has it; white space in it means nothing."""
        del secret, now
        address = str(config.get("address") or "").rstrip("/")
        if not address.startswith(("http://", "https://")):
            raise EvaluationError(f"{address or 'graphite.address'} is not a valid URL")
        query = re.sub(r"\s+", "", str(config.get("query", "")))
        pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "format"]
        return Question("GET", f"{address}/render?{urlencode([*pairs, ('format', 'json')])}")

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the values of the first series, None for points without one."""
        del config
        if answer.status != 200:
            raise EvaluationError(f"error response: {answer.body[:500]}")
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise EvaluationError("graphite answered with what is no JSON") from None
        return [value for value, _ in body[0].get("datapoints") or ()] if body else []

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`."""
        numbers = [float(value) for value in values if value is not None]
        return judged(metric, numbers, f"[{','.join(f'{number:.6f}' for number in numbers)}]")
