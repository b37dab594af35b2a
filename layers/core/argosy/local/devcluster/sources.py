"""Which sources of binaries are asked, in which order. In: the cache folders. Out.

Sources for `binaries.BinaryCache`.
"""

from __future__ import annotations

from argosy.local.devcluster.binaries import Source
from argosy.local.devcluster.envtest import EnvtestArchives
from argosy.local.devcluster.gobuild import GoBuild
from argosy.local.devcluster.locations import Locations

__all__ = ["default_sources"]


def default_sources(locations: Locations) -> list[Source]:
    """A download takes seconds where the internet is open, a build minutes everywhere.

    So first the one, then the other.
    """
    return [EnvtestArchives(), GoBuild(locations.go)]
