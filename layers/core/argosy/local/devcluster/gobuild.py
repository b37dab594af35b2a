"""Binaries built from the Go module proxy: the way that needs no release server and no container.

In: a Go toolchain and `versions.MODULES`, or another catalogue (`argosy.local.rendertools`). Out: executables, for this
machine or another. Called by `binaries.BinaryCache` when nothing can be downloaded.

The module is resolved with `go get -tool` of every tool before anything is built: a bare `go build -mod=mod` prunes
the graph, picks other versions of some dependencies per binary, and loses the shared build cache (seen with 1.34.0:
two different API servers from the same requirement). Builds are reproducible: -trimpath, no cgo, versions and flags
pinned here and in `versions`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from argosy.errors import Unavailable
from argosy.local.devcluster.files import private_directory, write_private
from argosy.local.devcluster.processes import GUARD
from argosy.local.devcluster.versions import BINARIES, GO_LANGUAGE, MODULES, Binary, GoModule

__all__ = ["GoBuild", "find_go"]

_USUAL_PLACES = ("/usr/local/go/bin/go", "/opt/homebrew/bin/go", "/usr/lib/go/bin/go")
_OLDEST = (1, 21)
"""From here on a Go that is too old fetches a newer one by itself (GOTOOLCHAIN=auto)."""


def find_go(path: str | None = None, places: tuple[str, ...] = _USUAL_PLACES) -> str:
    """The `go` command on PATH (or `path`), else in the usual places. Raises `Unavailable` with the way out."""
    found = shutil.which("go", path=path) or next((place for place in places if os.access(place, os.X_OK)), None)
    if found is None:
        raise Unavailable(
            f"Go is neither on PATH nor in {', '.join(places)}. Ways out: install Go {GO_LANGUAGE} or newer "
            "(https://go.dev/dl), set KUBEBUILDER_ASSETS to a folder with Kubernetes binaries, "
            "or use a cluster of your own (argosy up --cluster CONTEXT)"
        )
    return found


class GoBuild:
    """The `Source` that compiles. `caches` holds module cache, build cache and the generated modules."""

    title = "building"

    def __init__(
        self,
        caches: Path,
        *,
        go: str | None = None,
        binaries: Mapping[str, Binary] = BINARIES,
        modules: Mapping[str, GoModule] = MODULES,
        target: tuple[str, str] | None = None,
    ) -> None:
        """`target`: operating system and architecture in Go's words, None for this machine's."""
        self._caches, self._go = caches, go
        self._binaries, self._modules, self._target = binaries, modules, target

    def seconds(self, name: str, /) -> float:
        """The cold time; with a warm cache only linking is left."""
        return self._binaries[name].cold_seconds

    def offers(self, name: str) -> bool:
        """Everything that the catalogue lists."""
        return name in self._binaries

    def obtain(self, name: str, staging: Path, /) -> list[str]:
        """Build one binary into `staging`. Raises `Unavailable` with Go's last words."""
        binary = self._binaries[name]
        module = self._modules[binary.module]
        go = self._go or find_go()
        self._check_version(go)
        folder = self._resolved(go, module)
        self._run(
            [go, "build", "-trimpath", "-ldflags", module.ldflags, "-o", str(staging / name), binary.package], folder
        )
        return [name]

    def _resolved(self, go: str, module: GoModule) -> Path:
        """The folder of the module with its complete go.mod and go.sum. The caller holds the cache's lock."""
        folder = private_directory(self._caches / "modules" / f"{module.name}-{module.version}")
        source = folder / "argosy.source"  # the text that the present go.mod was resolved from; written last
        if not source.is_file() or source.read_text() != module.text():
            source.unlink(missing_ok=True)
            (folder / "go.sum").unlink(missing_ok=True)
            write_private(folder / "go.mod", module.text())
            self._run([go, "get", "-tool", *(f"{tool}@{module.version}" for tool in module.tools)], folder)
            write_private(source, module.text())
        return folder

    def _environment(self) -> dict[str, str]:
        # A user's own GOFLAGS, workspace or cross-compilation settings are for his projects, not for this one.
        ours = {
            "GOMODCACHE": str(self._caches / "mod"),
            "GOCACHE": str(self._caches / "build"),
            "GOFLAGS": "-mod=mod -buildvcs=false",
            "GOWORK": "off",
            "GO111MODULE": "on",
            "CGO_ENABLED": "0",
        }
        if self._target is not None:
            ours |= {"GOOS": self._target[0], "GOARCH": self._target[1]}
        return {key: value for key, value in os.environ.items() if key not in ("GOOS", "GOARCH")} | ours

    def _check_version(self, go: str) -> None:
        shown = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=self._environment()
        ).stdout
        match = re.match(r"go(\d+)\.(\d+)", shown.strip())
        if match and (int(match[1]), int(match[2])) < _OLDEST:
            raise Unavailable(f"{go} is {shown.strip()}; building needs Go {GO_LANGUAGE} or newer (https://go.dev/dl)")

    def _run(self, command: list[str], folder: Path) -> None:
        guarded = [sys.executable, "-I", "-S", str(GUARD), *command]
        # The pipe is never written to; it closes when we are gone, and the guard ends the compilers. A session of its own,
        # because whoever kills our process group must not kill the guard before it has done so.
        with subprocess.Popen(
            guarded,
            cwd=folder,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - asked for in the line above
            try:
                output = process.stdout.read()
                code = process.wait()
            except BaseException:
                process.terminate()
                raise
        if code:
            said = [line for line in output.splitlines() if line.strip() and not line.startswith("go: downloading")]
            raise Unavailable(
                f"`{' '.join(command[:3])} …` failed with exit code {code}: " + " | ".join(said[-5:] or ["no output"])
            )
