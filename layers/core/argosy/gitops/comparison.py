"""An application against what is live: what differs, how healthy it is, and what to say of it (`controller/state.go`).

In: the objects of its sources, the live ones, its project and the settings. Out: `Compared`, which becomes the status of the
Application, and tells a sync what is wanted and what is not any more. Called by each reconcile. Follows `CompareAppState` of
Argo CD 3.6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from argosy.errors import ArgosyError
from argosy.gitops.annotations import COMPARE_OPTIONS, IGNORE_HEALTH
from argosy.gitops.conditions import Condition
from argosy.gitops.diff.compare import Comparison, compare
from argosy.gitops.diff.evidence import Evidence, ServerSide, pair_name, server_side_of
from argosy.gitops.diff.ignored import IgnoreRules, Programs
from argosy.gitops.diff.knowntypes import with_known_types
from argosy.gitops.diff.managers import without_managed
from argosy.gitops.diff.serverside import compare_dry_run
from argosy.gitops.health.application import Judged, application_health
from argosy.gitops.health.assess import visible_health
from argosy.gitops.health.verdict import Health
from argosy.gitops.identity import Key, group_version, key_of
from argosy.gitops.projects.permissions import Cluster, object_refusal
from argosy.gitops.settings import Settings
from argosy.gitops.sync import hooks
from argosy.gitops.sync.options import annotations_of, listed, of_object
from argosy.gitops.sync.writes import MANAGER
from argosy.gitops.syncstatus import OUT_OF_SYNC, sync_status
from argosy.gitops.syncstatus import Compared as Judgement
from argosy.gitops.targets import check_target, retargeted
from argosy.gitops.tracking import is_owned, is_self_referenced
from argosy.resources.application import Application
from argosy.resources.appproject import AppProject

__all__ = [
    "EVALUATED",
    "Compared",
    "Destination",
    "Known",
    "Resource",
    "compare_application",
    "sides",
    "targets_of",
]

EVALUATED: Final = frozenset(
    {
        "ComparisonError",
        "SharedResourceWarning",
        "RepeatedResourceWarning",
        "ExcludedResourceWarning",
        "OrphanedResourceWarning",
    }
)
"""The types of conditions that a comparison judges."""

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the application goes. `namespaced`: of each kind that the cluster serves, by group and kind.

    `scoped`: the clusters that belong to the project. `hide`: a Secret as its live copy is kept, to be compared with that.
    """

    cluster: Cluster = Cluster()  # noqa: RUF009 - frozen, like all that is in it
    namespaced: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    scoped: Sequence[Cluster] = ()
    hide: Callable[[Object], Object] = lambda obj: obj

    def scope(self, group: str, kind: str) -> bool | None:
        """Whether a kind lives in namespaces; None for one that is not served."""
        return self.namespaced.get((group, kind))


@dataclass(frozen=True, slots=True)
class Targets:
    """The objects of the sources as they are applied, hooks too, and what there is to say of them."""

    objects: Sequence[Object] = ()
    warnings: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One object of the comparison."""

    key: Key
    version: str
    status: str
    target: Object | None
    live: Object | None
    health: Health | None = None
    hook: bool = False
    requires_pruning: bool = False
    wave: int = 0

    def as_json(self) -> dict[str, Any]:
        """An entry of `status.resources`."""
        key = self.key
        found: dict[str, Any] = {"group": key.group, "version": self.version, "kind": key.kind}
        found |= {"namespace": key.namespace, "name": key.name, "status": self.status, "hook": self.hook}
        found |= {"requiresPruning": self.requires_pruning, "syncWave": self.wave}
        needs = self.requires_pruning and self.live is not None and "Prune=confirm" in of_object(self.live)
        found["requiresDeletionConfirmation"] = needs
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison has found. `unsure`: pairs that seem to differ, and of which the server must be asked for more."""

    status: str
    health: Health
    resources: Sequence[Resource]
    conditions: Sequence[Condition] = ()
    targets: Sequence[Object] = ()
    unsure: Sequence[tuple[Object, Object]] = ()

    @property
    def differing(self) -> set[Key]:
        """What is OutOfSync."""
        return {one.key for one in self.resources if one.status == OUT_OF_SYNC}

    @property
    def extra(self) -> list[Key]:
        """What is tracked and not wanted any more."""
        return [one.key for one in self.resources if one.requires_pruning]


def targets_of(
    objects: Sequence[Object], app: Application, instance: str, settings: Settings, to: Destination
) -> Targets:
    """The objects in their namespaces and with their tracking. Raises InvalidObject for a name that makes no label."""
    namespace = app.spec.destination.namespace
    placed = retargeted(objects, namespace, to.scope)
    warnings = [
        Condition("RepeatedResourceWarning", f"Resource {key} appeared {count} times among application resources.")
        for key, count in placed.repeated.items()
    ]
    found: list[Object] = []
    for key, body in placed.objects.items():
        check_target(key, body)
        if settings.filter.excludes(key.group, key.kind, to.cluster.server):
            said = f"Resource {key.group}/{key.kind} {key.name} is excluded in the settings"
            warnings.append(Condition("ExcludedResourceWarning", said))
            continue
        found.append(settings.tracking.mark(body, instance, namespace))
    return Targets(found, warnings)


class Memory[V](Protocol):
    """Remembers some of what was put into it."""

    def get(self, key: str) -> V | None:
        """What was put, None when it is not there."""
        ...

    def put(self, key: str, value: V) -> None:
        """Remember."""
        ...


class Known:
    """What was found out before of objects that are as they were; `under`: all else that it hangs on.

    `memory` keeps whether pairs differ, and how healthy objects are; `placed` keeps targets, and what else they hang on.
    """

    def __init__(
        self,
        memory: Memory[bool | tuple[Health | None]] | None = None,
        under: str = "",
        placed: Memory[tuple[Sequence[object], Targets]] | None = None,
    ) -> None:
        self._memory, self._under, self._placed = memory, under, placed

    def name(self, target: Object, live: Object) -> str:
        """What a pair is known by: what is wanted, and the version of what is there."""
        if self._memory is None:
            return ""
        return hashlib.sha256(f"{self._under}|{pair_name(target, live)}".encode()).hexdigest()

    def get(self, name: str) -> bool | None:
        """Whether the pair differs, None when nobody knows."""
        found = self._memory.get(name) if self._memory is not None else None
        return found if isinstance(found, bool) else None

    def put(self, name: str, differs: bool) -> None:
        """Remember."""
        if self._memory is not None:
            self._memory.put(name, differs)

    def health(self, live: Object, judge: Callable[[], Health | None]) -> Health | None:
        """How healthy an object is in the version that it has."""
        metadata = live.get("metadata") or {}
        uid, version = metadata.get("uid"), metadata.get("resourceVersion")
        if self._memory is None or not (uid and version):
            return judge()
        name = f"health of {uid} {version} {self._under}"
        found = self._memory.get(name)
        if not isinstance(found, tuple):
            found = (judge(),)
            self._memory.put(name, found)
        return found[0]

    def targets(self, name: str, of: Sequence[object], make: Callable[[], Targets]) -> Targets:
        """What is made of what `name` names, "" = nothing can; and of these very objects. Nobody changes what is kept."""
        if self._placed is None or not name:
            return make()
        found = self._placed.get(name)
        if found is None or any(one is not other for one, other in zip(found[0], of, strict=True)):
            found = (of, make())
            self._placed.put(name, found)
        return found[1]


@dataclass(slots=True)
class _Pairing:
    """Targets and live objects, side by side."""

    pairs: list[tuple[Object | None, Object | None]] = field(default_factory=list)
    warnings: list[Condition] = field(default_factory=list)


def compare_application(
    app: Application,
    instance: str,
    targets: Targets,
    live: Mapping[Key, Object],
    project: AppProject,
    settings: Settings,
    to: Destination,
    jq: Programs,
    *,
    failed: Sequence[str] = (),
    known: Known | None = None,
    evidence: Mapping[str, Evidence] | None = None,
    orphaned: int = 0,
) -> Compared:
    """Compare.

    `live`: what is there of the targets, and all that is tracked. `failed`: why targets or live objects could not be had;
    then nothing can be said of what is in sync. `known`: what was found before, of pairs that are as they were. `evidence`:
    what the server was asked, by `pair_name`. `orphaned`: how many objects of the destination's namespace are nobody's.
    """
    problems = [Condition("ComparisonError", one) for one in failed]
    try:
        rules = IgnoreRules(app.spec.ignore_differences, settings.overrides, jq)
    except ArgosyError as x:
        rules = IgnoreRules((), {}, jq)
        problems.append(Condition("ComparisonError", f"Failed to compare desired state to live state: {x}"))
    paired = _paired(instance, targets.objects, live, project, settings, to, _managed_namespace(app))
    resources: list[Resource] = []
    judged: list[Judgement] = []
    server_side = server_side_of(app.metadata.annotations, everywhere=settings.server_side)
    comparing = _Comparing(instance, rules, settings, to, known or Known(), server_side, evidence or {})
    for target, there in paired.pairs:
        one, judgement = comparing.pair(target, there, problems)
        resources.append(one)
        judged.append(judgement)
    status = sync_status(judged, load_failed=bool(problems), namespace_changed=_namespace_changed(app))
    shown = [_with_status(one, text) for one, text in zip(resources, status.resources, strict=True)]
    health = application_health([_judged(one, there) for one, there in zip(shown, judged, strict=True)])
    conditions = [*problems, *targets.warnings, *paired.warnings, *_orphaned(project, orphaned)]
    ordered = sorted(shown, key=_order)
    return Compared(status.status, health, ordered, conditions, targets.objects, comparing.unsure)


def _orphaned(project: AppProject, count: int) -> list[Condition]:
    wanted = project.spec.orphaned_resources
    if wanted is None or wanted.warn is False or not count:
        return []
    return [Condition("OrphanedResourceWarning", f"Application has {count} orphaned resources")]


def sides(one: Resource, app: Application, settings: Settings, to: Destination, jq: Programs) -> Comparison:
    """An object of a comparison as it was compared, to be shown: as it is, and as it would be. Raises as comparing does."""
    rules = IgnoreRules(app.spec.ignore_differences, settings.overrides, jq)
    return _Comparing("", rules, settings, to, Known()).differences(one.target, one.live)


def _managed_namespace(app: Application) -> set[Key]:
    """The namespace of the destination, where syncs make it and say what it carries: then it is wanted like a target."""
    policy = app.spec.sync_policy
    if policy is None or policy.managed_namespace_metadata is None or "CreateNamespace=true" not in policy.sync_options:
        return set()
    return {Key("", "Namespace", "", app.spec.destination.namespace)}


def _paired(
    instance: str,
    targets: Sequence[Object],
    live: Mapping[Key, Object],
    project: AppProject,
    settings: Settings,
    to: Destination,
    kept: set[Key],
) -> _Pairing:
    found = _Pairing()
    permitted = {key: body for key, body in live.items() if not _refused(key, project, to)}
    wanted = set(kept)
    for target in targets:
        if hooks.is_hook_of_deletion(target, "PreDelete") or hooks.is_hook_of_deletion(target, "PostDelete"):
            continue
        key = key_of(target)
        if hooks.is_hook(target):
            continue
        wanted.add(key)
        there = permitted.get(key)
        found.pairs.append((target, there))
        owner = settings.tracking.owner(there) if there is not None else ""
        if owner and owner != instance:
            said = f"{key.kind}/{key.name} is part of applications {instance} and {owner}"
            found.warnings.append(Condition("SharedResourceWarning", said))
    for key, there in permitted.items():
        if key not in wanted and settings.tracking.owner(there) == instance and not is_owned(there):
            found.pairs.append((None, there))
    return found


def _refused(key: Key, project: AppProject, to: Destination) -> bool:
    namespaced = to.scope(key.group, key.kind)
    is_namespaced = bool(key.namespace) if namespaced is None else namespaced
    return bool(object_refusal(project, key, to.cluster, to.scoped, namespaced=is_namespaced))


@dataclass(frozen=True, slots=True)
class _Comparing:
    """One comparison's pairs."""

    instance: str
    rules: IgnoreRules
    settings: Settings
    to: Destination
    known: Known
    server_side: ServerSide | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    unsure: list[tuple[Object, Object]] = field(default_factory=list)

    def pair(self, target: Object | None, live: Object | None, problems: list[Condition]) -> tuple[Resource, Judgement]:
        """One object as it is wanted and as it is."""
        obj = target if target is not None else live or {}
        key, version = key_of(obj), group_version(obj)[1]
        notes = listed(annotations_of(obj).get(COMPARE_OPTIONS))
        hook = hooks.is_hook(obj)
        ours = live is None or is_self_referenced(live, target, self.instance, self.settings.tracking.method)
        left_out = hook or hooks.is_skipped(obj) or not ours
        modified = False
        if not left_out and target is not None:
            try:
                modified = self._differ(target, live)
            except ArgosyError as x:
                problems.append(Condition("ComparisonError", f"Failed to compare desired state to live state: {x}"))
        judgement = Judgement(target is not None, live is not None, modified, left_out, "IgnoreExtraneous" in notes)
        health = self._health(live) if live is not None else None
        prunes = target is None and live is not None and not left_out
        return Resource(key, version, "", target, live, health, hook, prunes, hooks.wave(obj)), judgement

    def _health(self, live: Object) -> Health | None:
        return self.known.health(live, lambda: visible_health(live, self.settings.overrides))

    def _differ(self, target: Object, live: Object | None) -> bool:
        if live is None:
            return True
        name = self.known.name(target, live)
        if self._asks(target):
            return self._differ_for_sure(target, live, name)
        return self._remembered(name, lambda: self.differences(target, live))

    def _asks(self, target: Object) -> bool:
        """Whether the server has more to say of an object. Values of Secrets it tells nobody."""
        key = key_of(target)
        return not key.is_secret and (self.server_side is not None or bool(self.rules.managers(key)))

    def _differ_for_sure(self, target: Object, live: Object, name: str) -> bool:
        """What the evidence says; without it the cheap comparison, which is believed when it finds nothing."""
        surely = self.known.get(f"{name}/told")
        if surely is not None:
            return surely
        evidence = self.evidence.get(pair_name(target, live))
        if evidence is not None:
            return self._remembered(f"{name}/told", lambda: self._by_evidence(target, evidence))
        found = self._remembered(name, lambda: self.differences(target, live))
        if found:
            self.unsure.append((target, live))
        return found

    def _remembered(self, name: str, find: Callable[[], Comparison]) -> bool:
        found = self.known.get(name)
        if found is None:
            found = find().modified
            self.known.put(name, found)
        return found

    def _by_evidence(self, target: Object, evidence: Evidence) -> Comparison:
        managers = self.rules.managers(key_of(target))
        whole = self.settings.tracking.moved(evidence.live, target)
        if self.server_side is None:
            there, wanted = without_managed(whole, _known(target, self.settings), managers)
            cleaned = self.rules.cleaned(_known(there, self.settings))
            return compare(self.rules.cleaned(wanted), cleaned, ignore_aggregated=self.settings.ignore_aggregated)
        there, predicted = without_managed(whole, evidence.predicted(), managers)
        found = compare_dry_run(there, predicted, MANAGER, with_webhooks=self.server_side.webhooks)
        before, after = self.rules.cleaned(found.live or {}), self.rules.cleaned(found.predicted or {})
        return Comparison(before != after, before, after)

    def differences(self, target: Object | None, live: Object | None) -> Comparison:
        """The two sides, without what does not count."""
        wanted = there = None
        if target is not None:
            wanted = self.rules.cleaned(_known(self.to.hide(target), self.settings))
        if live is not None:
            moved = live if target is None else self.settings.tracking.moved(live, target)
            there = self.rules.cleaned(_known(moved, self.settings))
        return compare(wanted, there, ignore_aggregated=self.settings.ignore_aggregated)


def _known(obj: Object, settings: Settings) -> Object:
    fields = settings.known_fields(key_of(obj).setting)
    return with_known_types(obj, fields) if fields or key_of(obj).group == "argoproj.io" else obj


def _with_status(one: Resource, status: str) -> Resource:
    return replace(one, status=status)


def _judged(one: Resource, judgement: Judgement) -> Judged:
    obj = one.target if one.target is not None else one.live or {}
    unasked = annotations_of(one.live).get(IGNORE_HEALTH) == "true"
    skipped = judgement.left_out or hooks.is_skipped(obj)
    return Judged(one.key, one.live is not None, one.health, skipped, unasked)


def _order(one: Resource) -> str:
    key = one.key
    return f"{key.group}/{key.kind}/{key.namespace}/{key.name}"


def _namespace_changed(app: Application) -> bool:
    """Whether the metadata of the managed namespace is no longer what was synced last."""
    policy = app.spec.sync_policy
    wanted = policy.managed_namespace_metadata if policy is not None else None
    if wanted is None or "CreateNamespace=true" not in app.spec.sync_options:
        return False
    state = app.status.operation_state
    result = state.sync_result if state is not None else None
    synced = result.managed_namespace_metadata if result is not None else None
    return synced is None or (dict(synced.labels), dict(synced.annotations)) != (
        dict(wanted.labels),
        dict(wanted.annotations),
    )
