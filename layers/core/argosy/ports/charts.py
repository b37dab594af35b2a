"""Charts port: Helm repositories (HTTP with an `index.yaml`) and OCI registries, asked for versions and packages.

Nothing here keeps anything but indexes for a moment: whoever calls keeps what it got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from argosy.ports.repository import Credentials, Snapshot

__all__ = ["Charts", "Package", "Place", "Release"]


@dataclass(frozen=True, slots=True)
class Place:
    """`oci`: a registry, `url` with `oci://` or without a scheme; else a Helm repository over HTTP.

    `chart` is the name in the repository, "" for an artifact of a registry that lies at the address itself.
    `pass_credentials`: they are also for hosts that an index names.
    """

    url: str
    chart: str = ""
    oci: bool = False
    pass_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a chart. `url` and `digest` (SHA-256 in hex, "" = not told) are those of its package in an index."""

    version: str
    url: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """`packed` is what was published (a chart's .tgz, nothing for what is none), `files` what is in a chart's folder."""

    packed: bytes
    files: Snapshot


class Charts(Protocol):
    """All calls raise Denied (credentials, address), NotFound, InvalidObject (address), EvaluationError (too large, broken,
    another digest), Unsupported or Unavailable, and none tells a credential in its text."""

    def check(self, place: Place, credentials: Credentials) -> None:
        """Whether it lets these in: a Helm repository has an index, a registry answers; nothing is said of a chart."""
        ...

    def releases(self, place: Place, credentials: Credentials) -> Sequence[Release]:
        """The versions that there are: an index's in its order, a registry's tags. Raises NotFound for no such chart."""
        ...

    def digest(self, place: Place, reference: str, credentials: Credentials) -> str:
        """What a tag, or a digest, of a registry stands for: `sha256:…`. Raises NotFound."""
        ...

    def package(self, place: Place, release: Release, credentials: Credentials) -> Package:
        """What was published: of a Helm repository one of `releases`, of a registry what a version or digest stands for."""
        ...
