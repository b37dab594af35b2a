"""Resource actions: what may be done with a live object beyond syncing it, and what then becomes of it.

In: a live object and the customizations of settings. Out: `Offer`s, and `Impact`s, which the caller carries out. Settings go
before what is shipped; an action that settings do not define is looked for among the shipped ones, as in Argo CD 3.6
(`util/lua/lua.go`, `GetResourceActionDiscovery` and `GetResourceAction`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.errors import NotFound
from argosy.gitops.actions.action import Action, Call, Impact, Offer
from argosy.gitops.actions.custom import Defined
from argosy.gitops.actions.registry import actions_of
from argosy.gitops.health.verdict import Object
from argosy.gitops.identity import group_version, key_of
from argosy.lang.copying import copied

__all__ = ["offers", "run"]

type Overrides = Mapping[str, Mapping[str, Any]]


def offers(obj: Object, overrides: Overrides | None = None) -> list[Offer]:
    """The actions for an object, sorted by name. Raises InvalidObject or EvaluationError for settings that are wrong."""
    defined = _defined(obj, overrides)
    found: dict[str, Offer] = {}
    if defined is None or defined.merged:
        found = {name: _offer(name, action, obj) for name, action in _shipped(obj).items() if action.shown(obj)}
    if defined is not None:
        found |= {one.name: one for one in defined.offers(obj)}
    return [found[name] for name in sorted(found)]


def run(obj: Object, name: str, call: Call, overrides: Overrides | None = None) -> list[Impact]:
    """What the action makes of the object, which stays as it is. Raises NotFound, InvalidObject, EvaluationError."""
    defined = _defined(obj, overrides)
    if defined is not None and name in defined.scripts:
        return defined.run(name, obj, call.parameters)
    action = _shipped(obj).get(name)
    if action is None:
        known = sorted({*_shipped(obj), *(defined.scripts if defined is not None else ())})
        raise NotFound(f"{key_of(obj).setting} has no action {name!r}; it has {', '.join(known) or 'none'}")
    draft = copied(dict(obj))
    made = action.run(draft, call)
    return [Impact("create", made)] if made is not None else [Impact("patch", draft)]


def _shipped(obj: Object) -> Mapping[str, Action]:
    return actions_of(group_version(obj)[0], str(obj.get("kind") or ""))


def _defined(obj: Object, overrides: Overrides | None) -> Defined | None:
    text = (overrides or {}).get(key_of(obj).setting, {}).get("actions")
    return Defined.of(str(text)) if text else None


def _offer(name: str, action: Action, obj: Object) -> Offer:
    return Offer(name, action.disabled(obj), action.display_name, action.icon, action.parameters)
