"""Hooks: which objects are such, when they run, how they stand and when they are deleted.

In: an object, or its annotations; out: what they say. Called when tasks are made of targets, and when a comparison leaves
hooks out. Follows `gitops-engine/pkg/sync/hook/*.go` and `sync/syncwaves/waves.go` of Argo CD 3.6: Argo's annotation counts
before Helm's; an unknown name in it makes a hook that never runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from argosy.gitops.annotations import HELM_HOOK, HOOK
from argosy.gitops.sync.options import annotations_of, listed

__all__ = [
    "PHASES",
    "delete_policies",
    "is_hook",
    "is_hook_of_deletion",
    "is_skipped",
    "phase_of_health",
    "phases",
    "types",
    "wave",
]

PHASES: Final = ("PreSync", "Sync", "PostSync", "SyncFail")

_POLICY: Final = "argocd.argoproj.io/hook-delete-policy"
_HELM_POLICY: Final = "helm.sh/hook-delete-policy"
_WAVE: Final = "argocd.argoproj.io/sync-wave"
_HELM_WEIGHT: Final = "helm.sh/hook-weight"
_SKIP: Final = "Skip"
_OF_HELM: Final = {
    "pre-install": "PreSync",
    "pre-upgrade": "PreSync",
    "post-install": "PostSync",
    "post-upgrade": "PostSync",
}
_POLICIES: Final = ("HookSucceeded", "HookFailed", "BeforeHookCreation")
_HELM_POLICIES: Final = dict(zip(("hook-succeeded", "hook-failed", "before-hook-creation"), _POLICIES, strict=True))
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")

type Object = Mapping[str, Any]


def types(obj: Object) -> list[str]:
    """The hook types of an object that are known (hook.Types)."""
    annotations = annotations_of(obj)
    found = [one for one in listed(annotations.get(HOOK)) if one in PHASES or one == _SKIP]
    return found or [_OF_HELM[one] for one in listed(annotations.get(HELM_HOOK)) if one in _OF_HELM]


def is_skipped(obj: Object) -> bool:
    """Whether it is left out of every sync."""
    return types(obj) == [_SKIP]


def is_hook(obj: Object) -> bool:
    """Whether it is a hook; one that is skipped is none."""
    annotations = annotations_of(obj)
    if HOOK in annotations:
        return not is_skipped(obj)
    return annotations.get(HELM_HOOK, "crd-install") != "crd-install"


def is_hook_of_deletion(obj: Object, when: Literal["PreDelete", "PostDelete"]) -> bool:
    """Whether it runs while its Application is deleted, before or after the other objects are."""
    annotations = annotations_of(obj)
    helm = "pre-delete" if when == "PreDelete" else "post-delete"
    return when in listed(annotations.get(HOOK)) or helm in listed(annotations.get(HELM_HOOK))


def phases(obj: Object) -> list[str]:
    """The phases that it takes part in, in their order (syncPhases)."""
    if is_skipped(obj):
        return []
    if not is_hook(obj):
        return ["Sync"]
    found = types(obj)
    return [phase for phase in PHASES if phase in found]


def delete_policies(obj: Object) -> list[str]:
    """When a hook is deleted; where nothing is said, before it is made anew."""
    annotations = annotations_of(obj)
    own = [one for one in listed(annotations.get(_POLICY)) if one in _POLICIES]
    helm = [_HELM_POLICIES[one] for one in listed(annotations.get(_HELM_POLICY)) if one in _HELM_POLICIES]
    return [*own, *helm] or ["BeforeHookCreation"]


def wave(obj: Object) -> int:
    """Its sync wave; Helm's weight where Argo's annotation is no whole number."""
    annotations = annotations_of(obj)
    for key in (_WAVE, _HELM_WEIGHT):
        if _INTEGER.fullmatch(annotations.get(key, "")):
            return int(annotations[key])
    return 0


def phase_of_health(name: str, status: str | None, message: str) -> tuple[str, str]:
    """The phase of a hook that is there, and why (getOperationPhase); `status` None = its kind has no health check."""
    if status in ("Unknown", "Degraded"):
        return "Failed", message
    if status in ("Progressing", "Suspended"):
        return "Running", message
    return "Succeeded", message if status == "Healthy" else f"{name} created"
