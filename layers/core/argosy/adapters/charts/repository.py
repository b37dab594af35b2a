"""Charts port on HTTP: Helm repositories and OCI registries.

In: places and credentials; out: releases, digests and packages. Called by `argosy.services.charts`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from argosy.adapters.charts import web
from argosy.adapters.charts.index import Indexes
from argosy.adapters.charts.packages import snapshot_of
from argosy.adapters.charts.registry import Registry, is_digest
from argosy.ports.charts import Package, Place, Release
from argosy.ports.repository import Credentials

__all__ = ["ChartRepositories"]


class ChartRepositories:
    """See `Charts`."""

    def __init__(self, limits: web.Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits or web.Limits()
        self._indexes = Indexes(self._limits, clock)

    def check(self, place: Place, credentials: Credentials) -> None:
        """See `Charts.check`."""
        if not place.oci:
            self._indexes.check(place, credentials)
            return
        with web.opened(_named(place), credentials, self._limits) as asked:
            Registry(asked, place, credentials).check()

    def releases(self, place: Place, credentials: Credentials) -> Sequence[Release]:
        """See `Charts.releases`."""
        if not place.oci:
            return self._indexes.releases(place, credentials)
        with web.opened(_named(place), credentials, self._limits) as asked:
            return [Release(tag.replace("_", "+")) for tag in Registry(asked, place, credentials).tags()]

    def digest(self, place: Place, reference: str, credentials: Credentials) -> str:
        """See `Charts.digest`."""
        with web.opened(_named(place, reference), credentials, self._limits) as asked:
            return Registry(asked, place, credentials).digest(_tag(reference))

    def package(self, place: Place, release: Release, credentials: Credentials) -> Package:
        """See `Charts.package`."""
        if not place.oci:
            packed, chart = self._indexes.package(place, release, credentials), True
        else:
            with web.opened(_named(place, release.version), credentials, self._limits) as asked:
                found = Registry(asked, place, credentials).layer(_tag(release.version), chart=bool(place.chart))
                packed, chart = found
        with web.opened(_named(place, release.version), credentials, self._limits) as asked:
            return Package(packed if chart else b"", snapshot_of(packed, asked.budget, chart=chart))


def _named(place: Place, reference: str = "") -> str:
    where = "/".join(part for part in (web.shown(place.url).removeprefix("oci://").rstrip("/"), place.chart) if part)
    if not place.oci:
        return f"chart {place.chart} {reference} of {web.shown(place.url)}"
    return f"registry {where}" + (f"@{reference}" if is_digest(reference) else f":{reference}" if reference else "")


def _tag(reference: str) -> str:
    """A version as a tag: registries take no plus sign."""
    return reference if is_digest(reference) else reference.replace("+", "_")
