"""Traffic routers: one module each, named as its key in `trafficRouting`, found through `router_of`.

A router is pure: it says which objects it reads, and what has to be written so that they send a share of the traffic to
the canary. `argosy.rollouts.routing` decides the share.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from argosy.resources.base import Problem
from argosy.resources.rollout import MirrorRoute, Named, Rollout
from argosy.rollouts.writes import Change, Create, Outside, Ref

__all__ = ["ROUTERS", "Destination", "Router", "Split", "routers"]

type Body = Mapping[str, Any]
type Objects = Mapping[Ref, Body | None]
type Move = Change | Create | Outside

ROUTERS: Final[Mapping[str, str]] = {
    "alb": "argosy.rollouts.traffic.alb:Alb",
    "ambassador": "argosy.rollouts.traffic.ambassador:Ambassador",
    "apisix": "argosy.rollouts.traffic.apisix:Apisix",
    "istio": "argosy.rollouts.traffic.istio:Istio",
    "nginx": "argosy.rollouts.traffic.nginx:Nginx",
    "smi": "argosy.rollouts.traffic.smi:Smi",
    "traefik": "argosy.rollouts.traffic.traefik:Traefik",
}
PLUGINS: Final[Mapping[str, str]] = {"argoproj-labs/gatewayAPI": "argosy.rollouts.traffic.gateway:Gateway"}
"""Plugins of Argo Rollouts that are built in here."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination beside canary and stable: an experiment's."""

    service: str
    weight: int
    pod_hash: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """How the traffic is to be shared; weights out of `full`."""

    canary: int
    canary_service: str = ""
    stable_service: str = ""
    canary_hash: str = ""
    stable_hash: str = ""
    additional: Sequence[Destination] = ()
    full: int = 100

    @property
    def stable(self) -> int:
        """What is left for the stable version."""
        return self.full - self.canary - sum(one.weight for one in self.additional)


class Router(Protocol):
    """One router. Whatever it raises of `EvaluationError` says which object is not as it must be."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """The objects that it reads and changes."""
        ...

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """What is wrong with them: nothing moves until it is right."""
        ...

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """What has to be written so that the traffic is split so; nothing where it is."""
        ...

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """Send requests with certain headers to the canary; no `match` takes the route away."""
        ...

    def mirror_route(self, rollout: Rollout, objects: Objects, split: Split, route: MirrorRoute) -> Iterator[Move]:
        """Send a copy of some requests to the canary; no `match` takes the route away."""
        ...

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """Take all managed routes away."""
        ...

    def verified(self, rollout: Rollout, objects: Objects, split: Split) -> bool | None:
        """Whether the split has arrived where it is carried out; None where nobody can tell."""
        ...


def routers(rollout: Rollout) -> Sequence[Router]:
    """The routers of a rollout, in the order of their names."""
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    if routing is None:
        return []
    places = [place for name, place in ROUTERS.items() if getattr(routing, name) is not None]
    places += [place for name, place in PLUGINS.items() if name in (routing.plugins or {})]
    return [_load(place) for place in places]


def _load(place: str) -> Router:
    module, _, member = place.partition(":")
    found: Router = getattr(importlib.import_module(module), member)()
    return found
