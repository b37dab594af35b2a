"""The status of an Application as its controller writes it.

In: what a comparison has found; out: the whole new status, from which the patch is made. Follows
`setHealthStatus`, `persistAppStatus` and `CompareAppState` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from argosy.gitops.comparison import EVALUATED, Compared
from argosy.gitops.conditions import Condition, merged
from argosy.gitops.health.verdict import UNKNOWN, Health
from argosy.gitops.observed import Made, Observed
from argosy.gitops.refresh.needs import REFRESH
from argosy.gitops.sync.results import images_of
from argosy.lang.patch import create_merge_patch

__all__ = ["compared_status", "refused_status", "stamp", "unreached", "with_conditions"]

type Json = dict[str, Any]

_SETTINGS: Final = frozenset({"SettingsWarning"})
_SPEC: Final = frozenset({"InvalidSpecError", "UnknownError"})


def stamp(at: datetime) -> str:
    """Seconds, as Kubernetes writes times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compared_status(seen: Observed, found: Compared, made: Made, now: datetime, *, moved: bool) -> Json:
    """The status after a comparison; `moved`: the newest revision was looked for, so that the next look has time."""
    spec, status = seen.app.spec, dict(seen.body.get("status") or {})
    raw = seen.body.get("spec") or {}
    compared: Json = {"destination": raw.get("destination") or {}}
    if spec.multiple:
        compared["sources"] = raw.get("sources") or []
    else:
        compared["source"] = _source(seen)
    if raw.get("ignoreDifferences"):
        compared["ignoreDifferences"] = raw["ignoreDifferences"]
    sync: Json = {"status": found.status, "comparedTo": compared}
    if spec.multiple:
        sync["revisions"] = list(made.revisions)
        status["sourceTypes"] = list(made.types)
    else:
        sync["revision"] = made.revisions[0] if made.revisions else ""
        status["sourceType"] = made.types[0] if made.types else ""
    status["sync"] = {name: value for name, value in sync.items() if value}
    status["health"] = _health(status.get("health") or {}, found.health, now)
    status["resources"] = [one.as_json() for one in found.resources]
    status["summary"] = _summary(found)
    status["controllerNamespace"] = seen.body["metadata"].get("namespace", "")
    status["resourceHealthSource"] = "appTree"
    if moved:
        status["reconciledAt"] = stamp(now)
    slips = [Condition("SettingsWarning", one) for one in seen.settings.warnings]
    slips += [Condition("ComparisonError", one) for one in made.unverified]
    return with_conditions(status, [*found.conditions, *slips], EVALUATED | _SPEC | _SETTINGS, now)


def refused_status(seen: Observed, now: datetime) -> Json:
    """The status of a spec that may not be reconciled: nothing is known, and why."""
    status = dict(seen.body.get("status") or {})
    status["sync"] = {**(status.get("sync") or {}), "status": UNKNOWN}
    status["health"] = _health(status.get("health") or {}, Health(UNKNOWN), now)
    status["resources"] = []
    found = [Condition("InvalidSpecError", one) for one in seen.refused]
    if seen.refresh.needed:
        status["reconciledAt"] = stamp(now)
    return with_conditions(status, found, EVALUATED | _SPEC, now)


def unreached(body: Mapping[str, Any], why: str, now: datetime) -> Json:
    """The patch of an Application of whose objects nothing can be told; {} when its status says so already."""
    before = body.get("status") or {}
    status = dict(before)
    status["sync"] = {**(status.get("sync") or {}), "status": UNKNOWN}
    status["health"] = _health(status.get("health") or {}, Health(UNKNOWN), now)
    if status.get("resources"):
        status["resources"] = [{**one, "status": UNKNOWN} for one in status["resources"]]
    said = Condition("ComparisonError", f"Failed to load live state: {why}")
    changed = create_merge_patch(before, with_conditions(status, [said], {"ComparisonError"}, now))
    patch: Json = {"status": changed} if changed else {}
    if REFRESH in ((body.get("metadata") or {}).get("annotations") or {}):
        patch["metadata"] = {"annotations": {REFRESH: None}}
    return patch


def with_conditions(status: Json, found: Iterable[Condition], judged: Iterable[str], now: datetime) -> Json:
    """The status with what was found; conditions of other types stay as they are."""
    known = [
        Condition(one.get("type", ""), one.get("message", ""), one.get("lastTransitionTime", ""))
        for one in status.get("conditions") or ()
    ]
    after = merged(known, found, frozenset(judged), stamp(now))
    status["conditions"] = [
        {"type": one.type, "message": one.message, "lastTransitionTime": one.since} for one in after
    ]
    if not status["conditions"]:
        status.pop("conditions")
    return status


def _source(seen: Observed) -> Mapping[str, Any]:
    """The source as the spec has it; one that is hydrated, as it is synced."""
    spec = seen.body.get("spec") or {}
    if seen.app.spec.source_hydrator is None:
        found: Mapping[str, Any] = spec.get("source") or {}
        return found
    return seen.app.spec.all_sources[0].model_dump(by_alias=True, exclude_unset=True, mode="json")


def _health(before: Mapping[str, Any], found: Health, now: datetime) -> Json:
    since = before.get("lastTransitionTime") if before.get("status") == found.status else None
    health: Json = {"status": found.status, "lastTransitionTime": since or stamp(now)}
    return health | ({"message": found.message} if found.message else {})


def _summary(found: Compared) -> Json:
    images: dict[str, None] = {}
    urls: dict[str, None] = {}
    for one in found.resources:
        images |= dict.fromkeys(images_of(one.live or {}))
        urls |= dict.fromkeys(_urls(one.live or {}))
    summary: Json = {"images": sorted(images), "externalURLs": sorted(urls)}
    return {name: value for name, value in summary.items() if value}


def _urls(obj: Mapping[str, Any]) -> Sequence[str]:
    notes = (obj.get("metadata") or {}).get("annotations") or {}
    return [text for name, text in notes.items() if name.startswith("link.argocd.argoproj.io/")]
