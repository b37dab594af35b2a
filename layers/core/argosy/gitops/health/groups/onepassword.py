"""Health of 1Password's items (`resource_customizations/onepassword.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import ready

__all__ = ["check"]


check = ready("Waiting for controller to report status")
