"""`web`: a request whose JSON answer is the result (metricproviders/webmetric/webmetric.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from argosy.errors import EvaluationError
from argosy.lang import kubejsonpath
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged
from argosy.rollouts.analysis.signing import oauth2

__all__ = ["Web"]

type Body = Mapping[str, Any]


class Web:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`."""
        del secret, now
        method = str(config.get("method") or "GET")
        body, given = config.get("body"), config.get("jsonBody")
        if body and given is not None:
            raise EvaluationError("use either Body or JSONBody; both cannot exists for WebMetric payload")
        if (body or given is not None) and method == "GET":
            raise EvaluationError("Body/JSONBody can only be used with POST or PUT WebMetric Method types")
        headers = {str(one["key"]): str(one.get("value", "")) for one in config.get("headers") or ()}
        if given is not None:
            headers["Content-Type"] = "application/json"
        text = orjson.dumps(given).decode() if given is not None else body or None
        return Question(
            method,
            str(config.get("url", "")),
            headers,
            text,
            float(config.get("timeoutSeconds") or 10),
            insecure=bool(config.get("insecure")),
            token=oauth2(config),
        )

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the first value that the path finds, or the text of what is no JSON."""
        if not 200 <= answer.status < 300:
            raise EvaluationError(f"received non 2xx response code: {answer.status}")
        try:
            data = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return answer.body
        return _Json(kubejsonpath.first(data, _braced(str(config.get("jsonPath") or "{$}"))))

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`."""
        if isinstance(values, _Json):
            text = orjson.dumps(values.value, option=orjson.OPT_SORT_KEYS).decode()
            return judged(metric, floats(values.value), text)
        return judged(metric, values, str(values))


def _braced(path: str) -> str:
    """The path as a template; one without braces, which Argo takes for a text, is meant as a path all the same."""
    bare = path.strip()
    if "{" in bare:
        return bare
    return f"{{{bare if bare.startswith(('$', '@', '.', '[')) else f'.{bare}'}}}"


class _Json:
    """A value that was JSON; a text that was none is shown without quotes."""

    def __init__(self, value: Any) -> None:
        self.value = value


def floats(value: Any) -> Any:
    """JSON as Go reads it: every number is a float64."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, Mapping):
        return {name: floats(one) for name, one in value.items()}
    return [floats(one) for one in value] if isinstance(value, list) else value
