"""Health of live objects and of applications."""

from argosy.gitops.health.application import Judged, application_health
from argosy.gitops.health.assess import health_of, shipped_health, visible_health
from argosy.gitops.health.verdict import RANKS, Health

__all__ = ["RANKS", "Health", "Judged", "application_health", "health_of", "shipped_health", "visible_health"]
