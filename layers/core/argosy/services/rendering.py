"""Rendering: a commit's files and `spec.source` become manifests, kept as a blob.

In: a `RenderRequest` and the archive that a fetch has written; out: `Rendered`, and two blobs below `render/<key>/`: the
manifests, and a summary that is written last. The key says all that the result hangs on, so what is there is not made again,
for whichever application it was made. Called by `functions/render` and, in one process, by the embedded runtime. Matches
`GenerateManifests` of `reposerver/repository/repository.go` in Argo CD 3.6 up to where it writes tracking.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops import directory, helm, kustomize, objects, overrides
from argosy.gitops.calls import Call
from argosy.gitops.paths import folder as folder_of
from argosy.gitops.requests import RenderRequest
from argosy.gitops.sources import Kind, check_served, kind_of
from argosy.ports.blobs import Blobs
from argosy.ports.workshop import Bench, Workshop
from argosy.resources.source import Directory, Source
from argosy.services import summaries

__all__ = ["Rendered", "Rendering", "read_manifests"]

MOST_BYTES: Final = 64_000_000
"""The manifests of one source as JSON."""

type Manifests = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Where the manifests lie (`read_manifests` reads them), what made them, and how many they are.

    `commands` are what was run, for people; `digest` is the SHA-256 of the blob.
    """

    manifests: str
    digest: str
    kind: Kind
    count: int
    commands: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For answers and for the summary."""
        return asdict(self) | {"commands": list(self.commands)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Rendered:
        """The inverse. Raises TypeError or KeyError for anything else."""
        return cls(**{**body, "commands": tuple(body["commands"])})


class Rendering:
    """Renders sources."""

    def __init__(self, blobs: Blobs, workshop: Workshop) -> None:
        self._blobs, self._workshop = blobs, workshop

    def render(self, request: RenderRequest) -> Rendered:
        """Render a source, unless that has been done.

        Raises Unsupported for a field that is not served, InvalidObject for what is wrong with the source or a manifest,
        EvaluationError with the tool's own words when it refuses, NotFound when the archive is gone (fetch it again).
        """
        place = f"render/{request.key(self._workshop.versions)}"
        known = summaries.known(self._blobs, place, Rendered.from_json)
        if known is not None:
            return known
        with self._workshop.bench(self._archive(request)) as bench:
            kind, manifests, commands = _made(request, bench)
        packed = gzip.compress(_encoded(manifests), 6, mtime=0)
        rendered = Rendered(
            f"{place}/manifests.json.gz", hashlib.sha256(packed).hexdigest(), kind, len(manifests), commands
        )
        self._blobs.put(rendered.manifests, packed)
        summaries.keep(self._blobs, place, rendered.as_json())
        return rendered

    def _archive(self, request: RenderRequest) -> bytes:
        if not request.archive.startswith("fetch/"):
            raise InvalidObject(f"{request.archive!r} is no archive of a fetch", field="archive")
        archive = self._blobs.get(request.archive)
        if hashlib.sha256(archive).hexdigest() != request.digest:
            raise EvaluationError(f"archive {request.archive} is not the one that was fetched: its SHA-256 differs")
        return archive


def read_manifests(blobs: Blobs, rendered: Rendered) -> Manifests:
    """The manifests of a render. Raises NotFound when they are gone, EvaluationError when they are not what was written."""
    packed = blobs.get(rendered.manifests)
    if hashlib.sha256(packed).hexdigest() != rendered.digest:
        raise EvaluationError(f"manifests {rendered.manifests} are not those that were rendered: their SHA-256 differs")
    found: Manifests = json.loads(gzip.decompress(packed))
    return found


def _made(request: RenderRequest, bench: Bench) -> tuple[Kind, Manifests, tuple[str, ...]]:
    folder = folder_of(request.source.path, "spec.source.path")
    files = bench.files(folder)
    source = _overridden(request, bench, folder)
    kind = kind_of(source, files)
    check_served(source, kind)
    env = request.environment(source)
    if kind == "Directory":
        return kind, _plain(source, folder, bench, env), ()
    if kind == "Helm":
        about = request.app
        calls = [
            helm.plan(
                source,
                folder,
                bench,
                env,
                app=about.name,
                namespace=about.namespace,
                kube_version=about.kube_version,
                api_versions=about.api_versions,
            )
        ]
    else:
        kustomize.check(bench, folder)
        calls = kustomize.plan(source, folder, env)
    outputs = [_run(bench, call) for call in calls]
    return kind, objects.of_output(outputs[-1], calls[-1].tool), tuple(str(call) for call in calls)


def _run(bench: Bench, call: Call) -> str:
    try:
        return bench.run(call)
    except EvaluationError as x:
        if "missing in charts/" not in str(x):
            raise
        raise EvaluationError(f"{x}; dependencies are not downloaded here: commit them to charts/") from x


def _overridden(request: RenderRequest, bench: Bench, folder: str) -> Source:
    paths = {name: posixpath.join(folder, name) for name in overrides.names(request.app.name)}
    found = [(name, bench.read(path)) for name, path in paths.items() if bench.is_file(path)]
    return overrides.merged(request.source, found) if found else request.source


def _plain(source: Source, folder: str, bench: Bench, env: Mapping[str, str]) -> Manifests:
    asked = source.directory or Directory()
    found: Manifests = []
    for path, text in directory.manifests(bench, folder, asked):
        if path.endswith(".jsonnet"):
            call = directory.jsonnet(folder, path, asked.jsonnet, env)
            found += objects.of_jsonnet(bench.run(call), posixpath.join(folder, path))
        else:
            found += objects.of_file(text, posixpath.join(folder, path))
        objects.limited(found)
    return found


def _encoded(manifests: Manifests) -> bytes:
    data = json.dumps(manifests, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    if len(data) > MOST_BYTES:
        raise EvaluationError(f"the manifests hold {len(data)} bytes; at most {MOST_BYTES} are taken")
    return data
