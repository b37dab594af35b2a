"""What a render names besides its own repository: other sources of the Application, remote bases, files at addresses.

In: a request to render, and what renders it. Out: what it renders once everything that it says it needs has been fetched
and laid beside its files. Called by `argosy.services.applications.sources`. What was fetched counts until the source's own
commit moves or a hard refresh asks for more, as in Argo CD, which keeps manifests by that commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from argosy.errors import ArgosyError, InvalidObject, Retryable, Unsupported
from argosy.gitops.remotes import Need
from argosy.gitops.requests import Part, RenderRequest
from argosy.ports.repository import Credentials
from argosy.resources.source import Source
from argosy.services.fetching import FetchRequest

if TYPE_CHECKING:
    from argosy.services.fetching import Fetched, Fetching
    from argosy.services.remotemaking import RemoteFetching
    from argosy.services.rendering import Rendered

__all__ = ["More", "References", "host_of"]

_DEEPEST: Final = 6
_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class References:
    """The sources of an Application that have a `ref`, by `$ref`, each with its commit."""

    sources: Mapping[str, tuple[Source, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sequence[Source], commits: Sequence[str]) -> References:
        """Those of an Application's sources."""
        return cls({f"${one.ref}": (one, at) for one, at in zip(sources, commits, strict=True) if one.ref})

    @property
    def names(self) -> Sequence[str]:
        """As value files name them."""
        return sorted(self.sources)

    @property
    def facts(self) -> Iterator[str]:
        """What a render hangs on when it names one."""
        return (f"{name} {one.repo_url} {at}" for name, (one, at) in sorted(self.sources.items()))


@dataclass(frozen=True, slots=True)
class More:
    """Fetches what a render needs; `credentials` are for addresses of repositories, `reader` names who signs in so."""

    fetching: Fetching | RemoteFetching
    references: References
    credentials: Callable[[str], Credentials]
    reader: Callable[[Credentials], str]

    def rendered(self, request: RenderRequest, render: Callable[[RenderRequest], Rendered]) -> Rendered:
        """What a request comes to. Raises what fetching and rendering do, with the address."""
        parts = {part.at: part for part in request.parts}
        parts |= {need.at: self._part(need) for need in self._named(request.source)}
        for _ in range(_DEEPEST):
            made = render(request.model_copy(update={"parts": list(parts.values())}) if parts else request)
            if not made.needs:
                return made
            if len(parts) - len(request.parts) + len(made.needs) > _MOST:
                raise InvalidObject(f"it names more than {_MOST} other repositories and files", field="spec.source")
            parts |= {need.at: self._part(need) for need in made.needs}
        raise InvalidObject(f"it builds on other repositories more than {_DEEPEST - 1} deep", field="spec.source")

    def _named(self, source: Source) -> Iterator[Need]:
        """What is seen to be needed without rendering."""
        texts = (*source.helm.value_files, *(one.path for one in source.helm.file_parameters)) if source.helm else ()
        for name in dict.fromkeys(text.partition("/")[0] for text in texts):
            if name in self.references.sources:
                yield Need("ref", name)

    def _part(self, need: Need) -> Part:
        try:
            found = self._fetched(need)
        except Retryable:
            raise
        except ArgosyError as x:
            raise type(x)(f"{need.url} cannot be fetched: {x}") from x
        return Part(archive=found.archive, digest=found.digest, at=need.at)

    def _fetched(self, need: Need) -> Fetched:
        if need.kind == "file":
            return self.fetching.fetch(FetchRequest(url=need.url, file=True))
        if need.kind == "ref":
            source, commit = self.references.sources[need.url]
            if source.chart:
                raise Unsupported("a source with a chart holds no files for others", field="spec.sources")
            url = source.repo_url
            credentials = self.credentials(url)
        else:
            url = need.url
            credentials = self.credentials(url)
            commit = self.fetching.resolve(FetchRequest(url=url, revision=need.revision), credentials)
        asked = FetchRequest(url=url, revision=commit).asked_by(self.reader(credentials), credentials)
        return self.fetching.take(asked, commit, lambda: credentials)


def host_of(url: str) -> str:
    """Scheme, host and port of an address, by which credentials count; "" for one without."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}" if parts.scheme and parts.netloc else ""
