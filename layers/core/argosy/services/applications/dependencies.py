"""Dependencies of charts, fetched and told where they are to be laid: `helm dependency build` without Helm.

In: what was fetched, the folder of a chart in it, and whom it is for. Out: `Part`s for the render. The versions are those of
the lock; without one a constraint means the newest version that satisfies it. Which dependencies are enabled, and under
which alias, Helm decides when it renders. Those at `file://` are packed by the render (`gitops.charts.locals_of`); what they
depend on is fetched here. Called by `sources`.

Credentials are those of the repository Secrets, for repositories that the project permits; others are asked as by anybody,
as Argo CD does it (`getHelmRepos` of `reposerver/repository/repository.go`).
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from argosy.errors import ArgosyError, Denied, InvalidObject
from argosy.gitops.charts import LOCAL, MOST_DEPTH, Chart, Dependency, check_local, local_folder, missing
from argosy.gitops.paths import folder as folder_of
from argosy.gitops.requests import Part
from argosy.gitops.sources import kind_of
from argosy.lang import semver
from argosy.ports.repository import Credentials
from argosy.resources.source import Source
from argosy.services.applications.recent import Recent
from argosy.services.fetching import Fetched, FetchRequest, read_charts

if TYPE_CHECKING:
    from argosy.services.applications.sources import For, Round
    from argosy.services.runtime import Runtime

__all__ = ["Dependencies"]

_MOST: Final = 50
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_ALIAS: Final = re.compile(r"(?:@|alias:)(.+)\Z")


@dataclass
class _Walk:
    """What is brought for one chart."""

    whom: For
    together: Round
    parts: dict[str, Part] = field(default_factory=dict)


class Dependencies:
    """Brings what charts depend on; what was brought of late is in memory."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: Recent[str, list[Part]] = Recent(500)
        self._charts: Recent[str, Mapping[str, Chart]] = Recent(4)

    def parts(self, fetched: Fetched, source: Source, whom: For, together: Round) -> list[Part]:
        """What must be laid into a source's files before its chart is rendered; nothing for what is no chart.

        Raises what fetching does, and InvalidObject for a lock of other dependencies, a circle, too many or too deep ones.
        """
        if not fetched.charts or source.kustomize or source.directory or source.plugin:
            return []
        folder = "" if source.chart else folder_of(source.path, "spec.source.path")
        kind = "Helm" if source.helm else ""
        facts = (fetched.digest, folder, whom.home, whom.about.project, kind, *whom.manner.off)
        name = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        known = None if whom.anew else self._known.get(name)
        if known is None:
            walk, charts = _Walk(whom, together), self._read(fetched)
            if _is_rendered(charts.get(folder), source, whom):
                self._bring(walk, charts, folder, "", (folder,))
            known = list(walk.parts.values())
            self._known.put(name, known)
        return known

    def is_chart(self, fetched: Fetched, source: Source) -> bool:
        """Whether the folder of a source, which is not one as a whole, has a chart."""
        return bool(fetched.charts) and folder_of(source.path, "spec.source.path") in self._read(fetched)

    def _read(self, fetched: Fetched) -> Mapping[str, Chart]:
        """The charts of a commit; many Applications have the same."""
        known = self._charts.get(fetched.digest)
        if known is None:
            known = read_charts(self._runtime.blobs, fetched)
            self._charts.put(fetched.digest, known)
        return known

    def _bring(
        self, walk: _Walk, charts: Mapping[str, Chart], folder: str, prefix: str, chain: tuple[str, ...]
    ) -> None:
        chart = charts.get(folder)
        for one in missing(chart, posixpath.join(prefix, folder)) if chart is not None else ():
            if not one.repository.startswith(LOCAL):
                self._fetch(walk, one, posixpath.join(prefix, folder), chain)
                continue
            if prefix:
                said = f"dependency {one.name}: {one.repository} is not in the package, which has to hold it"
                raise InvalidObject(said, file=posixpath.join(prefix, "Chart.yaml"), field="dependencies")
            there = local_folder(one, folder, chain)
            check_local(charts.get(there), one, there, folder)
            self._bring(walk, charts, there, prefix, (*chain, there))

    def _fetch(self, walk: _Walk, one: Dependency, parent: str, chain: tuple[str, ...]) -> None:
        where = posixpath.join(parent, "Chart.yaml")
        if not _NAME.match(one.name):
            raise InvalidObject(f"{one.name[:80]!r} is no name of a chart", file=where, field="dependencies")
        url = self._address(walk.whom, one, where)
        this = f"{url.rstrip('/')}/{one.name}"
        if this in chain:
            way = " → ".join(part or "." for part in (*chain, this))
            raise InvalidObject(f"dependency {one.name} leads in a circle: {way}", file=where, field="dependencies")
        if len(chain) > MOST_DEPTH:
            raise InvalidObject(f"dependencies lie deeper than {MOST_DEPTH} levels", file=where, field="dependencies")
        try:
            found = self._taken(walk, FetchRequest(url=url, revision=one.version, chart=one.name))
        except ArgosyError as x:
            raise type(x)(f"dependency {one.name} of {parent or 'the chart'}: {x}") from x
        if not semver.is_version(found.commit):  # it becomes the name of a file
            raise InvalidObject(f"{found.commit[:80]!r} is no version of a chart", file=where, field="dependencies")
        charts = read_charts(self._runtime.blobs, found)
        place = posixpath.join(parent, "charts", f"{one.name}-{found.commit}")
        if any(missing(charts.get("", Chart()), place)):
            walk.parts[place] = Part(archive=found.archive, digest=found.digest, at=place)
            self._bring(walk, charts, "", place, (*chain, this))
        else:
            walk.parts[place] = Part(archive=found.package, digest=found.package_digest, at=f"{place}.tgz")
        if len(walk.parts) > _MOST:
            raise InvalidObject(f"more than {_MOST} dependencies", file=where, field="dependencies")

    def _taken(self, walk: _Walk, request: FetchRequest) -> Fetched:
        whom, fetching = walk.whom, self._runtime.fetching
        credentials, permitted = whom.credentials(request.url), whom.permitted(request.url)
        if not permitted:
            credentials = Credentials(ca=credentials.ca)
        place, known = ((request.url, request.revision, request.chart), credentials), walk.together.dependencies
        try:
            version = known.get(place) or fetching.resolve(request, credentials)
        except Denied as x:
            if permitted:
                raise
            why = (
                f"project {whom.about.project!r} does not permit the repository, which is therefore asked as by anybody"
            )
            raise Denied(f"{x}; {why}") from x
        known[place] = version
        return fetching.take(request, version, lambda: credentials)

    def _address(self, whom: For, one: Dependency, where: str) -> str:
        alias = _ALIAS.match(one.repository)
        if alias is None:
            if not one.repository.startswith(("https://", "http://", "oci://")):
                said = f"dependency {one.name}: {one.repository!r} is no address of a chart repository"
                raise InvalidObject(said, file=where, field="dependencies")
            return one.repository
        url = whom.named(alias[1])
        if not url:
            said = f"no repository definition for {one.repository}: a repository Secret of type helm with that name"
            raise InvalidObject(f"dependency {one.name}: {said}", file=where, field="dependencies")
        return url


def _is_rendered(chart: Chart | None, source: Source, whom: For) -> bool:
    """Whether Helm is what will render it."""
    files = ["Chart.yaml", *(["kustomization.yaml"] if chart is not None and chart.kustomized else [])]
    return chart is not None and kind_of(source, files, dict.fromkeys(whom.manner.off, False)) == "Helm"
