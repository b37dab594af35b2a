"""Load balancers in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from argosy.errors import NotFound
from argosy.ports.balancers import Share

__all__ = ["FakeBalancers"]


@dataclass
class FakeBalancers:
    """`Balancers`: host name → group → share. `arrives`: whether a weight that is set can be seen at once."""

    shares: dict[str, dict[str, Share]] = field(default_factory=dict)
    arrives: bool = True

    def look(self, hostname: str, groups: Collection[str]) -> Mapping[str, Share]:
        """See `Balancers.look`."""
        if hostname not in self.shares:
            raise NotFound(f"no load balancer has the name {hostname}")
        return {name: share for name, share in self.shares[hostname].items() if name in groups}

    def share(self, hostname: str, weights: Mapping[str, int]) -> None:
        """See `Balancers.share`."""
        known = self.look(hostname, weights)
        if missing := sorted(weights.keys() - known.keys()):
            raise NotFound(f"load balancer {hostname} has no target group of {missing[0]}")
        if self.arrives:
            self.shares[hostname] |= {
                name: Share(weight, known[name].targets, known[name].healthy) for name, weight in weights.items()
            }
