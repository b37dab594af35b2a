"""Whether a load balancer's targets are the pods of the version that a Service selects.

Follows `rollout/bluegreen.go` (awsVerifyTargetGroups) of Argo Rollouts; whoever observes looks at the targets, and says so
in `Seen.facts["targetsVerified"]`. Where nobody looks, there is nothing to wait for.
"""

from __future__ import annotations

from argosy.rollouts.turn import Turn

__all__ = ["verified"]


def verified(turn: Turn) -> bool:
    """Whether an old version may go as far as load balancers are concerned."""
    return turn.seen.facts.get("targetsVerified") is not False
