"""One step of the operation of an Application: what `argosy.gitops.sync` needs, made of what a reconcile has observed.

In: `Observed`, the operation state, outcomes; out: the step, and the state after it. Called by a reconcile to know whether
something has to be carried on, and by `argosy.services.applications.operating`, which carries it on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from argosy.errors import ArgosyError, EvaluationError
from argosy.gitops.comparison import Compared
from argosy.gitops.diff import respecting
from argosy.gitops.diff.ignored import IgnoreRules
from argosy.gitops.diff.respecting import RESPECT
from argosy.gitops.health.assess import visible_health
from argosy.gitops.identity import Key, key_of
from argosy.gitops.observed import Made, Observed
from argosy.gitops.projects.accounts import Account, account_of
from argosy.gitops.projects.permissions import object_refusal
from argosy.gitops.sync import operation
from argosy.gitops.sync.hooks import is_hook
from argosy.gitops.sync.seen import Seen, Step
from argosy.gitops.sync.step import step, terminate
from argosy.gitops.sync.tasks import Live
from argosy.gitops.sync.writes import Kept, Outcome
from argosy.resources.application_operation import NamespaceMetadata, OperationState

__all__ = ["WAVE_DELAY", "account", "advance", "failed", "live_of", "refusal", "respected", "result_of", "shared"]

WAVE_DELAY: Final = 2.0
"""Seconds between two waves (ARGOCD_SYNC_WAVE_DELAY)."""

type Json = dict[str, Any]


def advance(
    seen: Observed,
    state: Mapping[str, Any],
    made: Made,
    compared: Compared,
    outcomes: Mapping[str, Outcome],
    not_before: datetime | None,
    now: datetime,
    keeps: Mapping[Key, Kept],
) -> tuple[Step, Json]:
    """The next step of the operation, and the state once its writes are done. `keeps`: see `respected`."""
    known = OperationState.model_validate(state)
    looking = replace(_seen(seen, known, made, compared, outcomes, not_before), keeps=keeps)
    found = (terminate if known.phase == "Terminating" else step)(looking, now)
    return found, operation.settled(state, found, now, result_of(seen, known, made), _managed(seen))


def failed(seen: Observed, state: Mapping[str, Any], made: Made, why: str, now: datetime, phase: str = "Error") -> Json:
    """The state of an operation that cannot be carried on, and why."""
    known = OperationState.model_validate(state)
    results = known.sync_result.resources if known.sync_result is not None else ()
    found = Step(phase, why, results)
    return operation.settled(state, found, now, result_of(seen, known, made))


def respected(
    seen: Observed, state: Mapping[str, Any], targets: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], dict[Key, Kept]]:
    """The targets as the operation applies them, and what of them is to be as it lives that is not known here.

    Raises EvaluationError where live values that it has to leave alone cannot be told.
    """
    try:
        return _respected(seen, state, targets)
    except ArgosyError as x:
        raise EvaluationError(f"Failed to normalize target resources: {x}") from x


def _respected(
    seen: Observed, state: Mapping[str, Any], targets: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], dict[Key, Kept]]:
    sync = OperationState.model_validate(state).operation.sync
    if sync is None or RESPECT not in sync.sync_options:
        return list(targets), {}
    rules = IgnoreRules(seen.app.spec.ignore_differences, seen.settings.overrides, seen.jq)
    found: list[Mapping[str, Any]] = []
    keeps: dict[Key, Kept] = {}
    for target in targets:
        key = key_of(target)
        live = None if is_hook(target) else seen.live.get(key)
        if live is None:
            found.append(target)
            continue
        found.append(respecting.respected(target, live, rules))
        kept = Kept(respecting.kept_keys(target, live, rules), rules.managers(key))
        if kept:
            keeps[key] = kept
    return found, keeps


def shared(status: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """What belongs to another Application, too, where an operation is not to go on then; "" for nothing."""
    known = OperationState.model_validate(state)
    sync = known.operation.sync
    if sync is None or "FailOnSharedResource=true" not in sync.sync_options or known.phase == "Terminating":
        return ""
    found = (one for one in status.get("conditions") or () if one.get("type") == "SharedResourceWarning")
    return next((str(one.get("message") or "") for one in found), "")


def result_of(seen: Observed, state: OperationState, made: Made) -> Json:
    """What `syncResult` says beside its resources."""
    sync = (seen.body.get("operation") or {}).get("sync") or (seen.state or {}).get("operation", {}).get("sync") or {}
    raw = seen.body.get("spec") or {}
    del state
    if seen.app.spec.multiple or sync.get("sources"):
        return {"revisions": list(made.revisions), "sources": sync.get("sources") or raw.get("sources") or []}
    source = sync.get("source") or raw.get("source")
    if source is None:
        source = seen.app.spec.all_sources[0].model_dump(by_alias=True, exclude_unset=True, mode="json")
    return {"revision": made.revisions[0] if made.revisions else "", "source": source}


def _managed(seen: Observed) -> NamespaceMetadata | None:
    policy = seen.app.spec.sync_policy
    return policy.managed_namespace_metadata if policy is not None else None


def _seen(
    seen: Observed,
    state: OperationState,
    made: Made,
    compared: Compared,
    outcomes: Mapping[str, Outcome],
    not_before: datetime | None,
) -> Seen:
    targets = compared.targets
    to = seen.to
    return Seen(
        state,
        made.revisions[0] if made.revisions else "",
        seen.app.spec.destination.namespace,
        targets,
        {key: live_of(seen, body) for key, body in seen.live.items()},
        [key for key in compared.extra if key != seen.own],
        seen.unseen,
        {key: why for key in map(key_of, targets) if (why := refusal(seen, key))},
        {(key.group, key.kind) for key in map(key_of, targets) if to.scope(key.group, key.kind) is None},
        compared.differing,
        seen.app.metadata.annotations,
        _managed(seen),
        outcomes,
        not_before,
        WAVE_DELAY,
    )


def live_of(seen: Observed, body: Mapping[str, Any]) -> Live:
    """A live object with its health."""
    health = visible_health(body, seen.settings.overrides)
    return Live(body, health.status if health is not None else None, health.message if health is not None else "")


def account(seen: Observed) -> Account | None:
    """As whom its objects are written, None for whoever brings them. Raises EvaluationError where nobody is meant."""
    if not seen.settings.impersonates:
        return None
    try:
        return account_of(seen.project, seen.app, seen.to.cluster)
    except EvaluationError as x:
        raise EvaluationError(f"failed to find a matching service account to impersonate: {x}") from x


def refusal(seen: Observed, key: Key) -> str:
    """Why the project does not permit an object, "" when it does."""
    scope = seen.to.scope(key.group, key.kind)
    namespaced = bool(key.namespace) if scope is None else scope
    return object_refusal(seen.project, key, seen.to.cluster, seen.to.scoped, namespaced=namespaced)
