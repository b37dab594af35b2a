"""Actions of External Secrets (`resource_customizations/external-secrets.io`)."""

from __future__ import annotations

import re

from argosy.gitops.actions.action import Action, stamp
from argosy.gitops.health.verdict import Object, at

__all__ = ["PUSH", "SECRET"]

_NEVER = re.compile(r"0(ns|us|µs|ms|s|m|h)?", re.ASCII)


def _read_once(obj: Object) -> bool:
    """Whether its controller takes the value once and for all, and no annotation changes that."""
    interval = at(obj, "spec", "refreshInterval")
    never = interval is not None and _NEVER.fullmatch(str(interval)) is not None
    return never and at(obj, "spec", "refreshPolicy") != "OnChange"


SECRET = {"refresh": Action(stamp("force-sync"), _read_once)}
PUSH = {"push": Action(stamp("force-sync"))}
