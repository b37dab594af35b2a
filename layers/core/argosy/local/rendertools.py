"""Helm and Kustomize for this machine, or for Lambda: downloaded where the internet is open, else built.

In: the versions in `argosy.adapters.render.versions`. Out: executables in the cache
(`~/.cache/argosy/render/<versions>-<system>-<architecture>/`). Called by `argosy up` when something is rendered for the
first time, and as `python -m argosy.local.rendertools --architecture arm64` by `make sam`: it prints the folder that the
layer `render` is built from. The order of the sources is that of the development cluster's binaries, and so are their cache
and Go's.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tarfile
import time
from pathlib import Path
from typing import Final

from argosy.adapters.render.versions import HELM, KUSTOMIZE, RELEASES
from argosy.errors import Unavailable
from argosy.local.devcluster.binaries import BinaryCache
from argosy.local.devcluster.downloads import CHUNK, Limits, fetch
from argosy.local.devcluster.gobuild import GoBuild
from argosy.local.devcluster.locations import Locations
from argosy.local.devcluster.progress import QUIET, Progress, shown_on
from argosy.local.devcluster.versions import Binary, GoModule, platform_tag

__all__ = ["TOOLS", "Releases", "cache", "find"]

TOOLS: Final = ("helm", "kustomize")

type Target = tuple[str, str]

# The same stamp as in Helm's own releases: charts read it as `.Capabilities.HelmVersion`.
_HELM_FLAGS = f"-s -w -X helm.sh/helm/v4/internal/version.version=v{HELM}"

MODULES: Final = {
    module.name: module
    for module in (
        GoModule("render-helm", f"v{HELM}", ("helm.sh/helm/v4/cmd/helm",), ldflags=_HELM_FLAGS),
        GoModule("render-kustomize", f"v{KUSTOMIZE}", ("sigs.k8s.io/kustomize/kustomize/v5",)),
    )
}
BINARIES: Final = {
    binary.name: binary
    for binary in (
        Binary("helm", "render-helm", "helm.sh/helm/v4/cmd/helm", 150),
        Binary("kustomize", "render-kustomize", "sigs.k8s.io/kustomize/kustomize/v5", 40),
    )
}

_LAMBDA: Final = {"arm64": "arm64", "x86_64": "amd64"}


class Releases:
    """The `Source` of the archives that the tools' projects publish; only one with the known SHA-256 counts."""

    title = "downloading"

    def __init__(self, target: Target, releases: dict[tuple[str, str, str], tuple[str, str]] = RELEASES) -> None:
        self._target, self._releases = target, releases
        self._limits = Limits()

    def seconds(self, _name: str, /) -> float:
        """A usual download of some 20 MB."""
        return 5.0

    def offers(self, name: str) -> bool:
        """What has a release for the target."""
        return (name, *self._target) in self._releases

    def obtain(self, name: str, staging: Path, /) -> list[str]:
        """Download, verify, unpack. Raises Unavailable with the reason in one line."""
        url, checksum = self._releases[(name, *self._target)]
        archive = staging / "archive.tar.gz"
        actual = hashlib.sha256()
        with archive.open("wb") as file:

            def keep(chunk: bytes) -> None:
                actual.update(chunk)
                file.write(chunk)

            fetch(url, time.monotonic() + self._limits.total, self._limits.size, keep, self._limits.connect)
        if actual.hexdigest() != checksum:
            raise Unavailable(f"{url} has SHA-256 {actual.hexdigest()[:12]}…, not {checksum[:12]}…; it was thrown away")
        _unpack(archive, name, staging / name)
        return [name]


def _unpack(archive: Path, name: str, target: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and Path(member.name).name == name else None
                if content is not None:
                    with content, target.open("wb") as file:
                        while chunk := content.read(CHUNK):
                            file.write(chunk)
                    return
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unavailable(f"the archive of {name} cannot be read: {error}") from error
    raise Unavailable(f"the archive of {name} does not hold it")


def cache(target: Target | None = None, progress: Progress = QUIET) -> BinaryCache:
    """The cache of the tools for `target` (system and architecture in Go's words; None: this machine)."""
    locations = Locations.default()
    system, architecture = chosen = target or platform_tag()
    name = f"helm-{HELM}-kustomize-{KUSTOMIZE}-{system}-{architecture}"
    build = GoBuild(locations.go, binaries=BINARIES, modules=MODULES, target=chosen)
    return BinaryCache(locations.go.parent / "render" / name, [Releases(chosen), build], progress=progress)


def find(name: str) -> Path:
    """The executable of a tool for this machine; the first time it is fetched or built. Raises Unavailable."""
    return cache().obtain([name])[name]


def main() -> int:
    """Obtain the tools for a Lambda architecture and print their folder; 1 with the reason when they cannot be had."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--architecture", choices=sorted(_LAMBDA), default="arm64")
    target = ("linux", _LAMBDA[parser.parse_args().architecture])
    try:
        with shown_on(sys.stderr) as progress:
            found = cache(target, progress).obtain(TOOLS)
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{found[TOOLS[0]].parent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
