"""Resource actions: what is offered for a live object, and what an action makes of it."""

from argosy.gitops.actions.action import Call, Impact, Offer
from argosy.gitops.actions.offering import offers, run

__all__ = ["Call", "Impact", "Offer", "offers", "run"]
