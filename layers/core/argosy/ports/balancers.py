"""Balancers port: the load balancers whose listeners share traffic between target groups.

Target groups are known by what they carry: `namespace/ingress-service:port`, as the AWS Load Balancer Controller tags them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from argosy.records import record

__all__ = ["Balancers", "Share"]


@record
class Share:
    """What a target group gets: its weight (of several rules the least), its targets, and how many of them are healthy."""

    weight: int
    targets: int
    healthy: int


class Balancers(Protocol):
    """Load balancers by the host name that they have. Raises NotFound, Denied, Unavailable."""

    def look(self, hostname: str, groups: Collection[str]) -> Mapping[str, Share]:
        """The shares of these groups as the listeners' rules have them now; one that no rule knows is left out."""
        ...

    def share(self, hostname: str, weights: Mapping[str, int]) -> None:
        """Give these groups their weights in every rule that forwards to all of them; doing it again changes nothing."""
        ...
