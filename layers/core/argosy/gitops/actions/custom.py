"""Actions that settings define: Lua scripts of `resource.customizations.actions` (`util/lua/lua.go` of Argo CD 3.6).

In: a live object and the text of its kind's entry: `discovery.lua`, `definitions` of a `name` and an `action.lua` each, and
`mergeBuiltinActions`. Out: what the scripts offer, and what they leave. They run in the sandbox of `argosy.lang.lua` with
`obj` and `actionParams` as globals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from argosy.errors import EvaluationError
from argosy.gitops.actions.action import Draft, Impact, Offer
from argosy.gitops.health.verdict import Object
from argosy.lang import lua
from argosy.resources.manifests import read_value

__all__ = ["Defined"]


@dataclass(frozen=True, slots=True)
class Defined:
    """An entry of settings: the script that offers, those that act, and whether shipped actions are offered as well."""

    discovery: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    merged: bool = False

    @classmethod
    def of(cls, text: str) -> Defined:
        """Read an entry. Raises InvalidObject, EvaluationError."""
        body = read_value(text)
        if not isinstance(body, dict):
            raise EvaluationError("resource.customizations.actions: discovery.lua and definitions are missing")
        definitions = [one for one in body.get("definitions") or () if isinstance(one, dict)]
        scripts = {str(one.get("name")): str(one.get("action.lua") or "") for one in definitions}
        return cls(str(body.get("discovery.lua") or ""), scripts, body.get("mergeBuiltinActions") is True)

    def offers(self, obj: Object) -> list[Offer]:
        """What the discovery script offers. Raises EvaluationError for one that fails or returns no table."""
        found = orjson.loads(lua.document(self.discovery, {"obj": obj})) if self.discovery else {}
        if not isinstance(found, dict):
            raise EvaluationError("the discovery script returned a list; it must return actions by their names")
        return [_offer(name, told) for name, told in found.items() if isinstance(told, dict)]

    def run(self, name: str, obj: Object, parameters: Mapping[str, str]) -> list[Impact]:
        """What the action's script leaves: one object, or a list of `operation` and `resource`. Raises EvaluationError."""
        names = {"obj": obj, "actionParams": dict(parameters)}
        found = orjson.loads(lua.document(self.scripts[name], names))
        if isinstance(found, dict):
            return [Impact("patch", _cleaned(found, obj))]
        return [_impact(name, one, obj) for one in found]


def _offer(name: str, told: Mapping[str, Any]) -> Offer:
    parameters = told.get("params")
    return Offer(
        name,
        told.get("disabled") is True,
        str(told.get("displayName") or ""),
        str(told.get("iconClass") or ""),
        tuple(
            {key: str(value) for key, value in one.items()}
            for one in (parameters if isinstance(parameters, list) else ())
            if isinstance(one, dict)
        ),
    )


def _impact(name: str, told: Any, source: Object) -> Impact:
    operation, obj = (told.get("operation"), told.get("resource")) if isinstance(told, dict) else (None, None)
    if operation not in ("create", "patch") or not isinstance(obj, dict):
        raise EvaluationError(f"the action {name} returned an entry without operation (create or patch) and resource")
    return Impact(operation, _cleaned(obj, source))


def _cleaned(made: Draft, source: Object) -> Draft:
    """The same with lists where they stood before: an empty table of Lua is a map and a list alike."""
    return {key: _listed(value, source.get(key)) for key, value in made.items()}


def _listed(value: Any, before: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(before, list) and not value:
            return []
        return _cleaned(value, before if isinstance(before, dict) else {})
    if isinstance(value, list):
        known = before if isinstance(before, list) else []
        return [_listed(one, known[index] if index < len(known) else None) for index, one in enumerate(value)]
    return value
