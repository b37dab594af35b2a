"""Metrics port: asks the systems that analyses measure with.

In: requests as data. Out: their answers, whatever the status. Nothing of what is asked or answered is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from argosy.records import record

__all__ = ["Ask", "Metrics", "Reply"]


@record
class Ask:
    """An HTTP request; `timeout` in seconds, `insecure`: whatever certificate the server shows.

    `sign`: region (and role) that it is signed for with AWS's signature version 4; `token`: client credentials (url, id,
    secret, scopes) that a bearer token is fetched with.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    timeout: float = 10.0
    insecure: bool = False
    sign: Mapping[str, str] = field(default_factory=dict)
    token: Mapping[str, Any] = field(default_factory=dict)


@record
class Reply:
    """The answer."""

    status: int
    body: str = ""


class Metrics(Protocol):
    """Asks. Raises Unavailable for what may answer later, Denied for an address that may not be reached, Permanent else."""

    def http(self, ask: Ask) -> Reply:
        """The answer to a request."""
        ...

    def cloudwatch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of GetMetricData; times in RFC 3339."""
        ...
