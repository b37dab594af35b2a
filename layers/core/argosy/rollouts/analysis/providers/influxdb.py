"""`influxdb`: the values of a Flux query (metricproviders/influxdb/influxdb.go of Argo Rollouts)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from argosy.errors import EvaluationError
from argosy.lang.strconv import format_general
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged

__all__ = ["InfluxDb", "printed"]

type Body = Mapping[str, Any]

_PROFILE = "influxdb"


class InfluxDb:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`. Address, token and organisation are those of the Secret that `profile` names."""
        del now
        name = str(config.get("profile") or _PROFILE)
        address, token, org = (secret(name, key) for key in ("address", "authToken", "org"))
        headers = {
            "Authorization": f"Token {token}",
            "Accept": "application/csv",
            "Content-Type": "application/vnd.flux",
        }
        url = f"{address.rstrip('/')}/api/v2/query?{urlencode({'org': org})}"
        return Question("POST", url, headers, str(config.get("query", "")), 30.0, secrets=(token,))

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the column `_value` of every table."""
        del config
        if answer.status != 200:
            raise EvaluationError(f"influxdb answered {answer.status}: {answer.body[:500]}")
        values, at = list[Any](), None
        for row in csv.reader(io.StringIO(answer.body)):
            if "_value" in row:
                at = row.index("_value")
            elif at is not None and len(row) > at and row[at] != "":
                values.append(_value(row[at]))
            elif not row:
                at = None
        return values

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`."""
        if not values:
            raise EvaluationError("no values found in query result")
        numbers = [float(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in values]
        return judged(metric, numbers, printed(numbers))


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text, text)


def printed(value: Any) -> str:
    """As Go's `%v` prints it."""
    if isinstance(value, list):
        return f"[{' '.join(printed(one) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_general(value) if isinstance(value, float) else str(value)
