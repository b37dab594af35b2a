"""The template as `sam build` makes it for this machine's processor, ready to upload.

In: template.yaml and what it points at. Out: a folder with `template.yaml`, whose local paths are zip files beside
it. Called by the command line before `deploy`. Kept in the cache by a hash of all inputs, so that a second run with
the same sources builds nothing; the last few builds stay. `sam build` runs as users run it, on the unchanged
template, with `Architecture=x86_64` where AWS gets arm64.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from infra.localstack.install import ROOT, cache, python, run, tools

from argosy.local import rendertools
from argosy.local.devcluster.files import locked, private_directory
from argosy.local.devcluster.progress import Progress

__all__ = ["ARCHITECTURE", "build"]

ARCHITECTURE = "x86_64"
_PATHS = ("CodeUri", "ContentUri", "DefinitionUri")
_KEPT = 4
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms; what they mean does not matter here."""


def _tagged(_loader: yaml.SafeLoader, _suffix: str, _node: yaml.Node) -> None:
    return None


_Loader.add_multi_constructor("!", _tagged)


def build(progress: Progress) -> Path:
    """The folder of the build, made or found. Raises `Unavailable` with what `sam build` said when it fails."""
    uv, sam = tools()
    template = ROOT / "template.yaml"
    builds = private_directory(cache() / "builds")
    with locked(builds / ".lock", lambda: progress.note("another process runs sam build; waiting for it")):
        parsed = yaml.load(template.read_bytes(), _Loader)  # noqa: S506 - a SafeLoader
        folder = builds / _digest(parsed, uv, sam)
        if not folder.exists():
            staging = builds / "new"
            shutil.rmtree(staging, ignore_errors=True)
            rendering = rendertools.cache(("linux", "amd64"), progress).obtain(rendertools.TOOLS)
            with progress.step("sam build", 10):
                _sam_build(template, staging / "sam" / "build", parsed, uv, sam, rendering["helm"].parent)
            with progress.step("packing", 5):
                _pack(staging / "sam" / "build", staging)
            shutil.rmtree(staging / "sam")
            staging.rename(folder)
        os.utime(folder)
        _forget(builds)
    return folder


def _places(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(name, properties, key) of every local path in a template."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        for key in _PATHS:
            if isinstance(properties.get(key), str):
                yield name, properties, key


def _digest(template: dict[str, Any], *more: str) -> str:
    roots = {ROOT / properties[key] for _, properties, key in _places(template)}
    roots |= {ROOT / "template.yaml", ROOT / "samconfig.toml", Path(__file__)}
    digest = hashlib.sha256("\0".join((python(), *more)).encode())
    for root in sorted(roots):
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if file.is_file() and "__pycache__" not in file.parts:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{file.relative_to(ROOT)}\0{content}\n".encode())
    return digest.hexdigest()[:16]


def _sam_build(template: Path, target: Path, parsed: dict[str, Any], uv: str, sam: str, rendering: Path) -> None:
    override = ["--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    run(
        [
            *(sam, "build", "--template", template, "--build-dir", target, "--no-cached", "--parallel"),
            *(override if "Architecture" in parsed.get("Parameters", {}) else []),
        ],
        PATH=f"{Path(sam).parent}{os.pathsep}{os.environ['PATH']}",  # sam looks there for a Python 3.13
        UV=uv,
        PYTHON=python(),
        ARGOSY_ARCHITECTURE=ARCHITECTURE,
        RENDER_TOOLS=str(rendering),
        SAM_CLI_TELEMETRY="0",
    )


def _pack(built: Path, target: Path) -> None:
    template = yaml.safe_load((built / "template.yaml").read_bytes())
    for name, properties, key in _places(template):
        source = built / properties[key]
        if source.is_dir():
            properties[key] = f"{name}.zip"
            _zip(source, target / properties[key])
        else:
            shutil.copy(source, target / f"{name}-{source.name}")
            properties[key] = f"{name}-{source.name}"
    (target / "template.yaml").write_text(yaml.safe_dump(template, sort_keys=False))


def _zip(folder: Path, target: Path) -> None:
    """The same bytes for the same files: LocalStack and CloudFormation see a change only where there is one."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(str(file.relative_to(folder)), _EPOCH)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, file.stat().st_mode << 16
                archive.writestr(entry, file.read_bytes())


def _forget(builds: Path) -> None:
    folders = [path for path in builds.iterdir() if path.is_dir()]
    for old in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old)
