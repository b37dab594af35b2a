"""`smi`: a TrafficSplit of our own (rollout/trafficrouting/smi/smi.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout
from argosy.resources.rollout_traffic import SmiRouting
from argosy.rollouts.traffic import Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed
from argosy.rollouts.writes import Create, Ref, owned_by

__all__ = ["Smi"]

_GROUP: Final = "split.smi-spec.io"


def _config(rollout: Rollout) -> SmiRouting:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return routing.smi if routing is not None and routing.smi is not None else SmiRouting()


def _ref(rollout: Rollout) -> Ref:
    return Ref(_GROUP, "TrafficSplit", _config(rollout).traffic_split_name or rollout.metadata.name)


class Smi(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        return [_ref(rollout)]

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`: none, the split is made."""
        del rollout, objects
        return iter(())

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        ref = _ref(rollout)
        backends = [{"service": split.canary_service, "weight": split.canary}]
        backends += [{"service": one.service, "weight": one.weight} for one in split.additional]
        backends.append({"service": split.stable_service, "weight": split.stable})
        spec: dict[str, Any] = {
            "service": _config(rollout).root_service or split.stable_service,
            "backends": backends,
        }
        there = objects.get(ref)
        if there is not None:
            yield from changed(ref, there, spec)
            return
        owner = owned_by("Rollout", rollout.metadata.name, rollout.metadata.uid)
        metadata = {"name": ref.name, "namespace": rollout.metadata.namespace, "ownerReferences": [owner]}
        yield Create(
            ref, {"apiVersion": f"{_GROUP}/v1alpha1", "kind": "TrafficSplit", "metadata": metadata, "spec": spec}
        )
