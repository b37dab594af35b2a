"""Which Applications a delivery concerns.

In: an Application, what a host has said; out: whether it is refreshed, and made anew from its dry source. Called for each
Application of the namespaces in question when a webhook comes. Follows `HandleEvent` of `util/webhook/webhook.go` and
`registry_handler.go` in Argo CD 3.6.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from argosy.errors import EvaluationError
from argosy.gitops.refresh.paths import GENERATE_PATHS, files_changed, refresh_paths_of
from argosy.gitops.revisions import bare_address
from argosy.gitops.webhooks.delivery import Artifact, Push, last_part
from argosy.gitops.webhooks.pullrequests import PullRequest
from argosy.lang import regex, semver, urls
from argosy.resources.application import Application
from argosy.resources.source import Source

__all__ = [
    "Concern",
    "artifact_matches",
    "concern",
    "concern_of_artifact",
    "is_near",
    "means",
    "merged_into",
    "revision_matches",
    "url_matches",
]

_USER: Final = r"[\w\.][\w\.-]{0,30}[\w\.$-]?"


@dataclass(frozen=True, slots=True)
class Concern:
    """What becomes of an Application. `same`: sources whose repository has moved on, but none of whose files changed;
    what was rendered for the commit before holds for the new one."""

    refresh: bool = False
    hydrate: bool = False
    same: Sequence[Source] = ()


def means(said: Push | Artifact) -> list[str]:
    """Host and path of the repositories in question (`revisions.bare_address`): what does not have them is not concerned."""
    if isinstance(said, Artifact):
        return [bare_address(f"{said.registry}/{said.repository}")]
    found: dict[str, None] = {}
    for url in said.urls:
        with contextlib.suppress(EvaluationError):
            parsed = urls.parse(url)
            found[bare_address(f"{parsed.hostname}/{parsed.escaped_path}")] = None
    return list(found)


def concern(app: Application, push: Push) -> Concern:
    """What a push means for an Application: the first source that it concerns decides."""
    same: list[Source] = []
    for source, dry in _sources(app):
        if not revision_matches(source.target_revision, push.revision, touched_head=push.touched_head):
            continue
        if not any(_is_at(url, source.repo_url) for url in push.urls):
            continue
        if files_changed(refresh_paths_of(app, source), push.files):
            return Concern(True, dry)
        same.append(source)
    return Concern(same=same if push.before and push.after else ())


def is_near(app: Application, said: Push | Artifact) -> bool:
    """Whether what has changed lies where the manifests of an Application that it concerns are, by all that was said.

    Others may be concerned no less: a kustomization reaches where it likes.
    """
    if isinstance(said, Artifact) or app.spec.source_hydrator is not None or GENERATE_PATHS in app.metadata.annotations:
        return True
    return bool(said.files) and any(files_changed([one.path], said.files) for one in app.spec.all_sources)


def merged_into(app: Application, request: PullRequest) -> list[int]:
    """The places, from 0, of the sources that a pull request would change once it is merged."""
    return [
        place
        for place, source in enumerate(app.spec.all_sources)
        if revision_matches(source.target_revision, request.base, touched_head=request.to_default)
        and _is_at(request.url, source.repo_url)
    ]


def _sources(app: Application) -> list[tuple[Source, bool]]:
    """The sources in the order in which they count, and whether each is the dry one."""
    hydrator = app.spec.source_hydrator
    dry = [(hydrator.dry, True)] if hydrator is not None else []
    return [*((one, False) for one in app.spec.all_sources), *dry]


def _is_at(web_url: str, url: str) -> bool:
    try:
        return url_matches(web_url, url)
    except EvaluationError:
        return False


def url_matches(web_url: str, url: str) -> bool:
    """Whether a repository's address means the one at `web_url`, over whatever protocol, user and port.

    Raises EvaluationError when `web_url` is no address.
    """
    parsed = urls.parse(web_url)
    host = regex.quoted(parsed.hostname)
    path = regex.quoted(parsed.escaped_path.removeprefix("/"))
    pattern = rf"(?i)\A((https?|ssh)://)?({_USER}@)?((alt)?ssh\.)?{host}(:\d+)?[:/]{path}(\.git)?\z"
    return regex.compile(pattern).search(url)


def revision_matches(target: str, revision: str, *, touched_head: bool) -> bool:
    """Whether a source with that target revision follows the branch or tag (sourceRevisionHasChanged)."""
    bare = last_part(target)
    if bare in ("", "HEAD"):
        return touched_head
    return _means(bare if target.startswith(("refs/heads/", "refs/tags/")) else target, revision)


def _means(target: str, revision: str) -> bool:
    """Whether they are the same, or the target is a constraint that the version satisfies (compareRevisions)."""
    if target == revision:
        return True
    try:
        return semver.constraint(target).allows(semver.parse(revision))
    except EvaluationError:
        return False


def concern_of_artifact(app: Application, artifact: Artifact) -> Concern:
    """What a tag in a registry means for an Application; manifests are always made anew."""
    if any(artifact_matches(artifact, source) for source, _ in _sources(app)):
        return Concern(True, True)
    return Concern()


def artifact_matches(artifact: Artifact, source: Source) -> bool:
    """Whether a source uses that tag of that artifact."""
    wanted = _bare(f"{artifact.registry}/{artifact.repository}")
    places = [source.repo_url, f"{source.repo_url.rstrip('/')}/{source.chart}" if source.chart else source.repo_url]
    return wanted in map(_bare, places) and _means(source.target_revision, artifact.tag)


def _bare(url: str) -> str:
    return url.lower().removeprefix("oci://").rstrip("/")
