"""Chart repositories in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from argosy.errors import Denied, NotFound
from argosy.ports.charts import Package, Place, Release
from argosy.ports.fakes.repository import packed
from argosy.ports.repository import Credentials, Snapshot

__all__ = ["FakeCharts", "Shelf"]


@dataclass
class Shelf:
    """One chart: the files of each version, and of a registry what tags stand for; `password` is what it asks for."""

    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    password: str = ""


class FakeCharts:
    """Holds charts by `ADDRESS/NAME`; `asked` are the packages that were taken."""

    def __init__(self, held: Mapping[str, Shelf]) -> None:
        self._held = held
        self.asked: list[tuple[str, str]] = []

    def check(self, place: Place, credentials: Credentials) -> None:
        """See `Charts.check`."""
        self._found(place, credentials)

    def releases(self, place: Place, credentials: Credentials) -> Sequence[Release]:
        """See `Charts.releases`."""
        return [Release(version) for version in self._found(place, credentials).versions]

    def digest(self, place: Place, reference: str, credentials: Credentials) -> str:
        """See `Charts.digest`."""
        digests = self._found(place, credentials).digests
        if reference in digests.values():
            return reference
        if reference not in digests:
            raise NotFound(f"{_name(place)}:{reference}")
        return digests[reference]

    def package(self, place: Place, release: Release, credentials: Credentials) -> Package:
        """See `Charts.package`."""
        shelf = self._found(place, credentials)
        named = {digest: tag for tag, digest in shelf.digests.items()}
        files = shelf.versions[named.get(release.version, release.version)]
        self.asked.append((_name(place), release.version))
        size = sum(len(text.encode()) for text in files.values())
        return Package(packed(files), Snapshot(packed(files), len(files), size))

    def _found(self, place: Place, credentials: Credentials) -> Shelf:
        found = self._held.get(_name(place))
        if found is None:
            raise NotFound(f"chart {_name(place)}")
        if found.password and credentials.password != found.password:
            raise Denied(f"chart {_name(place)}: the credentials are refused")
        return found


def _name(place: Place) -> str:
    return "/".join(part for part in (place.url.rstrip("/"), place.chart) if part)
