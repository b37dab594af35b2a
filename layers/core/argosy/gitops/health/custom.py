"""Health that settings define: Lua scripts of `resource.customizations` (`util/lua/lua.go`, `ExecuteHealthLua`).

In: a live object and the script for its kind. Out: the verdict that the script's table stands for. A script runs in the
sandbox of `argosy.lang.lua`, with the object as its global `obj`; its `os` and `io` are gone whatever `useOpenLibs` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.errors import EvaluationError
from argosy.gitops.health.verdict import RANKS, Health, Object
from argosy.gitops.identity import group_version
from argosy.lang import lua
from argosy.lang.glob import matches

__all__ = ["script_for", "scripted"]


def script_for(obj: Object, overrides: Mapping[str, Mapping[str, Any]]) -> str:
    """The script that settings give for the kind: under its exact key, else under the first of the keys with `*` or `?` that
    matches; "" for none.
    """
    group, kind = group_version(obj)[0], str(obj.get("kind") or "")
    key = f"{group}/{kind}" if group else kind
    exact = overrides.get(key, {}).get("health.lua")
    if exact:
        return str(exact)
    for pattern in sorted(overrides):
        if ("*" in pattern or "?" in pattern) and matches(pattern, key):
            found = overrides[pattern].get("health.lua")
            if found:
                return str(found)
    return ""


def scripted(obj: Object, script: str) -> Health | None:
    """What the script says; None when it says nothing. Raises EvaluationError for a script that fails or makes no sense."""
    found = orjson.loads(lua.document(script, {"obj": obj}))
    if not found:
        return None
    if not isinstance(found, dict):
        raise EvaluationError("the health script returned no table with a status")
    status, message = found.get("status"), found.get("message")
    if status not in RANKS:
        raise EvaluationError(f"the health script returned the status {status!r:.40}, which is none")
    return Health(status, message if isinstance(message, str) else "")
