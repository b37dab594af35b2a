"""A trigger source of type `url`: a GET that must be answered 200.

On purpose different from Argo Events 1.9, which checks no certificate unless `verifyCert` is true: here only an explicit
`verifyCert: false` turns that off.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from argosy.adapters.artifacts.web import get, shown
from argosy.ports.brokers import SecretOf
from argosy.resources.artifacts import UrlArtifact

if TYPE_CHECKING:
    from argosy.adapters.artifacts import SourceArtifacts

__all__ = ["UrlReader"]


class UrlReader:
    """Reads URLs."""

    def __init__(self, artifacts: SourceArtifacts) -> None:
        del artifacts

    def read(self, artifact: UrlArtifact, namespace: str, secret: SecretOf) -> bytes:
        """The body at the URL. Raises as `Artifacts.read`."""
        del namespace, secret
        context = ssl.create_default_context()
        if artifact.verify_cert is False:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return get(artifact.path, context).checked(shown(artifact.path))
