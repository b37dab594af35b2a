"""Asks metric systems over HTTP, within the egress rule, and CloudWatch.

Connections are not kept: an analysis asks once in a while. An answer of more than a megabyte is refused.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.adapters.http.checked import CheckedPools
from argosy.errors import ArgosyError, Permanent, Unavailable
from argosy.ports.metrics import Ask, Reply

__all__ = ["HttpMetrics"]

_MOST_BYTES: Final = 1_000_000
_EARLY_SECONDS: Final = 60.0


class HttpMetrics:
    """See `Metrics`. `clients`: those of AWS, for CloudWatch and for requests that are signed."""

    def __init__(self, clients: Clients | None = None) -> None:
        self._clients = clients or Clients()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._mutex = threading.Lock()

    def http(self, ask: Ask) -> Reply:
        """See `Metrics.http`."""
        headers = dict(ask.headers)
        if ask.token:
            headers["Authorization"] = f"Bearer {self._token(ask)}"
        if ask.sign:
            headers = self._signed(ask, headers)
        return self._send(ask.method, ask.url, headers, ask.body, ask)

    def cloudwatch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Metrics.cloudwatch`."""
        given = dict(arguments)
        for name in ("StartTime", "EndTime"):
            given[name] = datetime.fromisoformat(given[name])
        with telling("cloudwatch GetMetricData"):
            found: Mapping[str, Any] = self._clients.regional("cloudwatch", "").get_metric_data(**given)
        return found

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: str | None, ask: Ask) -> Reply:
        where = url.partition("?")[0]
        if not url.startswith(("http://", "https://")):
            raise Permanent(f"{where or 'nothing'} cannot be asked: an address begins with http:// or https://")
        try:
            with CheckedPools(cert_reqs="CERT_NONE" if ask.insecure else "CERT_REQUIRED") as pools:
                answer = pools.request(
                    method,
                    url,
                    headers=dict(headers),
                    body=body.encode() if body is not None else None,
                    timeout=ask.timeout,
                    retries=urllib3.Retry(total=3, connect=0, read=0, status=0, redirect=3),
                    preload_content=False,
                )
                data = answer.read(_MOST_BYTES + 1, decode_content=True)
                answer.release_conn()
        except ArgosyError:
            raise
        except (urllib3.exceptions.LocationParseError, urllib3.exceptions.URLSchemeUnknown, ValueError) as x:
            raise Permanent(f"{where} cannot be asked: {x}") from x
        except (urllib3.exceptions.HTTPError, ssl.SSLError, OSError) as x:
            raise Unavailable(f"{where} did not answer: {_reason(x)}") from x
        if len(data) > _MOST_BYTES:
            raise Permanent(f"{where} answered with more than {_MOST_BYTES} bytes")
        return Reply(answer.status, data.decode(errors="replace"))

    def _token(self, ask: Ask) -> str:
        """A bearer token by client credentials, kept until a minute before it ends."""
        key = json.dumps(dict(ask.token), sort_keys=True)
        with self._mutex:
            known = self._tokens.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        form = {
            "grant_type": "client_credentials",
            "client_id": ask.token["id"],
            "client_secret": ask.token["secret"],
            "scope": " ".join(ask.token.get("scopes") or ()),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = self._send("POST", str(ask.token["url"]), headers, urlencode(form), ask)
        try:
            body = json.loads(reply.body)
            token, seconds = str(body["access_token"]), float(body.get("expires_in") or 0)
        except (ValueError, KeyError, TypeError):
            raise Permanent(f"{ask.token['url']} answered {reply.status} and gave no access_token") from None
        with self._mutex:
            self._tokens[key] = token, time.monotonic() + seconds - _EARLY_SECONDS
        return token

    def _signed(self, ask: Ask, headers: dict[str, str]) -> dict[str, str]:
        """The headers with a signature for Amazon Managed Service for Prometheus."""
        region, role = ask.sign.get("region", ""), ask.sign.get("roleArn", "")
        clients = self._clients.assuming(role, region=region) if role else self._clients
        return clients.signed_headers(ask.method, ask.url, headers, ask.body or "", "aps", region)


def _reason(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None)
    return str(reason or problem)[:300]
