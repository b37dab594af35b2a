"""The Artifacts port: what a trigger's `source` names, one file for each type.

Follows `pkg/sensors/artifacts` of Argo Events 1.9. Whatever stands outside is fetched within the egress rule, and is small:
an object that a cluster would not take is not read to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import EvaluationError, Unsupported
from argosy.ports.brokers import SecretOf
from argosy.ports.repository import Repository
from argosy.ports.secrets import Secrets

if TYPE_CHECKING:
    from argosy.resources.base import Model

__all__ = ["ARTIFACTS", "SourceArtifacts"]

ARTIFACTS: Final = {
    "file": "argosy.adapters.artifacts.file:FileReader",
    "git": "argosy.adapters.artifacts.git:GitReader",
    "s3": "argosy.adapters.artifacts.s3:S3Reader",
    "url": "argosy.adapters.artifacts.url:UrlReader",
}


class SourceArtifacts:
    """See `Artifacts`. `files`: the folder that has one for each namespace, None where no file is anybody's."""

    def __init__(self, secrets: Secrets, repository: Repository, files: Path | None = None) -> None:
        self._secrets, self.repository, self.files = secrets, repository, files

    def read(self, artifact: Mapping[str, Any], namespace: str, account: str) -> str:
        """See `Artifacts.read`."""
        from argosy.resources.artifacts import ArtifactSource

        ((kind, _),) = artifact.items()
        if kind not in ARTIFACTS:
            raise Unsupported(f"a trigger source of type {kind} is not served by this version")
        entry = getattr(ArtifactSource.model_validate(artifact), kind)
        module, _, name = ARTIFACTS[kind].partition(":")
        data: bytes = getattr(import_module(module), name)(self).read(
            entry, namespace, self._secret_of(entry, namespace, account)
        )
        try:
            return data.decode()
        except UnicodeDecodeError as x:
            raise EvaluationError(f"the trigger's source {kind} is no text: {x}") from x

    def _secret_of(self, entry: Model, namespace: str, account: str) -> SecretOf:
        from argosy.events.named import named_by_entry

        values = {
            (ref.name, ref.key): self._secrets.secret(namespace, ref.name, ref.key, ref.account)
            for ref in named_by_entry(entry, account, ports=True)
        }
        return lambda ref: values[ref.name, ref.key] if ref is not None else ""
