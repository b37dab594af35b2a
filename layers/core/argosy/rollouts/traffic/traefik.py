"""`traefik`: the weights of a TraefikService (rollout/trafficrouting/traefik/traefik.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import Rollout
from argosy.rollouts.traffic import Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed, found
from argosy.rollouts.writes import Ref

__all__ = ["Traefik"]

_GROUP: Final = "traefik.io"


class Traefik(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        routing = rollout.canary.traffic_routing if rollout.canary is not None else None
        config = routing.traefik if routing is not None else None
        return [Ref(_GROUP, "TraefikService", config.weighted_traefik_service_name)] if config is not None else []

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        for ref in self.needs(rollout):
            one = found(objects, ref)
            weighted = (one.get("spec") or {}).get("weighted") or {}
            services = weighted.get("services") or []
            weights = {split.canary_service: split.canary, split.stable_service: split.stable}
            names = {service.get("name") for service in services}
            for name in weights:
                if name not in names:
                    raise EvaluationError(f"traefik service {name} was not found in {ref.name}")
            made = [{**one, "weight": weights.get(one.get("name"), one.get("weight"))} for one in services]
            yield from changed(ref, one, {"weighted": {**weighted, "services": made}})
