"""Argo's own controllers that live in a cluster, as its agent has told of them.

What one of them serves is only observed, so that nothing is done twice, until the operator claims it
(`argosy cluster set --claim`).
"""

from __future__ import annotations

from argosy.control.agents.reports import ARGO_CD
from argosy.ports.store import Store
from argosy.services.agents.registry import AGENTS_PK, Entry

__all__ = ["ARGO_EVENTS", "ARGO_ROLLOUTS", "applications_are_served", "are_served"]

ARGO_EVENTS = "argo-events"
ARGO_ROLLOUTS = "argo-rollouts"


def are_served(store: Store, entry: Entry, controller: str) -> bool:
    """Whether a living controller serves the objects of a cluster, and nobody has claimed them."""
    row = store.get(AGENTS_PK, entry.name)
    return bool(row and controller in (row.data.get("controllers") or ())) and not entry.claimed


def applications_are_served(store: Store, entry: Entry) -> bool:
    """The same for Argo CD's controller in the namespace where a cluster's Applications are controlled."""
    return are_served(store, entry, f"{ARGO_CD}/{entry.argocd_namespace}")
