"""The annotations and labels by which Argo CD, Helm and kubectl mark objects, as far as comparison and health read them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "COMPARE_OPTIONS",
    "HELM_HOOK",
    "HOOK",
    "HOOK_FINALIZER",
    "IGNORE_HEALTH",
    "INSTALLATION_ID",
    "LAST_APPLIED",
    "POST_DELETE_FINALIZER",
    "PRE_DELETE_FINALIZER",
    "TRACKING_ID",
]

HOOK: Final = "argocd.argoproj.io/hook"
HELM_HOOK: Final = "helm.sh/hook"
HOOK_FINALIZER: Final = "argocd.argoproj.io/hook-finalizer"
PRE_DELETE_FINALIZER: Final = "pre-delete-finalizer.argocd.argoproj.io"
POST_DELETE_FINALIZER: Final = "post-delete-finalizer.argocd.argoproj.io"
IGNORE_HEALTH: Final = "argocd.argoproj.io/ignore-healthcheck"
COMPARE_OPTIONS: Final = "argocd.argoproj.io/compare-options"
TRACKING_ID: Final = "argocd.argoproj.io/tracking-id"
INSTALLATION_ID: Final = "argocd.argoproj.io/installation-id"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
