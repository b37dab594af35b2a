"""The cache of Kubernetes binaries, filled from whichever source can deliver.

In: names of binaries and an ordered list of sources. Out: paths of executables. Called by `lifecycle` for what the
API server needs and by `fetch` (a child of the supervisor) for the rest.

Every binary is published by itself the moment it is there (same folder, fsync, rename), so an interrupted first
start goes on where it stopped and nobody ever executes half a file. One lock per folder: a second process waits,
then finds the work done. `KUBEBUILDER_ASSETS`, the variable of Kubernetes' own envtest, is honoured but never
copied into the cache: its version is whatever its owner chose.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from argosy.errors import Unavailable
from argosy.local.devcluster.files import locked, private_directory, publish
from argosy.local.devcluster.progress import QUIET, Progress

__all__ = ["BinaryCache", "Source", "preset_directory"]

_STAGING = ".staging-"


class Source(Protocol):
    """A way to get binaries that are not cached."""

    title: str

    def seconds(self, name: str, /) -> float:
        """How long `obtain` usually takes."""

    def offers(self, name: str) -> bool:
        """True when it can be asked for `name`."""

    def obtain(self, name: str, staging: Path, /) -> Sequence[str]:
        """Put the executable `name`, and any that come along, into the folder `staging`.

        The names of all that are whole.

        Raises `Unavailable` when it cannot: the next source is asked then.
        """


def preset_directory(environ: Mapping[str, str] | None = None) -> Path | None:
    """The folder in `KUBEBUILDER_ASSETS`, None when the variable is not set."""
    value = (os.environ if environ is None else environ).get("KUBEBUILDER_ASSETS")
    return Path(value) if value else None


class BinaryCache:
    """Binaries of one version and platform in `directory`."""

    def __init__(
        self, directory: Path, sources: Sequence[Source], *, preset: Path | None = None, progress: Progress = QUIET
    ) -> None:
        self._directory, self._preset, self._progress = directory, preset, progress
        self._sources = list(sources)

    def find(self, name: str) -> Path | None:
        """The executable if no work is needed for it: cached, else preset."""
        candidates = [self._directory / name] + ([self._preset / name] if self._preset else [])
        return next((path for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)

    def obtain(
        self, names: Iterable[str], on_ready: Callable[[str, Path], None] = lambda _name, _path: None
    ) -> dict[str, Path]:
        """Paths of all `names`, fetched or built one after the other where needed; `on_ready` hears of each at once.

        Raises `Unavailable` with every source's reason when one of them cannot be had.
        """
        found: dict[str, Path] = {}
        for name in names:
            path = self.find(name) or self._obtain_locked(name)
            found[name] = path
            on_ready(name, path)
        return found

    def _obtain_locked(self, name: str) -> Path:
        private_directory(self._directory)
        waiting = f"another process is filling {self._directory}; waiting for it to get {name}"
        with locked(self._directory / ".lock", lambda: self._progress.note(waiting)):
            for left in self._directory.glob(
                f"{_STAGING}*"
            ):  # of a process that was killed: we hold the lock, so nobody uses it
                shutil.rmtree(left, ignore_errors=True)
            return self.find(name) or self._from_sources(name)

    def _from_sources(self, name: str) -> Path:
        reasons: list[str] = []
        for source in [one for one in self._sources if one.offers(name)]:
            with tempfile.TemporaryDirectory(dir=self._directory, prefix=_STAGING) as folder:
                staging = Path(folder)
                try:
                    with self._progress.step(f"{source.title}: {name}", source.seconds(name)):
                        for made in source.obtain(name, staging):
                            publish(staging / made, self._directory / made, 0o755)
                except Unavailable as error:
                    reasons.append(f"{source.title}: {error}")
                    self._sources.remove(source)  # what failed once is not waited for again by the next binary
                    self._progress.note(f"{source.title} not used: {error}")
            path = self.find(name)
            if path is not None:
                return path
        raise Unavailable(f"cannot get {name}: " + ("; ".join(reasons) or "no source offers it"))
