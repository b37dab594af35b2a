"""An Application's sources, fetched from real repositories and rendered by the real Helm, and charts in many shapes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argosy.adapters.charts.repository import ChartRepositories
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.gitops.observed import Made
from argosy.gitops.refresh.needs import LATEST_RESOLVED
from argosy.gitops.requests import AppInfo
from argosy.local.rendertools import find
from argosy.ports.fakes.repository import FakeRepository, Held
from argosy.ports.repository import Credentials, Ref
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source
from argosy.services.applications.sources import For, Round
from support.charts import ChartServer, chart_files
from support.services import FakeInstallation

__all__ = ["APP", "Site", "entry", "maps", "publish", "wanting"]

APP = "https://git.example.com/app.git"


@dataclass
class Site:
    """An Application's sources; `files` are those of its Git repository."""

    files: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    permitted: Sequence[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    about: AppInfo = field(default_factory=lambda: AppInfo(name="shop", namespace="default"))

    def __post_init__(self) -> None:
        commit = "a" * 40
        held = Held([Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", commit)], {commit: self.files})
        self.installation = FakeInstallation(
            repository=FakeRepository({APP: held}), charts=ChartRepositories(), workshop=ToolWorkshop(find)
        )
        self.sources = self.installation.runtime.applications.sources

    def made(self, together: Round | None = None, project: str = "default", **source: Any) -> Made:
        """What a source comes to: of the repository's folder `app`, unless it says otherwise."""
        one = {"repoURL": APP, "path": "" if "chart" in source else "app", **source}
        return self.together([one], together or Round(), project)

    def together(self, sources: Sequence[Mapping[str, Any]], together: Round, project: str = "default") -> Made:
        """Of some sources."""
        parsed = [parse(Source, Manifest(one)) for one in sources]
        whom = For(
            self.about.model_copy(update={"project": project}),
            lambda url: self.credentials.get(url, Credentials()),
            permitted=lambda url: self.permitted is None or url in self.permitted,
            named=lambda name: self.names.get(name, ""),
        )
        return self.sources.made(parsed, (), whom, together, LATEST_RESOLVED)

    def problem(self, **source: Any) -> str:
        """What is said of a source that cannot be rendered."""
        made = self.made(**source)
        assert made.problems, made.objects
        return made.problems[0]


def maps(made: Made) -> dict[str, str]:
    """The versions of the charts by the names of the ConfigMaps that they made."""
    assert not made.problems, made.problems
    return {one["metadata"]["name"]: one["data"]["version"] for one in made.objects}


def wanting(*dependencies: str, at: str = "app", name: str = "web") -> dict[str, str]:
    """A chart in a folder; each dependency is the lines of an entry."""
    entries = "".join(f"- {one}\n" for one in dependencies)
    files = chart_files(name, "0.1.0", f"dependencies:\n{entries}")
    return {f"{at}/{path}": text for path, text in files.items()}


def entry(repository: str, version: str = "~1", name: str = "db", **more: str) -> str:
    """An entry of `dependencies`."""
    fields = {"name": name, "version": f"'{version}'", "repository": f"'{repository}'", **more}
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def publish(
    server: ChartServer, folder: Path, files: Mapping[str, str], links: Mapping[str, str] | None = None
) -> None:
    """A package of `web` 3.0.0 that Helm would not make."""
    _pack(folder / "packed.tgz", files, links)
    server.answers["/web-3.0.0.tgz"] = (folder / "packed.tgz").read_bytes()
    server.answers["/index.yaml"] = b"entries:\n  web:\n  - urls: [web-3.0.0.tgz]\n    version: 3.0.0\n"


def _pack(file: Path, files: Mapping[str, str], links: Mapping[str, str] | None = None) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for path, target in (links or {}).items():
            info = tarfile.TarInfo(f"web/{path}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for path, text in files.items():
            info = tarfile.TarInfo(f"web/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
