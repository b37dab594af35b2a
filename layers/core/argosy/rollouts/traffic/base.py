"""What most routers have in common: nothing for what they cannot do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argosy.errors import EvaluationError
from argosy.resources.base import Problem
from argosy.resources.rollout import MirrorRoute, Named, Rollout
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.writes import Change, Ref

__all__ = ["PlainRouter", "changed", "found"]


class PlainRouter(ABC):
    """A router without routes of its own, whose weights cannot be verified."""

    @abstractmethod
    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`: an object that is missing."""
        for ref in self.needs(rollout):
            if objects.get(ref) is None:
                yield Problem(
                    "spec.strategy.canary.trafficRouting",
                    f'Invalid value: "{ref.name}": {ref.kind} "{ref.name}" not found',
                )

    def header_route(self, rollout: Rollout, objects: Objects, split: Split, route: Named) -> Iterator[Move]:
        """See `Router.header_route`."""
        del rollout, objects, split, route
        return iter(())

    def mirror_route(self, rollout: Rollout, objects: Objects, split: Split, route: MirrorRoute) -> Iterator[Move]:
        """See `Router.mirror_route`."""
        del rollout, objects, split, route
        return iter(())

    def without_routes(self, rollout: Rollout, objects: Objects) -> Iterator[Move]:
        """See `Router.without_routes`."""
        del rollout, objects
        return iter(())

    def verified(self, rollout: Rollout, objects: Objects, split: Split) -> bool | None:
        """See `Router.verified`."""
        del rollout, objects, split
        return None


def found(objects: Objects, ref: Ref) -> Body:
    """An object that has to be there. Raises EvaluationError."""
    one = objects.get(ref)
    if one is None:
        raise EvaluationError(f'{ref.kind} "{ref.name}" not found')
    return one


def changed(ref: Ref, one: Body, spec: Mapping[str, Any]) -> Iterator[Change]:
    """The patch of parts of `spec`, nothing where they are so already."""
    before = one.get("spec") or {}
    if any(before.get(name) != value for name, value in spec.items()):
        yield Change(ref, {"spec": dict(spec)})
