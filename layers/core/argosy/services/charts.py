"""Charts of Helm repositories and OCI registries: which version is meant, and its files kept as blobs.

In: a `FetchRequest` for a chart, or for an artifact of a registry; out: a version (of an artifact its digest), and `Fetched`
with its blobs below `fetch/<repository and chart>/<version>/`. Called by `argosy.services.fetching`. Matches
`newHelmClientResolveRevision` and `newOCIClientResolveRevision` of `reposerver/repository/repository.go` in Argo CD 3.6.

On purpose different: a version that leaves parts out (`1.0`) is told in full, since it means the newest that it fits. What
was published is taken as it was first seen: nobody looks whether the same version has been published anew.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from argosy.errors import Denied, InvalidObject, NotFound
from argosy.gitops.charts import allows
from argosy.gitops.revisions import best_tag, is_constraint
from argosy.lang import semver
from argosy.ports.charts import Charts, Package, Place, Release
from argosy.ports.repository import Credentials

if TYPE_CHECKING:
    from argosy.services.fetching import FetchRequest

__all__ = ["ChartFetching", "is_chart", "place_of", "where"]

_OCI = "oci://"
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def is_chart(request: FetchRequest) -> bool:
    """Whether this is no Git repository."""
    return bool(request.chart) or request.url.startswith(_OCI)


def place_of(request: FetchRequest, credentials: Credentials) -> Place:
    """Where a chart lies: an address without a scheme is one of a registry (`IsHelmOciRepo`)."""
    oci = request.oci or credentials.oci or request.url.startswith(_OCI) or "://" not in request.url
    return Place(request.url, request.chart, oci, request.pass_credentials)


def where(request: FetchRequest, version: str) -> str:
    """The beginning of the keys of a version's blobs."""
    url = request.url.strip().removeprefix(_OCI).rstrip("/")
    name = hashlib.sha256(f"chart\n{url}\n{request.chart}".encode()).hexdigest()[:32]
    plain = version.replace(":", "-")
    known = plain if _PLAIN.match(plain) and set(plain) != {"."} else ""
    return f"fetch/{name}/{known or hashlib.sha256(version.encode()).hexdigest()}"


class ChartFetching:
    """Asks for charts."""

    def __init__(self, charts: Charts | None) -> None:
        self._given = charts

    def check(self, place: Place, credentials: Credentials) -> None:
        """Raises what `Charts.check` does."""
        self._charts.check(place, credentials)

    def resolve(self, request: FetchRequest, credentials: Credentials) -> str:
        """The version, or the digest, that a revision means. Raises NotFound, and what `Charts` raises.

        The repository is asked even for a whole version: what one user has fetched is no other's who may not read it.
        """
        place = place_of(request, credentials)
        if not place.oci:
            return self._indexed(place, request.revision, credentials)
        if not request.chart:
            return self._artifact(place, request.revision, credentials)
        if semver.is_version(request.revision) or _DIGEST.match(request.revision):
            self._charts.digest(place, request.revision, credentials)
            return request.revision
        return self._best(place, request.revision, credentials)

    def package(self, request: FetchRequest, version: str, credentials: Credentials) -> Package:
        """What was published as a version that `resolve` has told."""
        place = place_of(request, credentials)
        if place.oci:
            return self._charts.package(place, Release(version), credentials)
        releases = self._charts.releases(place, credentials)
        release = next((one for one in releases if one.version == version), None)
        if release is None:
            raise NotFound(f"chart {request.chart} has no version {version} in {request.url}")
        return self._charts.package(place, release, credentials)

    @property
    def _charts(self) -> Charts:
        if self._given is None:
            raise InvalidObject("this runtime fetches no charts")
        return self._given

    def _indexed(self, place: Place, revision: str, credentials: Credentials) -> str:
        versions = [one.version for one in self._charts.releases(place, credentials)]
        if revision in versions:
            return revision
        if semver.is_version(revision):  # as `helm pull --version`: a version is also a constraint
            fitting = [one for one in versions if semver.is_version(one) and allows(revision, one)]
            if fitting:
                return max(fitting, key=semver.parse)
            raise NotFound(f"chart {place.chart} has no version {revision} in {place.url}")
        return _told(place, revision, versions)

    def _best(self, place: Place, revision: str, credentials: Credentials) -> str:
        return _told(place, revision, [one.version for one in self._charts.releases(place, credentials)])

    def _artifact(self, place: Place, revision: str, credentials: Credentials) -> str:
        try:
            return self._charts.digest(place, revision or "latest", credentials)
        except (NotFound, Denied):
            if not is_constraint(revision):
                raise
        return self._charts.digest(place, self._best(place, revision, credentials), credentials)


def _told(place: Place, revision: str, versions: list[str]) -> str:
    try:
        return best_tag(revision or "*", versions)
    except NotFound:
        name = "/".join(part for part in (place.url.rstrip("/"), place.chart) if part)
        found = f"version matching constraint not found in {len(versions)} tags"
        raise NotFound(f"invalid revision {revision!r} of chart {name}: {found}") from None
