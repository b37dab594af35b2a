"""An Application's sources as manifests: revisions resolved, commits fetched, files rendered.

In: sources and what they are for. Out: `Made`, with the reasons instead of an error: an Application tells them in its
status. The revision of a chart is its version, that of an artifact its digest. What was fetched or rendered before is taken
as it is. A `Round` is what some Applications share that are looked at together: whoever asks for the same branch is told the
same commit, asked for once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import ArgosyError, Unavailable
from argosy.gitops.capabilities import trimmed
from argosy.gitops.folders import content_of
from argosy.gitops.observed import Made
from argosy.gitops.refresh.needs import LATEST, LATEST_RESOLVED
from argosy.gitops.refresh.paths import is_untouched, refresh_paths_of
from argosy.gitops.requests import AppInfo, Manner, RenderRequest
from argosy.gitops.revisions import is_commit
from argosy.gitops.signatures import Required, Verdict
from argosy.ports.repository import Credentials, Snapshot
from argosy.resources.application import Application
from argosy.resources.source import Source
from argosy.services.applications.access import Access
from argosy.services.applications.dependencies import Dependencies
from argosy.services.applications.following import Following, Head, Place, place_of, repository_key
from argosy.services.applications.recent import Recent
from argosy.services.applications.remotes import More, References, host_of
from argosy.services.charts import is_chart
from argosy.services.fetching import Fetched, FetchRequest, keep, read_folders
from argosy.services.rendering import Rendered, read_manifests

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["For", "Round", "Sources"]

_REMEMBERED: Final = 180.0
_MOST: Final = 2000
_FEW: Final = 100
_SMALL: Final = 30


@dataclass
class Round:
    """What was found out for several Applications at once; commits and what was fetched of them for each who signs in."""

    commits: dict[tuple[Place, str], str | ArgosyError] = field(default_factory=dict)
    dependencies: dict[tuple[Place, Credentials], str] = field(default_factory=dict)
    kept: dict[tuple[Place, str, Credentials], Fetched | None] = field(default_factory=dict)


@dataclass(frozen=True)
class For:
    """Whom manifests are made for: what rendering must know of it, and what it may sign in with at an address.

    `manner` is what the settings say; `anew`: what was rendered of late counts for nothing. `home`: the cluster that has it.
    `permitted`: whether its project permits a repository; `named`: the address of the Helm repository of that name, or "".
    `required`: which signatures commits must have.
    """

    about: AppInfo
    credentials: Callable[[str], Credentials] = lambda url: Credentials()  # noqa: ARG005 - open to everybody
    manner: Manner = field(default_factory=Manner)
    anew: bool = False
    home: str = ""
    permitted: Callable[[str], bool] = lambda url: True  # noqa: ARG005
    named: Callable[[str], str] = lambda name: ""  # noqa: ARG005
    required: Required | None = None


class Sources:
    """Makes manifests; what was made of late is in memory."""

    def __init__(self, runtime: Runtime, following: Following, access: Access) -> None:
        self._runtime, self._following, self._access = runtime, following, access
        self._rendered: Recent[str, Rendered] = Recent(_MOST)
        self._objects: Recent[str, Sequence[Mapping[str, Any]]] = Recent(_MOST)
        self._folders: Recent[str, Mapping[str, list[Any]]] = Recent(4)
        self._dependencies = Dependencies(runtime)
        self._verdicts: Recent[str, Verdict] = Recent(_MOST)

    def made(self, sources: Sequence[Source], revisions: Sequence[str], whom: For, together: Round, level: int) -> Made:
        """What sources come to; `revisions` instead of their own, commits below the level LATEST.

        `level`: of `refresh.needs`, which tells how new the commits must be. Raises Unavailable when a repository cannot
        be reached.
        """
        objects: list[Mapping[str, Any]] = []
        commits: list[str] = []
        types: list[str] = []
        digests: list[str] = []
        place = 0
        try:
            for place, source in enumerate(sources):
                revision = revisions[place] if place < len(revisions) else ""
                commits.append(self._commit(source, revision, whom, together, level))
            unverified = list(self._unverified(sources, revisions, commits, whom))
            refs = References.of(sources, commits)
            for place, source in enumerate(sources):
                if source.ref and not source.path and not source.chart:
                    types.append("")
                    continue
                rendered = self._of_commit(source, commits[place], whom, refs, together)
                types.append(rendered.kind)
                digests.append(rendered.digest)
                objects += self._read(rendered)
        except Unavailable:
            raise
        except ArgosyError as x:
            said = f"failed to generate manifest for source {place + 1} of {len(sources)}: {x}"
            return Made(revisions=commits, types=types, problems=[f"Failed to load target state: {said}"])
        name = " ".join(digests) if len(objects) <= _SMALL else ""
        return Made(objects, commits, types, unverified=unverified, name=name)

    def _unverified(
        self, sources: Sequence[Source], revisions: Sequence[str], commits: Sequence[str], whom: For
    ) -> Iterator[str]:
        """Which commits are not signed as the project wants it. Charts and artifacts are published without signatures."""
        for place, (source, commit) in enumerate(zip(sources, commits, strict=True)):
            told = revisions[place] if place < len(revisions) else ""
            request = _request(source, source.target_revision if not told or is_commit(told) else told)
            if whom.required is not None and not is_chart(request):
                found = self._verdict(request.model_copy(update={"keys": whom.required.keys}), commit, whom)
                problem = whom.required.problem(found, commit)
                if problem:
                    yield problem

    def _verdict(self, request: FetchRequest, commit: str, whom: For) -> Verdict:
        name = hashlib.sha256(f"{commit} {request.model_dump_json()}".encode()).hexdigest()  # all keys are in it
        known = self._verdicts.get(name)
        if known is None:
            known = self._runtime.fetching.signature(request, commit, lambda: whom.credentials(request.url))
            if known.result == "good":
                self._verdicts.put(name, known)
        return known

    def of_files(self, source: Source, files: Snapshot, whom: For, together: Round) -> Made:
        """What one source comes to with other files than its repository's. Raises ArgosyError where that is nothing."""
        commit = hashlib.sha1(files.archive, usedforsecurity=False).hexdigest()
        keep(self._runtime.blobs, _request(source, commit), commit, files)
        rendered = self._of_commit(source, commit, whom, References(), together)
        return Made(self._read(rendered), [commit], [rendered.kind])

    def _of_commit(self, source: Source, commit: str, whom: For, refs: References, together: Round) -> Rendered:
        """What a source comes to at a commit, from memory if it is there."""
        credentials = whom.credentials(source.repo_url)
        reader = self._access.name(credentials)
        facts = (
            whom.home,
            reader,
            commit,
            source.model_dump_json(),
            whom.about.model_dump_json(),
            whom.manner.model_dump_json(),
            *refs.facts,
        )
        name = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        known = None if whom.anew else self._rendered.get(name)
        if known is None:
            request = _request(source, commit).asked_by(reader, credentials)
            fetched = self._runtime.fetching.take(request, commit, lambda: credentials)
            known = self._render(source, commit, fetched, whom, refs, together)
            self._rendered.put(name, known)
        return known

    def _render(
        self, source: Source, commit: str, fetched: Fetched, whom: For, refs: References, together: Round
    ) -> Rendered:
        request = RenderRequest(
            archive=fetched.archive,
            digest=fetched.digest,
            revision=commit,
            source=source,
            app=self._about(fetched, source, whom),
            content=content_of(self._folders_of(fetched), source),
            manner=whom.manner,
            refs=refs.names,
            parts=self._dependencies.parts(fetched, source, whom, together),
        )
        more = More(
            self._runtime.fetching, refs, lambda url: _signing_in(url, source.repo_url, whom), self._access.name
        )
        return more.rendered(request, self._runtime.rendering.render)

    def are_same(
        self,
        app: Application,
        moved: Mapping[Place, str],
        credentials: Callable[[str], Credentials],
        together: Round,
    ) -> bool:
        """Whether an Application's manifests are made of the same at new commits, as far as that is known here.

        Raises what `credentials` raises.
        """
        told, sources = app.status.sync.told, app.spec.all_sources
        if len(told) != len(sources):
            return False
        for source, before in zip(sources, told, strict=True):
            after = moved.get(place_of(source), before)
            if after == before:
                continue
            given = credentials(source.repo_url)
            contents = {self._content(source, commit, given, together) for commit in (before, after)}
            if len(contents) > 1 or "" in contents:
                return False
        return True

    def are_untouched(
        self,
        app: Application,
        before: Sequence[str],
        after: Sequence[str],
        credentials: Callable[[str], Credentials],
        together: Round,
    ) -> bool:
        """Whether no file that counts for an Application differs between two states of its sources, as far as is known here.

        Raises what `credentials` raises.
        """
        sources = app.spec.all_sources
        if not len(sources) == len(before) == len(after):
            return False
        for source, *commits in zip(sources, before, after, strict=True):
            if commits[0] != commits[1]:
                given = credentials(source.repo_url)
                was, now = (self._folders_at(source, commit, given, together) for commit in commits)
                if not is_untouched(refresh_paths_of(app, source), was, now):
                    return False
        return True

    def _content(self, source: Source, commit: str, credentials: Credentials, together: Round) -> str:
        return content_of(self._folders_at(source, commit, credentials, together), source)

    def _folders_at(
        self, source: Source, commit: str, credentials: Credentials, together: Round
    ) -> Mapping[str, list[Any]]:
        """The folders of a commit, nothing for one that is not kept."""
        place = (place_of(source), commit, credentials)
        if place not in together.kept:
            request = _request(source, commit).asked_by(self._access.name(credentials), credentials)
            together.kept[place] = self._runtime.fetching.kept(request, commit)
        fetched = together.kept[place]
        return self._folders_of(fetched) if fetched is not None else {}

    def _folders_of(self, fetched: Fetched) -> Mapping[str, list[Any]]:
        folders = self._folders.get(fetched.digest)
        if folders is None:
            folders = read_folders(self._runtime.blobs, fetched)
            self._folders.put(fetched.digest, folders)
        return folders

    def _about(self, fetched: Fetched, source: Source, whom: For) -> AppInfo:
        """What the render is told of the Application, with the versions of its cluster where they may count."""
        silent = not (source.chart or source.helm or source.plugin or source.kustomize or source.directory)
        other = silent and (bool(self._runtime.plugins) or self._dependencies.is_chart(fetched, source))
        return trimmed(whom.about, source, whom.manner, may_be_other=other)

    def _read(self, rendered: Rendered) -> Sequence[Mapping[str, Any]]:
        """The manifests; nobody changes what is in memory."""
        known = self._objects.get(rendered.digest)
        if known is None:
            known = read_manifests(self._runtime.blobs, rendered)
            if rendered.count <= _FEW:
                self._objects.put(rendered.digest, known)
        return known

    def _commit(self, source: Source, told: str, whom: For, together: Round, level: int) -> str:
        """The commit that a revision means. What was `told` below LATEST is one: a status had it from here.

        Who has not been let in of late asks the repository, whatever is known of it.
        """
        revision = told or source.target_revision
        request = _request(source, revision)
        fixed = level < LATEST and (is_commit(revision) or bool(told and is_chart(request)))
        credentials = whom.credentials(source.repo_url)
        who = self._access.name(credentials)
        place = (source.repo_url, revision, source.chart)
        if level < LATEST_RESOLVED and self._access.may(source.repo_url, who):
            if fixed:
                return revision
            head = self._following.head(place)
            if head is not None and head.commit and self._runtime.clock.now().timestamp() - head.at < _REMEMBERED:
                return head.commit
        if (place, who) not in together.commits:
            seen = self._following.head(place) if not fixed else None
            together.commits[place, who] = self._resolved(request, credentials, who)
            if not fixed:
                self._found(place, together.commits[place, who], seen)
        commit = together.commits[place, who]
        if isinstance(commit, ArgosyError):
            raise commit
        return commit

    def _resolved(self, request: FetchRequest, credentials: Credentials, who: str) -> str | ArgosyError:
        try:
            commit = self._runtime.fetching.resolve(request, credentials)
        except Unavailable as x:
            return x
        except ArgosyError as x:
            self._access.refused(request.url, who)
            return x
        self._access.let_in(request.url, who)
        return commit

    def _found(self, place: Place, commit: str | ArgosyError, seen: Head | None) -> None:
        """Others who follow it are told. That one is refused says nothing about the others."""
        if isinstance(commit, str) and self._following.found(place, commit, seen):
            self._runtime.app_wakes.wake(str(repository_key(place[0])))


def _signing_in(url: str, source: str, whom: For) -> Credentials:
    """What to sign in with at what a source names besides.

    Its own Secret's, where the project permits the repository; else at the same host as the source does, as in Argo CD.
    Which certificates are trusted is nobody's secret.
    """
    own = whom.credentials(url)
    found = own if whom.permitted(url) else Credentials(ca=own.ca, known_hosts=own.known_hosts)
    if not found.secret and host_of(url) and host_of(url) == host_of(source):
        return whom.credentials(source)
    return found


def _request(source: Source, revision: str) -> FetchRequest:
    passed = source.helm is not None and source.helm.pass_credentials
    return FetchRequest(url=source.repo_url, revision=revision, chart=source.chart, pass_credentials=passed)
