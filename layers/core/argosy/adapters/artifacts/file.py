"""A trigger source of type `file`.

Argo reads it from the disk of the Sensor's pod, where the template's volumes lie. Here each namespace has a folder of its
own, and a path is taken from there, also an absolute one; nothing above it is read, neither by `..` nor by a link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.adapters.artifacts.web import MOST_BYTES
from argosy.errors import Denied, EvaluationError, NotFound, Unsupported
from argosy.ports.brokers import SecretOf
from argosy.resources.artifacts import FileArtifact

if TYPE_CHECKING:
    from argosy.adapters.artifacts import SourceArtifacts

__all__ = ["FileReader"]


class FileReader:
    """Reads files of namespaces."""

    def __init__(self, artifacts: SourceArtifacts) -> None:
        self._folder = artifacts.files

    def read(self, artifact: FileArtifact, namespace: str, secret: SecretOf) -> bytes:
        """The file's content. Raises as `Artifacts.read`."""
        del secret
        if self._folder is None:
            raise Unsupported("a function has no files of yours: put the object into inline, configmap, git, url or s3")
        root = (self._folder / namespace).resolve()
        path = (root / artifact.path.lstrip("/")).resolve()
        if root.parent != self._folder.resolve() or not path.is_relative_to(root):
            raise Denied(f"{artifact.path!r} leads out of the namespace's folder")
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as x:
            raise NotFound(f"{artifact.path!r} below {root}: {x.strerror}") from x
        if len(data) > MOST_BYTES:
            raise EvaluationError(f"{artifact.path!r} has more than {MOST_BYTES} bytes")
        return data
