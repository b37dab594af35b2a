"""Gathers what a reconcile of an Application looks at: itself, its project, settings, sources, and what is live of it.

In: the key of an Application in a cluster that is watched. Out: an `Observation` of `Observed`. Reads the hub's mirror,
repositories and what was rendered before; writes only which kinds the Application puts where, so that they are watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from argosy.control.agents.normal import pruned
from argosy.control.effects import Observation, Version
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Conflict, InvalidObject, Retryable
from argosy.gitops.clusters import unmanaged
from argosy.gitops.comparison import Destination
from argosy.gitops.comparison import Known as Compared
from argosy.gitops.identity import Key as Name
from argosy.gitops.identity import group_version, key_of
from argosy.gitops.observed import Made, Observed, instance_name
from argosy.gitops.projects.permissions import Cluster
from argosy.gitops.projects.specs import (
    UnknownCluster,
    destination_cluster,
    permission_problems,
)
from argosy.gitops.refresh.needs import (
    LATEST,
    RECENT,
    Changes,
    Refresh,
    after_sync,
    changes_of_spec,
    decide,
    is_skipped,
)
from argosy.gitops.settings import Settings
from argosy.lang import instants
from argosy.resources.application import Application
from argosy.resources.appproject import DEFAULT_PROJECT
from argosy.resources.definitions import GROUP
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.others import applications_are_served
from argosy.services.agents.registry import Entry
from argosy.services.applications import orphans
from argosy.services.applications.controlplane import ControlPlane, first_error, states_of
from argosy.services.applications.destinations import Known
from argosy.services.applications.evidence import with_evidence
from argosy.services.applications.following import place_of
from argosy.services.applications.inventory import Inventory
from argosy.services.applications.making import GRACE, Making
from argosy.services.applications.sources import Round
from argosy.services.applications.surveys import ask, watch_anew
from argosy.services.applications.watching import Deploys, Kind, Orphans, leave, takes

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Look", "Reading"]

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What was read. `seen` None: not all of it can be told yet, `waits` says why; `destination`: the cluster's name.

    `body`: the Application, where it waits; `waited`: for how many seconds.
    `direct`: no agent tells of its destination. `skipped`: nobody is to do anything about it. `asked`: the version of the
    row by which somebody has asked for this look.
    """

    key: Key
    version: Version
    seen: Observed | None = None
    waits: str = ""
    destination: str = ""
    direct: bool = False
    asked: int = 0
    skipped: bool = False
    body: Object = field(default_factory=dict)
    waited: float = 0.0

    @property
    def overdue(self) -> bool:
        """Whether it has waited for so long that its status is to say so."""
        return self.seen is None and not self.skipped and self.waited >= GRACE


@dataclass
class Reading:
    """One look at one Application."""

    runtime: Runtime
    key: Key
    round: Round
    home: ControlPlane = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.home = ControlPlane(self.runtime, self.key.cluster)

    def observation(self) -> Observation | None:
        """The look; None when the Application is gone."""
        if not takes(self.home.entry, self.key.namespace):
            self._forget()
            return None
        copy = self.runtime.applications.fresh.newest(
            self.key, self.home.find("applications", self.key.namespace, self.key.name)
        )
        if copy is None or copy.object is None:
            self._forget()
            return None
        version = Version(copy.uid, copy.version)
        if is_skipped(copy.object) or applications_are_served(self.runtime.store, self.home.entry):
            return Observation(Look(self.key, version, skipped=True), {self.key: version}, copy.version)
        missing = self.home.untold()
        if missing:
            return Observation(
                self._waits(copy.object, version, self.home.entry.name, missing), {self.key: version}, copy.version
            )
        look = replace(self._look(copy.object, version), asked=self.asked)
        return Observation(look, {self.key: version}, copy.version)

    def _forget(self) -> None:
        before = self._leave()
        if before:
            # What it has left there is nobody's now.
            told = Deploys(self.runtime.store, before).watchers().values()
            self.runtime.app_wakes.wake_all(sorted({str(key) for keys in told for key in keys}))
        self.runtime.applications.following.follow(self.key, [])
        self.runtime.applications.asking.forget(self.key)
        for what in ("deploys", "follows"):
            self.runtime.applications.noted.drop(f"{self.key} {what}")

    def _look(self, body: dict[str, Any], version: Version) -> Look:
        instance = instance_name(self.key.namespace, self.key.name, self.home.entry.argocd_namespace)
        settings = self.home.settings
        own = Name(GROUP, "Application", self.key.namespace, self.key.name)
        bare = Observed(body, own, instance, Refresh(), DEFAULT_PROJECT, settings, self.runtime.programs)
        try:
            app = Application.of(body)
        except ValueError as x:
            broken = {name: body.get(name) for name in ("apiVersion", "kind", "metadata", "status")}
            said = [first_error(x)]
            return Look(self.key, version, replace(bare, body=broken, refused=said, hindrances=said))
        bare = replace(bare, parsed=app)
        refresh = self._refresh(body, app, settings)
        project, lost = self.home.project(app, self.key)
        try:
            there = self.runtime.applications.destinations.of(self.home)
        except ArgosyError as x:
            return self._waits(body, version, self.home.entry.name, str(x), told=not isinstance(x, Retryable))
        clusters = [one.cluster for one in there]
        refused = lost or permission_problems(app.spec, project, clusters)
        known = replace(bare, refresh=refresh, project=project, refused=refused, hindrances=lost)
        try:
            cluster = destination_cluster(app.spec.destination, clusters)
        except UnknownCluster:
            unread = [one.problem for one in there if not one.cluster.server]  # it may be one of these
            found = replace(known, refused=[*refused, *unread], hindrances=[*lost, *unread])
            return Look(self.key, version, found)
        except InvalidObject as x:
            return Look(self.key, version, replace(known, hindrances=[*lost, x.reason]))
        if lost or (refused and not app.deleting):
            return Look(self.key, version, known)
        to = next(one for one in there if one.cluster is cluster)
        if to.problem:
            problems = [*refused, to.problem]
            return Look(self.key, version, replace(known, refused=problems, hindrances=problems))
        scoped = [one for one in clusters if one.project == project.name]
        try:
            return self._whole(known, app, to, scoped, version)
        except Conflict:
            raise
        except ArgosyError as x:
            return self._waits(body, version, to.name, str(x), told=not isinstance(x, Retryable))

    def _waits(self, body: Object, version: Version, name: str, why: str, *, told: bool = False) -> Look:
        """It is looked at again when the cluster is heard of; `told`: it has answered, and waiting will not help."""
        waited = self.runtime.applications.waiting.waits(name, self.key)
        ask(self.runtime, name, self.key)
        return Look(self.key, version, None, why, name, body=body, waited=GRACE if told else waited)

    def _refresh(self, body: Object, app: Application, settings: Settings) -> Refresh:
        changes = changes_of_spec(app)
        reconciled = instants.parse(app.status.reconciled_at)
        now: datetime = self.runtime.clock.now()
        age = (now - reconciled).total_seconds() if reconciled is not None else None
        limit = settings.soft + settings.jitter if settings.soft else 0.0
        level, self.asked = self.runtime.applications.asking.level(self.key, body.get("status") or {})
        level = max(level, after_sync(app))
        if settings.soft and self._is_behind(app):
            level = max(level, LATEST)
        found = decide(
            Changes(
                changes.asked,
                changes.source,
                changes.destination,
                changes.namespace_metadata,
                changes.ignored,
                age,
                limit,
                0.0,
                max(RECENT, level),
            )
        )
        # That the last comparison is long ago must not make less of what a webhook has told.
        return replace(found, level=max(found.level, level))

    def _is_behind(self, app: Application) -> bool:
        """Whether a repository has told of a newer commit than the status knows."""
        known = app.status.sync.told
        if not known:
            return False
        heads = (self.runtime.applications.following.head(place_of(one)) for one in app.spec.all_sources)
        return any(head is not None and head.commit not in ("", at) for head, at in zip(heads, known, strict=False))

    # What it wants, and what is there

    def _whole(
        self, known: Observed, app: Application, there: Known, scoped: Sequence[Cluster], version: Version
    ) -> Look:
        name = there.name
        served = self.runtime.applications.served.of(name)
        namespaced = self.runtime.applications.served.namespaced(name)
        to = Destination(there.cluster, namespaced, scoped, self._hidden(name))
        making = Making(self.runtime, self.key, self.home, self.round)
        made, wanted = making.made(app, known, name)
        if known.settings.problems:
            # With exclusions or rules that count for nothing it would sync, or delete, what it must not.
            problems = known.settings.problems
            made = wanted = Made(revisions=made.revisions if made is not None else (), problems=problems)
            known = replace(known, hindrances=problems)
        under = f"{name}|{app.spec.ignore_differences}|{known.settings.version}"
        memory = Compared(self.runtime.applications.compared, under, self.runtime.applications.placed)
        seen = replace(known, to=to, made=made, wanted=wanted, known=memory)
        kinds = self._kinds(seen, served)
        outside = unmanaged(
            (key for _, key in kinds if key != Name("", "Namespace", "", app.spec.destination.namespace)),
            there.namespaces,
            cluster_resources=there.cluster_resources,
        )
        if outside:
            made = Made(revisions=made.revisions if made is not None else (), problems=[outside])
            return Look(self.key, version, replace(seen, made=made, wanted=made, hindrances=[outside]), "", name)
        before = self._before(app, name, known.instance, served)
        sought = orphans.wanted_of(seen, served)
        self._deploy(name, known.instance, sorted({kind for kind, _ in kinds} | before), sought)
        entry = self.home.entry if name == self.key.cluster else self.runtime.registry.find(name)
        lacks = self.runtime.applications.surveys.lacks(name, self.key) if not entry.watched else ""
        if lacks:
            return self._waits(known.body, version, name, lacks)
        mirror, scopes = self.home.mirror, self.home.scopes
        if name != self.key.cluster:
            mirror = Mirror(self.runtime.store, self.runtime.blobs, name)
            scopes = mirror.scopes()
        inventory = Inventory(self.runtime.store, mirror, scopes, name, self.runtime.applications.fresh)
        live = inventory.live(known.instance, kinds)
        inventory.check(before, entry.namespaces or ("",))
        if inventory.blind:
            refused = self._refused(entry, inventory.blind)
            if not refused:
                kind = min(inventory.blind)
                return self._waits(known.body, version, name, f"{kind.kind} is not watched yet in cluster {name}")
            blind = Made(revisions=made.revisions if made is not None else (), problems=refused, transient=True)
            seen = replace(seen, made=blind, wanted=blind, hindrances=refused)
        carried = self.runtime.applications.progress.load(self.key)
        # Where nobody watches, a look waits for a survey that began after what was written.
        unseen = inventory.unseen(carried.written) if entry.watched else ()
        orphaned = orphans.count(seen, sought, mirror, scopes, {key for _, key in kinds}, self.home)
        whole = replace(seen, live=live, carried=carried, unseen=unseen, orphaned=orphaned)
        return Look(self.key, version, with_evidence(self.runtime, whole, name), "", name, not entry.watched)

    def _before(
        self, app: Application, cluster: str, instance: str, served: Mapping[tuple[str, str], Any]
    ) -> set[Kind]:
        """The kinds that one which is deleted has put somewhere, whatever its status tells of them now."""
        found = Deploys(self.runtime.store, cluster).of(instance, self.key) if app.deleting else set()
        return {one for one in found if (one.group, one.kind) in served}

    def _refused(self, entry: Entry, blind: Iterable[Kind]) -> list[str]:
        """What may not be watched in a cluster, in the API server's words."""
        who, rights = f"the agent of cluster {entry.name} may not watch", "argosy agent manifests --gitops"
        states = states_of(self.runtime.store, entry.name)
        if not entry.watched:
            who, rights = (
                f"nobody here may list, in cluster {entry.name},",
                "docs/guide/gitops.md#clusters-without-an-agent",
            )
            states = self.runtime.applications.surveys.last(entry.name).states
        found: list[str] = []
        for kind in sorted(blind):
            told = [states.get(kind.scope(place).key, "") for place in entry.namespaces or ("",)]
            why = next((text for text in told if text.startswith("refused: ")), "")
            if why:
                found.append(
                    f"Failed to load live state: {who} {kind.kind}: {why.removeprefix('refused: ')} ({rights})"
                )
        return found

    def _deploy(self, cluster: str, instance: str, kinds: list[Kind], sought: Orphans) -> None:
        """Kinds that are new in a cluster are watched there from now on."""
        noted = self.runtime.applications.noted
        fact = f"deploys {cluster} {kinds} {sought}"
        if noted.get(f"{self.key} deploys") == fact:
            return
        self._leave(cluster, instance)
        if Deploys(self.runtime.store, cluster).put(instance, self.key, kinds, sought):
            watch_anew(self.runtime, cluster, self.key)
        noted.put(f"{self.key} deploys", fact)

    def _leave(self, cluster: str = "", instance: str = "") -> str:
        """What only it had in another cluster than this is watched there no longer; which it was, "" for none."""
        before = leave(self.runtime.store, self.key, cluster, instance)
        if before:
            watch_anew(self.runtime, before, self.key)
        return before

    def _kinds(self, seen: Observed, served: Mapping[tuple[str, str], Any]) -> list[tuple[Kind, Name]]:
        """The keys of all targets, with how their kinds are watched; a kind that is not served cannot be."""
        found: dict[Name, Kind] = {}
        for made in (seen.made, seen.wanted):
            if made is None:
                continue
            try:
                targets = seen.targets(made)
            except ArgosyError:
                continue
            for body in targets.objects:
                key, (group, version) = key_of(body), group_version(body)
                one = served.get((group, key.kind))
                if one is not None:
                    found[key] = Kind(group, version, one.plural, key.kind, one.namespaced)
        for one in seen.app.status.resources:
            key = Name(one.group, one.kind, one.namespace, one.name)
            kind = served.get((one.group, one.kind))
            if kind is not None and key not in found:
                found[key] = Kind(one.group, one.version, kind.plural, one.kind, kind.namespaced)
        if "CreateNamespace=true" in seen.app.spec.sync_options and seen.app.spec.destination.namespace:
            found[Name("", "Namespace", "", seen.app.spec.destination.namespace)] = Kind(
                "", "v1", "namespaces", "Namespace", False
            )
        return [(kind, key) for key, kind in found.items()]

    def _hidden(self, name: str) -> Any:
        """Values of Secrets as the agent of the cluster hashes them."""
        secret_key = cache(partial(self.runtime.subscribing.secret_key, name))

        def hide(obj: Object) -> Object:
            if not key_of(obj).is_secret:
                return obj
            from argosy.gitops.diff.normal import folded_secret

            return pruned(folded_secret(obj), secret_key())

        return hide
