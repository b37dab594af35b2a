"""Adapters of the gitops families about live state: health, tracking, comparison, actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from argosy.adapters.jq import LazyJq
from argosy.errors import EvaluationError
from argosy.gitops import conditions, health, orphans, syncstatus, targets, tracking
from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.compare import Comparison, compare, differences
from argosy.gitops.diff.ignored import IgnoreRules, ignored_of
from argosy.gitops.diff.knowntypes import KnownField, with_known_types
from argosy.gitops.diff.managers import without_managed
from argosy.gitops.diff.secrets import masked
from argosy.gitops.diff.serverside import compare_dry_run
from argosy.gitops.filters import Entry, ResourceFilter
from argosy.gitops.identity import Key
from argosy.lang.patch import json_patch
from argosy.resources.application import IgnoreDifference
from argosy.resources.appproject import OrphanIgnore
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest

type Case = dict[str, Any]

JQ = LazyJq()


def _health(found: health.Health | None) -> object:
    return None if found is None else {"status": found.status, "message": found.message}


def _key(body: Case) -> Key:
    return Key(body["group"], body["kind"], body["namespace"], body["name"])


def _app_health(case: Case) -> object:
    judged = [
        health.Judged(
            _key(one),
            one["live"],
            health.Health(one["health"]) if one.get("health") else None,
            skipped=bool(one.get("targetSkip") or one.get("liveHook") or one.get("liveIgnore")),
            unasked=bool(one.get("ignoreHealth")),
        )
        for one in case["resources"]
    ]
    found = health.application_health(judged)
    return {"health": found.status, "message": found.message}


def _compared(case: Case) -> Comparison:
    return compare(case["config"], case["live"], ignore_aggregated=bool(case.get("ignoreAggregatedRoles")))


def _builtin_diff(case: Case) -> object:
    found = _compared(case)
    return {"modified": found.modified, "differences": [{"path": one.path, **one.sides} for one in differences(found)]}


def _predicted(case: Case) -> object:
    found = _compared(case)
    return {"live": found.live, "predicted": found.predicted}


def _asked(obj: Any, pointers: list[str]) -> object:
    return {pointer: _at(obj, pointer) for pointer in pointers}


def _at(obj: Any, pointer: str) -> object:
    try:
        copied = json_patch({"from": obj, "to": None}, [{"op": "copy", "from": f"/from{pointer}", "path": "/to"}])
    except EvaluationError:
        return None
    found: object = copied["to"]
    return found


def _items(case: Case) -> list[IgnoreDifference]:
    return [parse(IgnoreDifference, Manifest(one)) for one in case["ignoreDifferences"]]


def _selected(case: Case) -> object:
    found = ignored_of(_items(case), case["overrides"], _key(case))
    if found is None:
        return None
    return {
        "jsonPointers": found.pointers,
        "jqPathExpressions": found.programs,
        "managedFieldsManagers": found.managers,
    }


def _managed(case: Case) -> object:
    live, config = without_managed(case["live"], case["config"], case["trustedManagers"])
    return {"live": _asked(live, case["query"]), "config": _asked(config, case["query"])}


def _server_side(case: Case) -> object:
    with_webhooks = case.get("ignoreMutationWebhook") is False
    found = compare_dry_run(case["live"], case["predictedLive"], case["manager"], with_webhooks=with_webhooks)
    return {
        "modified": found.modified,
        "predicted": _asked(found.predicted, case["query"]),
        "live": _asked(found.live, case["query"]),
    }


def _masked(case: Case) -> object:
    target, live = masked(case["target"], case["live"], case["hideAnnotations"])
    return {"target": _sorted_text(target), "live": _sorted_text(live)}


def _sorted_text(secret: Any) -> object:
    notes = ((secret or {}).get("metadata") or {}).get("annotations") or {}
    if notes.get(LAST_APPLIED, "").startswith("{"):
        notes[LAST_APPLIED] = orjson.dumps(orjson.loads(notes[LAST_APPLIED]), option=orjson.OPT_SORT_KEYS).decode()
    return secret


def _known(case: Case) -> object:
    fields = [KnownField(one["field"], one["type"]) for one in case["knownTypeFields"]]
    return _asked(with_known_types(case["manifest"], fields), case["query"])


def _tracking_id(case: Case) -> object:
    if case["op"] == "build":
        return tracking.tracking_id(case["appName"], case["manifest"], case["namespace"])
    found = tracking.parse(case["value"])
    key = found.key
    parts = {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}
    return {"applicationName": found.application, **parts}


def _tracked(case: Case) -> object:
    method: Any = case["method"] or "annotation"
    label, written = case["labelKey"], case["installationID"]
    reader: Any = case.get("readInstallationID", written)
    made = tracking.Tracking(method, label, written).mark(case["manifest"], case["appName"], case["namespace"])
    reading = tracking.Tracking(method, label, reader)
    metadata = made["metadata"]
    return {
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
        "appName": reading.owner(made),
    }


def _self_referenced(case: Case) -> object:
    return tracking.is_self_referenced(case["live"], case["config"], case["appName"], case["trackingMethod"])


def _retargeted(case: Case) -> object:
    scopes = case["namespaced"]
    found = targets.retargeted(case["targets"], case["namespace"], lambda group, kind: scopes.get(f"{group}/{kind}"))
    shown = [
        {
            "group": key.group,
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "marker": (obj.get("data") or {}).get("v"),
        }
        for key, obj in sorted(found.objects.items())
    ]
    warnings = [{"key": str(key), "count": count} for key, count in sorted(found.repeated.items())]
    return {"targets": shown, "warnings": warnings}


def _excluded(case: Case) -> object:
    settings = ResourceFilter(
        [Entry.of(one) for one in case["exclusions"]], [Entry.of(one) for one in case["inclusions"]]
    )
    return settings.excludes(case["apiGroup"], case["kind"], case["cluster"])


def _orphan(case: Case) -> object:
    ignored = [parse(OrphanIgnore, Manifest(one)) for one in case["ignore"]]
    return orphans.is_ignored(_key(case["key"]), ignored)


def _sync_status(case: Case) -> object:
    compared = [
        syncstatus.Compared(
            target=one["target"],
            live=one["live"],
            modified=one["modified"],
            left_out=bool(one.get("hook") or one.get("ignore") or one.get("targetSkip"))
            or not one.get("selfReferenced", True),
            extra_is_fine=bool(one.get("ignoreExtraneous")),
            permitted=one.get("permitted", True),
        )
        for one in case["resources"]
    ]
    found = syncstatus.sync_status(
        compared,
        load_failed=bool(case.get("loadFailed")),
        namespace_changed=bool(case.get("managedNamespaceMetadataChanged")),
    )
    return {"status": found.status, "resources": found.resources}


def _conditions(case: Case) -> object:
    existing, new = (
        [conditions.Condition(one["type"], one["message"], one.get("lastTransitionTime", "")) for one in case[side]]
        for side in ("existing", "new")
    )
    found = conditions.merged(existing, new, set(case["evaluated"]), case["now"])
    return [{"type": one.type, "message": one.message, "lastTransitionTime": one.since} for one in found]


FAMILIES: dict[str, Callable[[Case], object]] = {
    "gitops/app-sync-status": _sync_status,
    "gitops/conditions-merge": _conditions,
    "gitops/diff-ignore": lambda case: IgnoreRules(_items(case), case["overrides"], JQ).cleaned(case["manifest"]),
    "gitops/diff-ignore-select": _selected,
    "gitops/diff-known-types": _known,
    "gitops/diff-managed-fields": _managed,
    "gitops/diff-secret-mask": _masked,
    "gitops/diff-server-side": _server_side,
    "gitops/orphaned-exclusion": _orphan,
    "gitops/resource-filter": _excluded,
    "gitops/retarget-dedup": _retargeted,
    "gitops/self-referenced": _self_referenced,
    "gitops/tracking-id": _tracking_id,
    "gitops/tracking-set-get": _tracked,
    "gitops/app-health": _app_health,
    "gitops/diff-builtin-kinds": _builtin_diff,
    "gitops/diff-modified": lambda case: {"modified": _compared(case).modified},
    "gitops/three-way-predict": _predicted,
    "gitops/health-builtin": lambda case: _health(health.health_of(case["manifest"])),
    "gitops/health-custom": lambda case: _health(health.shipped_health(case["manifest"])),
}
