"""`ambassador`: a canary Mapping beside each base one (rollout/trafficrouting/ambassador/ambassador.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, changed, found
from argosy.rollouts.writes import Create, Ref

__all__ = ["Ambassador"]

_GROUP: Final = "getambassador.io"
_SUFFIX: Final = "-canary"
_LONGEST: Final = 246


def _names(rollout: Rollout) -> Sequence[str]:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    config = routing.ambassador if routing is not None else None
    return config.mappings if config is not None else ()


def _ref(name: str) -> Ref:
    return Ref(_GROUP, "Mapping", name)


def canary_name(name: str) -> str:
    """The name of the canary Mapping."""
    return name[:_LONGEST] + _SUFFIX


class Ambassador(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        return [_ref(one) for name in _names(rollout) for one in (name, canary_name(name))]

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`: a base Mapping that is missing, or has a weight of its own."""
        path = "spec.strategy.canary.trafficRouting.ambassador.mappings"
        for name in _names(rollout):
            one = objects.get(_ref(name))
            if one is None:
                yield Problem(path, f'Invalid value: "{name}": Mapping "{name}" not found')
            elif (one.get("spec") or {}).get("weight"):
                yield Problem(path, f'Invalid value: "{name}": Ambassador mapping "{name}" can not define weight')

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        for name in _names(rollout):
            base, ref = found(objects, _ref(name)), _ref(canary_name(name))
            spec = _spec(base, split)
            there = objects.get(ref)
            if there is not None:
                yield from changed(ref, there, {"weight": split.canary})
            else:
                namespace = rollout.metadata.namespace
                metadata = {"name": ref.name, "namespace": namespace}
                api = str(base.get("apiVersion") or f"{_GROUP}/v2")
                yield Create(ref, {"apiVersion": api, "kind": "Mapping", "metadata": metadata, "spec": spec})


def _spec(base: Body, split: Split) -> dict[str, Any]:
    spec = dict(base.get("spec") or {})
    service = str(spec.get("service", "")).replace(split.stable_service, split.canary_service, 1)
    return {**spec, "service": service, "weight": split.canary}
