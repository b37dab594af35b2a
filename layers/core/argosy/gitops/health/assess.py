"""Health of one live object (`gitops-engine/pkg/health/health.go`, `GetResourceHealth`).

In: the object, and the customizations of settings. Out: its health, None for a kind that has no check. Called wherever
Argosy compares an application or waits for a wave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import ArgosyError
from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.health.builtin import builtin_health
from argosy.gitops.health.custom import script_for, scripted
from argosy.gitops.health.registry import check_for
from argosy.gitops.health.verdict import Health, Object, at, progressing, unknown
from argosy.gitops.identity import group_version

__all__ = ["health_of", "shipped_health", "visible_health"]

_UNFORESEEN: Final = (AttributeError, LookupError, TypeError, ValueError)


def health_of(obj: Object, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Health | None:
    """The verdict of the first that has one: deletion, a script of the settings, a shipped check, a built-in one.

    Raises InvalidObject or EvaluationError where no verdict can be reached.
    """
    doomed = at(obj, "metadata", "deletionTimestamp") is not None
    if doomed and HOOK_FINALIZER not in (at(obj, "metadata", "finalizers") or ()):
        return progressing("Pending deletion")
    script = script_for(obj, overrides) if overrides else ""
    if script:
        return scripted(obj, script)
    return shipped_health(obj) or builtin_health(obj)


def shipped_health(obj: Object) -> Health | None:
    """The verdict of the check that comes with Argosy for a custom kind."""
    check = check_for(group_version(obj)[0], str(obj.get("kind") or ""))
    return check(obj) if check is not None else None


def visible_health(obj: Object, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Health | None:
    """The same for a status: an object that cannot be judged is Unknown, and says why."""
    try:
        return health_of(obj, overrides)
    except ArgosyError as x:
        return unknown(str(x))
    except _UNFORESEEN as x:  # a status of another form than the check knows: its kind's schema lets it be anything
        return unknown(f"its status cannot be read: {type(x).__name__} {x}")
