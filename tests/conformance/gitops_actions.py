"""Adapters of the gitops families about resource actions, and of what plugins are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from argosy.gitops import actions, environment

type Case = dict[str, Any]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_STAMPED = (
    "kubectl.kubernetes.io/restartedAt",
    "cnpg.io/reloadedAt",
    "force-sync",
    "reconcile.fluxcd.io/requestedAt",
)
_MADE_BY_SERVERS = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields")


def _offered(case: Case) -> object:
    return [
        {"name": one.name, "disabled": one.disabled}
        | ({"displayName": one.display_name} if one.display_name else {})
        | ({"iconClass": one.icon} if one.icon else {})
        for one in actions.offers(case["manifest"])
    ]


def _impacts(case: Case) -> object:
    found = actions.run(case["manifest"], case["action"], actions.Call(NOW, case.get("parameters") or {}))
    told: list[Case] = [{"operation": one.operation, "object": _normal(one.object, one.operation)} for one in found]
    return sorted(told, key=lambda one: (one["object"]["kind"], one["object"]["metadata"]["name"]))


def _at(obj: Any, *path: str) -> dict[str, Any]:
    """The map at the path, an empty one where none stands."""
    for key in path:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj if isinstance(obj, dict) else {}


def _normal(obj: Case, operation: str) -> Case:
    """As the contract says, without what differs from run to run."""
    kind = f"{obj['apiVersion'].partition('/')[0]}/{obj['kind']}"
    for name in _MADE_BY_SERVERS:
        _at(obj, "metadata").pop(name, None)
    for notes in (_at(obj, "metadata", "annotations"), _at(obj, "spec", "template", "metadata", "annotations")):
        notes.pop("workflows.argoproj.io/scheduled-time", None)
        notes.update(dict.fromkeys(notes.keys() & set(_STAMPED), "TIME"))
    match kind:
        case "apps/Deployment":
            obj.pop("status", None)
        case "argoproj.io/Rollout":
            _at(obj, "spec").pop("restartAt", None)
        case "postgresql.cnpg.io/Cluster":
            _at(obj, "status").pop("targetPrimaryTimestamp", None)
        case "batch/Job":
            for one in _at(obj, "status").get("conditions") or ():
                if one["type"] == "FailureTarget":
                    one.pop("lastTransitionTime", None)
    if operation == "create":
        obj["metadata"]["name"] = "NAME"
    kept: Case = _without_empty(obj)
    return kept


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not None and one not in ({}, [])}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value


def _plugin_env(case: Case) -> object:
    env = environment.plugin_parameters(case["parameters"])
    del env["ARGOCD_APP_PARAMETERS"]
    return {"env": sorted(f"{name}={value}" for name, value in env.items())}


FAMILIES: dict[str, Callable[[Case], object]] = {
    "gitops/actions-custom": _impacts,
    "gitops/actions-discovery": _offered,
    "gitops/plugin-parameters-env": _plugin_env,
}
