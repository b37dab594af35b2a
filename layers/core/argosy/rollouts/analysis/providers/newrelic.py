"""`newRelic`: a NRQL query through NerdGraph (metricproviders/newrelic/newrelic.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from argosy.errors import EvaluationError, NotFound
from argosy.rollouts.analysis.providers import Answer, Measured, Question, Reader, judged
from argosy.rollouts.analysis.providers.web import floats

__all__ = ["NewRelic"]

type Body = Mapping[str, Any]

_PROFILE = "newrelic"
_URLS = {"us": "https://api.newrelic.com/graphql", "eu": "https://api.eu.newrelic.com/graphql"}
_QUERY = (
    "query($account: Int!, $nrql: Nrql!, $timeout: Seconds) "
    "{ actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } } }"
)


class NewRelic:
    """See `Provider`."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """See `Provider.question`. The Secret is `newrelic`, or the one that `profile` names."""
        del now
        name = str(config.get("profile") or _PROFILE)
        key, account = secret(name, "personal-api-key"), secret(name, "account-id")
        if not account.isdigit():
            raise EvaluationError(f"the Secret {name} has no numeric account-id")
        variables: dict[str, Any] = {"account": int(account), "nrql": str(config.get("query", ""))}
        timeout = config.get("timeout")
        if timeout:
            variables["timeout"] = int(timeout)
        body = orjson.dumps({"query": _QUERY, "variables": variables}).decode()
        headers = {"API-Key": key, "Content-Type": "application/json"}
        return Question("POST", _url(secret, name), headers, body, float(timeout or 5) + 5, secrets=(key,))

    def answer(self, config: Body, answer: Answer) -> Any:
        """See `Provider.answer`: the list of results."""
        del config
        if answer.status != 200:
            raise EvaluationError(f"received non 2xx response code: {answer.status}")
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise EvaluationError("Could not parse JSON body") from None
        if body.get("errors"):
            raise EvaluationError(f"NerdGraph: {body['errors'][0].get('message', '')}")
        account = ((body.get("data") or {}).get("actor") or {}).get("account") or {}
        return (account.get("nrql") or {}).get("results") or []

    def measured(self, metric: Body, values: Any) -> Measured:
        """See `Provider.measured`: one result is itself, several are a list."""
        if not values or values == [{}]:
            raise EvaluationError(f"no results returned from NRQL query: {_query(metric)}")
        result = values[0] if len(values) == 1 else values
        return judged(metric, floats(result), orjson.dumps(result, option=orjson.OPT_SORT_KEYS).decode())


def _url(secret: Reader, name: str) -> str:
    for key in ("base-url-nerdgraph", "region"):
        try:
            found = secret(name, key)
        except NotFound:
            continue
        return found if key != "region" else _URLS.get(found.lower(), _URLS["us"])
    return _URLS["us"]


def _query(metric: Body) -> str:
    return str(((metric.get("provider") or {}).get("newRelic") or {}).get("query", ""))
