"""Where the development cluster keeps its things.

In: the environment (`ARGOSY_CACHE`, `ARGOSY_KUBE_CACHE`). Out: `Locations`, handed to every other module here, so
that nothing else reads the environment for a path.

    ~/.cache/argosy/                     ARGOSY_CACHE
        clusters/NAME/                   state of one cluster: kubeconfig, logs/, pid file, etcd's data
        kube/<version>-<os>-<arch>/      ARGOSY_KUBE_CACHE: binaries, shared by all clusters
        go/{mod,build,modules}/          ARGOSY_KUBE_CACHE: caches of the Go toolchain

`ARGOSY_KUBE_CACHE` names the parent of `kube` and `go` alone: tests put state into a throw-away folder and still
share the binaries.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from argosy.errors import InvalidObject
from argosy.local.devcluster.versions import KUBERNETES, platform_tag

__all__ = ["Locations"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Locations:
    """Three folders; none has to exist."""

    clusters: Path
    binaries: Path
    go: Path

    @classmethod
    def default(cls, environ: Mapping[str, str] | None = None) -> Locations:
        """As the environment says, else below ~/.cache/argosy."""
        env = os.environ if environ is None else environ
        root = Path(env.get("ARGOSY_CACHE") or Path.home() / ".cache" / "argosy").absolute()
        tools = Path(env.get("ARGOSY_KUBE_CACHE") or root).absolute()
        system, arch = platform_tag()
        return cls(
            clusters=root / "clusters", binaries=tools / "kube" / f"{KUBERNETES}-{system}-{arch}", go=tools / "go"
        )

    def cluster(self, name: str) -> Path:
        """State folder of the cluster `name`.

        Raises `InvalidObject` for a name that is no DNS label (it becomes a path and a context).
        """
        if not _NAME.fullmatch(name):
            raise InvalidObject(
                f"{name!r} is no name for a cluster: up to 40 of a-z, 0-9 and '-', a letter or digit at both ends",
                obj="cluster",
                field="name",
            )
        return self.clusters / name

    def lock(self, name: str) -> Path:
        """The lock file of the cluster `name`; beside its folder, because the folder goes away."""
        return self.cluster(name).with_name(f"{name}.lock")
