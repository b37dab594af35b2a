"""Fetching and rendering by the functions that may do so: `Fetching` and `Rendering` for all others.

In and out as `argosy.services.fetching` and `argosy.services.rendering` have it; the errors are those that the functions
tell. What was fetched before is found among the blobs without calling anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.errors import NotFound, Unsupported
from argosy.gitops.requests import RenderRequest
from argosy.gitops.signatures import Verdict
from argosy.ports.blobs import Blobs
from argosy.ports.makers import Makers
from argosy.ports.repository import Credentials
from argosy.problems import error_of
from argosy.services.fetching import Fetched, FetchRequest, kept, kept_signature
from argosy.services.handover import Handover
from argosy.services.rendering import Rendered

__all__ = ["RemoteFetching", "RemoteRendering"]

_OPEN: Final = ("oci", "plain_http", "insecure", "ca", "known_hosts", "lfs")


class RemoteFetching:
    """See `argosy.services.fetching.Fetching`."""

    def __init__(self, blobs: Blobs, makers: Makers, handover: Handover | None = None) -> None:
        self._blobs, self._makers, self._handover = blobs, makers, handover

    def fetch(self, request: FetchRequest) -> Fetched:
        """See `Fetching.fetch`."""
        return Fetched.from_json(_asked(self._makers, "fetch", _plain(request)))

    def kept(self, request: FetchRequest, commit: str) -> Fetched | None:
        """See `Fetching.kept`."""
        return kept(self._blobs, request, commit)

    def resolve(self, request: FetchRequest, credentials: Credentials | None = None) -> str:
        """See `Fetching.resolve`."""
        asked = _plain(self._handed_over(request, credentials)) | {"onlyCommit": True}
        return str(_asked(self._makers, "fetch", asked)["commit"])

    def take(self, request: FetchRequest, commit: str, credentials: Callable[[], Credentials] | None = None) -> Fetched:
        """See `Fetching.take`."""
        known = self.kept(request, commit)
        if known is not None:
            return known
        asked = self._handed_over(request, credentials() if credentials is not None else None)
        return self.fetch(asked.model_copy(update={"revision": commit}))

    def signature(
        self, request: FetchRequest, commit: str, credentials: Callable[[], Credentials] | None = None
    ) -> Verdict:
        """See `Fetching.signature`."""
        known = kept_signature(self._blobs, request, commit)
        if known is not None:
            return known
        asked = self._handed_over(request, credentials() if credentials is not None else None)
        return Verdict(**_asked(self._makers, "fetch", _plain(asked.model_copy(update={"commit": commit}))))

    def _handed_over(self, request: FetchRequest, credentials: Credentials | None) -> FetchRequest:
        """The request with what to sign in with, sealed if it is a secret."""
        if credentials is None:
            return request
        given = {name: value for name in _OPEN if (value := getattr(credentials, name))}
        if credentials.secret:
            if self._handover is None:
                raise Unsupported("credentials of a cluster are not handed to other functions", obj=request.url)
            given["sealed"] = self._handover.sealed(request.url, credentials)
        return request.model_copy(update=given)


class RemoteRendering:
    """See `argosy.services.rendering.Rendering`."""

    def __init__(self, makers: Makers) -> None:
        self._makers = makers

    def render(self, request: RenderRequest) -> Rendered:
        """See `Rendering.render`."""
        body = request.model_dump(by_alias=True, mode="json", exclude_unset=True)
        return Rendered.from_json(_asked(self._makers, "render", body))


def _plain(request: FetchRequest) -> dict[str, Any]:
    return request.model_dump(by_alias=True, mode="json", exclude_defaults=True)


def _asked(makers: Makers, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = makers.call(name, request)
    if "problem" in answer:
        raise error_of(answer["problem"])
    if not answer:
        raise NotFound(f"function {name} has answered nothing")
    return answer
