"""A commit of a test, rendered by the real tools, and the same made by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from argosy.adapters.files.blobs import FileBlobs
from argosy.adapters.render.children import Limits
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.gitops.requests import read
from argosy.local.rendertools import find
from argosy.ports.blobs import Blobs
from argosy.resources.plugin import ConfigManagementPlugin
from argosy.services.rendering import Rendered, Rendering, read_manifests

__all__ = ["CHART", "CONFIG_MAP", "Rendery", "archive", "by_hand", "ordered"]

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: value\n"
CHART = "apiVersion: v2\nname: example\nversion: 1.2.3\nappVersion: '4.5'\n"
PLACE = "fetch/r/c/a.tar.gz"

type Manifests = list[dict[str, Any]]


def archive(files: Mapping[str, str | bytes], *more: tarfile.TarInfo) -> bytes:
    """Files as a fetch packs them, and members that it never would."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for info in more:
            tar.addfile(info)
    return gzip.compress(raw.getvalue(), 1, mtime=0)


class Rendery:
    """Renders files below `folder`; `scratch` is where benches are made."""

    def __init__(
        self, folder: Path, limits: Limits | None = None, plugins: Sequence[ConfigManagementPlugin] = ()
    ) -> None:
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.blobs: Blobs = FileBlobs(folder / "blobs")
        self._rendering = Rendering(self.blobs, ToolWorkshop(find, limits=limits, folder=self.scratch), plugins)

    def rendered(
        self,
        packed: bytes,
        path: str,
        app: Mapping[str, Any] | None = None,
        manner: Mapping[str, Any] | None = None,
        **source: Any,
    ) -> Rendered:
        """Render the source at `path` of an archive."""
        self.blobs.put(PLACE, packed)
        facts: dict[str, Any] = {"archive": PLACE, "digest": hashlib.sha256(packed).hexdigest(), "revision": "c" * 40}
        about = {"name": "guestbook", "namespace": "default", **(app or {})}
        facts |= {"source": {"repoURL": "u", "path": path, **source}, "app": about, "manner": manner or {}}
        return self._rendering.render(read(facts))

    def render(self, files: Mapping[str, str | bytes], path: str, **source: Any) -> Manifests:
        """The manifests of the source at `path` of some files."""
        return read_manifests(self.blobs, self.rendered(archive(files), path, **source))

    @property
    def left(self) -> list[Path]:
        """What is left of benches, beside what is kept to be looked at."""
        return [one for one in self.scratch.iterdir() if not one.name.startswith("argosy-files-")]


def by_hand(place: Path, files: Mapping[str, str], *command: str, folder: str = "") -> Manifests:
    """What a tool makes of some files when it is run as people do, in a folder of theirs."""
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        [str(find(command[0])), *command[1:]],
        cwd=place / folder,
        env={"HOME": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def ordered(manifests: Manifests) -> Manifests:
    """By kind and name."""
    return sorted(manifests, key=lambda one: (one["kind"], one["metadata"]["name"]))
