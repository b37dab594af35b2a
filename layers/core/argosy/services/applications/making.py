"""What the sources of an Application come to, for itself and for an operation that runs.

In: an Application, and what is known of it. Out: `Made` of its sources, rendered for whom it belongs to. Which repositories
it follows is written down, so that they are checked on schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from argosy.control.keys import Key
from argosy.errors import Unavailable
from argosy.gitops.observed import Made, Observed
from argosy.gitops.projects.permissions import repository_permitted
from argosy.gitops.projects.specs import destination_cluster, permission_problems, source_problems
from argosy.gitops.refresh.needs import LATEST, LATEST_RESOLVED, RECENT
from argosy.gitops.refresh.paths import GENERATE_PATHS
from argosy.gitops.requests import AppInfo
from argosy.gitops.settings import Settings
from argosy.gitops.sync import cascade, local
from argosy.lang import instants
from argosy.ports.repository import Credentials
from argosy.resources.application import Application
from argosy.resources.application_operation import OperationState
from argosy.resources.appproject import AppProject
from argosy.resources.source import Source
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.following import Place, place_of
from argosy.services.applications.sources import For, Round

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["GRACE", "Making"]

GRACE: Final = 180.0
"""Seconds for which what does not answer leaves a status as it is."""


class Making:
    """The sources of the Application `key`, in one look."""

    def __init__(self, runtime: Runtime, key: Key, home: ControlPlane, round_: Round) -> None:
        self._runtime, self._key, self._home, self._round = runtime, key, home, round_

    def made(self, app: Application, known: Observed, to: str) -> tuple[Made | None, Made | None]:
        """What the sources come to, and the same for an operation that runs."""
        if app.deleting and (known.refused or not cascade.wants_targets(app)):
            return None, None
        whom = self._whom(app, known.project, known.settings, to, anew=known.refresh.type == "hard")
        status, spec, level = app.status.sync, app.spec, known.refresh.level
        before = status.told if level < LATEST else []
        made = local.left(app, known.project) or self._sources(spec.all_sources, before, whom, level, app)
        made = self._with_paths(app, made, whom)
        hydrator = spec.source_hydrator
        dry = [place_of(hydrator.dry)] if hydrator is not None else []
        self._follow([place_of(one) for one in spec.all_sources], dry, known.settings)
        if not known.operating:
            return made, None
        state = OperationState.model_validate(known.state) if known.state is not None else None
        running = state if state is not None and not state.completed else None
        asked = running.operation if running is not None else app.operation
        sync = asked.sync if asked is not None else None
        if sync is None:
            return made, made
        if sync.manifests:
            return made, local.brought(app, known.project, sync)
        chosen: Sequence[Source] = sync.sources or ((sync.source,) if sync.source is not None else spec.all_sources)
        result = running.sync_result if running is not None else None
        pinned = _revisions(result.revision, result.revisions) if result is not None else []
        revisions = pinned or _revisions(sync.revision, sync.revisions)
        if list(chosen) == list(spec.all_sources) and revisions == list(made.revisions):
            return made, made
        forbidden = source_problems(chosen, known.project, multiple=bool(sync.sources) or spec.multiple)
        if forbidden:
            return made, Made(problems=forbidden, forbidden=True)
        return made, self._sources(chosen, revisions, whom, RECENT if pinned else LATEST_RESOLVED, app)

    def _with_paths(self, app: Application, made: Made, whom: For) -> Made:
        """The same, and where the Application says what counts, whether any of that has changed since the last sync."""
        state = app.status.operation_state
        result = state.sync_result if state is not None else None
        if result is None or made.problems or GENERATE_PATHS not in app.metadata.annotations:
            return made
        before = _revisions(result.revision, result.revisions)
        sources = self._runtime.applications.sources
        return replace(
            made, untouched=sources.are_untouched(app, before, made.revisions, whom.credentials, self._round)
        )

    def rendered_for(self, app: Application) -> For | None:
        """Whom an Application's sources are rendered for by somebody else.

        None where its project does not permit it, or nobody here could put anything there.
        """
        project, refused = self._home.project(app, self._key)
        there = self._runtime.applications.destinations.of(self._home)
        clusters = [one.cluster for one in there]
        if refused or permission_problems(app.spec, project, clusters):
            return None
        cluster = destination_cluster(app.spec.destination, clusters)
        to = next(one for one in there if one.cluster is cluster)
        if to.problem:
            return None
        return self._whom(app, project, self._home.settings, to.name)

    def _sources(
        self, sources: Sequence[Source], revisions: Sequence[str], whom: For, level: int, app: Application
    ) -> Made:
        """A repository that does not answer leaves the status as it is for a while, unless somebody waits for it."""
        try:
            return self._runtime.applications.sources.made(sources, revisions, whom, self._round, level)
        except Unavailable as x:
            reconciled = instants.parse(app.status.reconciled_at)
            young = reconciled is not None and (self._runtime.clock.now() - reconciled).total_seconds() < GRACE
            if young and level < LATEST_RESOLVED and not app.deleting:
                raise
            return Made(problems=[f"Failed to load target state: {x}"], transient=True)

    def _whom(self, app: Application, project: AppProject, settings: Settings, to: str, *, anew: bool = False) -> For:
        """`to`: the name of the cluster that it goes to."""
        repositories = self._runtime.applications.repositories
        kubernetes, api_versions = self._runtime.applications.served.versions(to)
        about = AppInfo(
            name=app.metadata.name,
            namespace=app.spec.destination.namespace,
            project=app.spec.project_name,
            kube_version=kubernetes,
            api_versions=api_versions,
        )
        return For(
            about,
            cache(partial(self._credentials, app)),
            settings.manner,
            anew,
            self._home.entry.name,
            partial(repository_permitted, project),
            lambda name: repositories.named(self._home, name, app.spec.project_name),
            self._home.required(project),
        )

    def _credentials(self, app: Application, url: str) -> Credentials:
        return self._runtime.applications.repositories.credentials(self._home, url, app.spec.project_name)

    def _follow(self, sources: list[Place], dry: list[Place], settings: Settings) -> None:
        """New repositories are checked on schedule from now on."""
        soft, jitter = settings.soft, settings.jitter
        noted, fact = self._runtime.applications.noted, str([sources, dry, soft, jitter])
        if noted.get(f"{self._key} follows") == fact:
            return
        following = self._runtime.applications.following
        for repository in following.follow(self._key, sources, dry, soft=soft, jitter=jitter):
            self._runtime.app_wakes.wake(str(repository))
        noted.put(f"{self._key} follows", fact)


def _revisions(one: str, several: Sequence[str]) -> list[str]:
    return list(several) or ([one] if one else [])
