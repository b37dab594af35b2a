"""Rendering: a commit's files and `spec.source` become manifests, kept as a blob.

In: a `RenderRequest` and the archive that a fetch has written; out: `Rendered`, and two blobs below `render/<key>/`: the
manifests, and a summary that is written last. The key says all that the result hangs on, so what is there is not made again,
for whichever application it was made. Called by `functions/render` and, in one process, by the embedded runtime. What is
made says `argosy.services.producing`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.remotes import Need
from argosy.gitops.requests import Part, RenderRequest
from argosy.gitops.sources import Kind
from argosy.ports.blobs import Blobs
from argosy.ports.workshop import Workshop
from argosy.resources.plugin import ConfigManagementPlugin
from argosy.services import summaries
from argosy.services.producing import Manifests, plainly_produced, produced

__all__ = ["Rendered", "Rendering", "read_manifests"]

MOST_BYTES: Final = 64_000_000
"""The manifests of one source as JSON."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Where the manifests lie (`read_manifests` reads them), what made them, and how many they are.

    `commands` are what was run, for people; `digest` is the SHA-256 of the blob. With `needs` nothing was made: these are to
    be fetched and given as `parts` first.
    """

    manifests: str
    digest: str
    kind: Kind
    count: int
    commands: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For answers and for the summary."""
        return asdict(self) | {"commands": list(self.commands), "needs": [asdict(one) for one in self.needs]}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Rendered:
        """The inverse. Raises TypeError or KeyError for anything else."""
        fields = {"needs": (), **body}
        needs = tuple(Need.from_json(one) for one in fields["needs"])
        return cls(**{**fields, "commands": tuple(body["commands"]), "needs": needs})


class Rendering:
    """Renders sources."""

    def __init__(self, blobs: Blobs, workshop: Workshop, plugins: Sequence[ConfigManagementPlugin] = ()) -> None:
        self._blobs, self._workshop, self._plugins = blobs, workshop, plugins
        told = ((f"plugin {one.name}", one.model_dump_json()) for one in plugins)
        self._versions = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in told}

    def render(self, request: RenderRequest) -> Rendered:
        """Render a source, unless that has been done.

        Raises Unsupported for a field that is not served, InvalidObject for what is wrong with the source or a manifest,
        EvaluationError with the tool's own words when it refuses, NotFound when an archive is gone (fetch it again).
        """
        if self._plugins:  # they may find a folder that is plain to all others
            request = request.model_copy(update={"content": ""})
        place = f"render/{request.key({**self._workshop.versions, **self._versions})}"
        known = summaries.known(self._blobs, place, Rendered.from_json)
        if known is not None:
            return known
        made = None
        if not request.parts:
            with self._workshop.browse(request.digest, lambda: self._archive(request)) as bench:
                made = plainly_produced(request, bench, self._plugins)
        if made is None:
            parts = {part.at: self._archive(part) for part in request.parts}
            with self._workshop.bench(self._archive(request), parts) as bench:
                made = produced(request, bench, self._plugins)
        if made.needs:
            return Rendered("", "", made.kind, 0, needs=made.needs)
        packed = gzip.compress(_encoded(made.manifests), 6, mtime=0)
        rendered = Rendered(
            f"{place}/manifests.json.gz",
            hashlib.sha256(packed).hexdigest(),
            made.kind,
            len(made.manifests),
            made.commands,
        )
        self._blobs.put(rendered.manifests, packed)
        summaries.keep(self._blobs, place, rendered.as_json())
        return rendered

    def _archive(self, of: RenderRequest | Part) -> bytes:
        if not of.archive.startswith("fetch/"):
            raise InvalidObject(f"{of.archive!r} is no archive of a fetch", field="archive")
        archive = self._blobs.get(of.archive)
        if hashlib.sha256(archive).hexdigest() != of.digest:
            raise EvaluationError(f"archive {of.archive} is not the one that was fetched: its SHA-256 differs")
        return archive


def read_manifests(blobs: Blobs, rendered: Rendered) -> Manifests:
    """The manifests of a render. Raises NotFound when they are gone, EvaluationError when they are not what was written."""
    packed = blobs.get(rendered.manifests)
    if hashlib.sha256(packed).hexdigest() != rendered.digest:
        raise EvaluationError(f"manifests {rendered.manifests} are not those that were rendered: their SHA-256 differs")
    found: Manifests = json.loads(gzip.decompress(packed))
    return found


def _encoded(manifests: Manifests) -> bytes:
    data = json.dumps(manifests, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    if len(data) > MOST_BYTES:
        raise EvaluationError(f"the manifests hold {len(data)} bytes; at most {MOST_BYTES} are taken")
    return data
