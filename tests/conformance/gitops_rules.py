"""Adapters of the gitops families about projects, rights, syncing, refreshing and webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from argosy.errors import EvaluationError
from argosy.gitops.identity import key_of
from argosy.gitops.projects import patterns, permissions, specs, windows
from argosy.gitops.rbac import claims, policies
from argosy.gitops.rbac.builtin import BUILTIN_POLICY
from argosy.gitops.rbac.enforcing import Enforcer, Request
from argosy.gitops.refresh import attempts, autosync, needs, paths
from argosy.gitops.sync import hooks, options, pruning, retries, tasks
from argosy.gitops.webhooks import matching, receiving
from argosy.gitops.webhooks.delivery import Artifact, Delivery, Push
from argosy.lang import instants
from argosy.resources import appproject_validation
from argosy.resources.application import Application, ApplicationSpec, Destination, Hydrator, ResourceStatus
from argosy.resources.application_operation import Backoff, OperationState
from argosy.resources.appproject import AppProject, Role, SyncWindow
from argosy.resources.source import Source

type Case = dict[str, Any]


def _project(spec: dict[str, Any], name: str = "default") -> AppProject:
    return AppProject.of({"metadata": {"name": name}, "spec": spec})


def _time(text: Any) -> datetime:
    found = instants.parse(text)
    if found is None:
        raise EvaluationError(f"{text!r} is no time")
    return found


def _cluster(body: Any) -> permissions.Cluster:
    return permissions.Cluster(body.get("server", ""), body.get("name", ""), body.get("project", ""))


def _spec_validate(case: Case) -> object:
    spec = ApplicationSpec.model_validate(case["spec"])
    return specs.permission_problems(spec, AppProject.of(case["project"]), [_cluster(one) for one in case["clusters"]])


def _project_validate(case: Case) -> object:
    appproject_validation.check(AppProject.of(case["project"]))
    return True


def _destination_permitted(case: Case) -> object:
    only = case.get("permitOnlyProjectScopedClusters", False)
    project = _project({"destinations": case["destinations"], "permitOnlyProjectScopedClusters": only})
    to = case["destination"]
    scoped = [_cluster(one) for one in case.get("projectClusters") or ()]
    return permissions.destination_permitted(project, _cluster(to), to.get("namespace", ""), scoped)


def _resource_permitted(case: Case) -> object:
    project = _project(case["spec"])
    return permissions.kind_permitted(project, case["group"], case["kind"], case["name"], namespaced=case["namespaced"])


def _source_namespace(case: Case) -> object:
    project = _project({"sourceNamespaces": case["sourceNamespaces"]})
    return permissions.namespace_permitted(project, case["appNamespace"], case["controllerNamespace"])


def _source_permitted(case: Case) -> object:
    return permissions.source_permitted(_project({"sourceRepos": case["sourceRepos"]}), case["repoURL"])


def _windows(case: Case) -> list[SyncWindow]:
    return [SyncWindow.model_validate(one) for one in case["windows"]]


def _places(given: list[SyncWindow], found: Any) -> list[int]:
    chosen = {id(one) for one in found}
    return [index for index, one in enumerate(given) if id(one) in chosen]


def _window_active(case: Case) -> object:
    given = _windows(case)
    found = windows.opened(given, _time(case["time"]))
    return {"active": _places(given, found.active), "inactiveAllows": _places(given, found.shut)}


def _window_can_sync(case: Case) -> object:
    started = case.get("operationStartTime")
    begun = _time(started) if started else None
    return windows.can_sync(_windows(case), _time(case["time"]), manual=case["isManual"], started=begun)


def _window_match(case: Case) -> object:
    given, app = _windows(case), case["app"]
    return _places(given, windows.matching(given, app["name"], Destination.model_validate(app["destination"])))


def _enforcer(case: Case) -> Enforcer:
    builtin = case.get("builtinPolicy") or ""
    texts = [BUILTIN_POLICY if builtin == "default" else builtin, case.get("policyCsv") or ""]
    mode: Any = case.get("matchMode") or "glob"
    return Enforcer.of(texts, case.get("defaultRole") or "", mode, enabled=case.get("enabled", True))


def _request(case: Case) -> Request:
    return Request(case["resource"], case["action"], case["object"])


def _rbac_claims(case: Case) -> object:
    given = case.get("project")
    project = _project({"roles": given["roles"]}, given["name"]) if given else None
    return claims.allows(
        _enforcer(case),
        case["claims"],
        _request(case),
        lambda name: project if project is not None and project.name == name else None,
        case.get("scopes") or claims.DEFAULT_SCOPES,
    )


def _rbac_validate(case: Case) -> object:
    policies.parse(case["policy"])
    return True


def _rbac_name(case: Case) -> object:
    return claims.application_object(case["project"], case["appNamespace"], case["appName"], case["defaultNamespace"])


def _policy_text(case: Case) -> object:
    given = case["project"]
    return policies.project_text(given["name"], [Role.model_validate(one) for one in given["roles"]])


def _annotated(annotations: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}}


def _hook_parse(case: Case) -> object:
    obj = _annotated(case["annotations"])
    return {
        "isHook": hooks.is_hook(obj),
        "skip": hooks.is_skipped(obj),
        "types": hooks.types(obj),
        "phases": hooks.phases(obj),
        "deletePolicies": hooks.delete_policies(obj),
        "wave": hooks.wave(obj),
    }


def _hook_phase(case: Case) -> object:
    health = case["health"] or {}
    phase, message = hooks.phase_of_health(case["name"], health.get("status"), health.get("message", ""))
    return {"phase": phase, "message": message}


def _sync_order(case: Case) -> object:
    given = [
        task
        for one in case["resources"]
        for task in tasks.of(one["target"], tasks.Live(one["live"]) if one["live"] else None)
    ]
    return [
        {
            "phase": one.phase,
            "wave": one.wave,
            "kind": one.key.kind,
            "namespace": one.key.namespace,
            "name": one.key.name,
            "prune": one.prunes,
        }
        for one in tasks.ordered(given, prune_last=case.get("pruneLast", False))
    ]


def _sync_options(case: Case) -> object:
    given = options.listed(case["annotation"])
    asked, key = case["option"], case["key"]
    return {"has": asked in given, "value": options.value(given, key) if key is not None else None}


def _prune(case: Case) -> object:
    text = case["annotation"]
    live = _annotated({options.SYNC_OPTIONS: text} if text is not None else {})
    found = pruning.prune(
        pruning.prune_option(live, case["defaultPruneOption"]),
        wanted=case["prune"],
        dry=case["dryRun"],
        confirmed=case["confirmed"],
        deleting=case["deleting"],
    )
    return {"status": found.status, "message": found.message, "delete": found.delete}


def _deletion_step(case: Case) -> object:
    objects = [
        {"kind": one["kind"], "metadata": {"name": one["name"], "annotations": one["annotations"]}}
        for one in case["objects"]
    ]
    return sorted(key_of(one).name for one in pruning.deletion_step(objects))


def _operation_retry(case: Case) -> object:
    found = retries.after(
        case["phase"], terminating=case["terminating"], retry_count=case["retryCount"], limit=case["limit"]
    )
    return {"phase": found.phase, "retryCount": found.retry_count, "willRetry": found.again}


def _next_delay(case: Case) -> object:
    given = case["backoff"]
    return retries.next_delay(Backoff.model_validate(given) if given is not None else None, case["retryCount"])


def _attempted(case: Case) -> object:
    state = case["operationState"]
    return attempts.attempted(
        ApplicationSpec.model_validate(case["spec"]),
        OperationState.model_validate(state) if state is not None else None,
        case["desiredRevisions"],
        changed=case["newRevisionHasChanges"],
    )


def _auto_sync(case: Case) -> object:
    found = autosync.Found(
        case["syncStatus"],
        case["revisions"],
        [ResourceStatus.model_validate(one) for one in case["resources"]],
        case.get("revisionsMayHaveChanges", True),
        case.get("selfHealBackoffRemaining", 0),
    )
    decided = autosync.decide(Application.of(case["app"]), found)
    answer: dict[str, Any] = {
        "sync": decided.starts,
        "reason": decided.reason,
        "condition": "SyncError" if decided.error else None,
    }
    if decided.starts:
        answer["operation"] = {
            "prune": decided.prune,
            "retryLimit": decided.retry_limit,
            "selfHealAttemptsCount": decided.heals,
            "resources": [{"group": one.group, "kind": one.kind, "name": one.name} for one in decided.resources],
        }
    return answer


def _self_heal(case: Case) -> object:
    given = case["backoff"]
    backoff = autosync.Backoff(given["duration"], given["factor"], given["cap"]) if given else None
    return autosync.self_heal_wait(backoff, case["attempts"], case["secondsSinceFinished"], case["timeout"])


def _needs_refresh(case: Case) -> object:
    found = needs.decide(
        needs.Changes(
            asked=case["refreshAnnotation"],
            source=case["sourceChanged"],
            destination=case["destinationChanged"],
            namespace_metadata=case["managedNamespaceMetadataChanged"],
            ignored=case["ignoreDifferencesChanged"],
            age=case["secondsSinceReconciled"],
            soft_limit=case["refreshTimeout"],
            hard_limit=case["hardRefreshTimeout"],
            wanted=case["controllerRequest"],
        )
    )
    return {"refresh": found.needed, "type": found.type, "level": found.level}


def _generate_paths(case: Case) -> object:
    hydrator = case.get("sourceHydrator")
    return paths.refresh_paths(
        case["annotation"], case["sourcePath"], Hydrator.model_validate(hydrator) if hydrator else None
    )


def _webhook_event(case: Case) -> object:
    delivery = Delivery(case["headers"], json.dumps(case["body"]).encode())
    found = receiving.read(receiving.host_of(delivery, {}), delivery)
    if not isinstance(found, Push):
        return None
    return {
        "webURLs": found.urls,
        "revision": found.revision,
        "shaBefore": found.before,
        "shaAfter": found.after,
        "touchedHead": found.touched_head,
        "changedFiles": found.files,
    }


def _registry_match(case: Case) -> object:
    given = case["event"]
    artifact = Artifact(given["registryUrl"], given["repository"], given["tag"])
    return matching.artifact_matches(artifact, Source.model_validate(case["source"]))


def _registry_read(case: Case) -> object:
    host = case["op"].removeprefix("parse-")
    found = receiving.read(host, Delivery({}, json.dumps(case["body"]).encode()))
    if not isinstance(found, Artifact):
        return None
    return {"registryUrl": found.registry, "repository": found.repository, "tag": found.tag}


def _app_refresh(case: Case) -> object:
    event = case["event"]
    push = Push([event["webURL"]], event["revision"], "", "", event["touchedHead"], event["changedFiles"])
    found = matching.concern(Application.of(case["app"]), push)
    return {"refresh": found.refresh, "hydrate": found.hydrate}


FAMILIES: dict[str, Callable[[Case], object]] = {
    "gitops/already-attempted": _attempted,
    "gitops/app-rbac-name": _rbac_name,
    "gitops/app-spec-validate": _spec_validate,
    "gitops/auto-sync": _auto_sync,
    "gitops/deletion-step": _deletion_step,
    "gitops/glob-list": lambda case: patterns.any_matches(case["list"], case["value"], case["mode"]),
    "gitops/history-trunc": lambda case: retries.truncated(case["history"], case["limit"]),
    "gitops/hook-parse": _hook_parse,
    "gitops/hook-phase": _hook_phase,
    "gitops/manifest-generate-paths": _generate_paths,
    "gitops/needs-refresh": _needs_refresh,
    "gitops/operation-retry": _operation_retry,
    "gitops/project-destination-permitted": _destination_permitted,
    "gitops/project-glob": lambda case: patterns.permits(
        case["pattern"], case["value"], negation=case["allowNegation"]
    ),
    "gitops/project-policy-text": _policy_text,
    "gitops/project-resource-permitted": _resource_permitted,
    "gitops/project-source-namespace": _source_namespace,
    "gitops/project-source-permitted": _source_permitted,
    "gitops/project-validate": _project_validate,
    "gitops/prune-decision": _prune,
    "gitops/rbac-claims": _rbac_claims,
    "gitops/rbac-enforce": lambda case: _enforcer(case).allows(case["subject"] or "", _request(case)),
    "gitops/rbac-policy-csv": lambda case: policies.composed(case["data"]),
    "gitops/rbac-validate": _rbac_validate,
    "gitops/retry-next-delay": _next_delay,
    "gitops/self-heal-backoff": _self_heal,
    "gitops/sync-options": _sync_options,
    "gitops/sync-order": _sync_order,
    "gitops/sync-window-active": _window_active,
    "gitops/sync-window-can-sync": _window_can_sync,
    "gitops/sync-window-match": _window_match,
    "gitops/webhook-app-refresh": _app_refresh,
    "gitops/webhook-event": _webhook_event,
    "gitops/webhook-files-changed": lambda case: paths.files_changed(case["refreshPaths"], case["changedFiles"]),
    "gitops/webhook-registry": lambda case: (_registry_match if case["op"] == "match" else _registry_read)(case),
    "gitops/webhook-revision-match": lambda case: matching.revision_matches(
        case["targetRevision"], case["revision"], touched_head=case["touchedHead"]
    ),
    "gitops/webhook-url-match": lambda case: matching.url_matches(case["webURL"], case["repoURL"]),
}
