"""What is to be rendered, and the name under which the result is kept.

In: the JSON that whoever wants manifests sends; out: `RenderRequest` and its key. Two requests with one key have the same
result: the key holds the tree's own hash, all that goes into rendering it, and the versions of the tools (`cacheKey` of
`reposerver/cache/cache.go` in Argo CD 3.6; tracking is written later and is no part of it here).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.gitops.environment import variables
from argosy.resources.base import Model, parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

__all__ = ["AppInfo", "RenderRequest", "read"]

FORMAT: Final = 1
"""Changes when the same request gives another result."""


class AppInfo(Model):
    """The application that a render is for; `namespace` is its destination's, versions are those of its cluster."""

    name: str = ""
    namespace: str = ""
    project: str = "default"
    kube_version: str = ""
    api_versions: Sequence[str] = ()


class RenderRequest(Model):
    """`archive` is a blob that a fetch has written, `digest` the SHA-256 of its bytes, `revision` the commit in it."""

    archive: str
    digest: str
    revision: str
    source: Source
    app: AppInfo = AppInfo()

    def key(self, versions: Mapping[str, str]) -> str:
        """The hash of all that the result hangs on."""
        facts = self.model_dump(by_alias=True, mode="json", exclude={"archive"}) | {
            "tools": dict(versions),
            "format": FORMAT,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def environment(self, source: Source) -> dict[str, str]:
        """The build environment of this render; see `environment.variables`."""
        return variables(
            app=self.app.name,
            namespace=self.app.namespace,
            project=self.app.project,
            revision=self.revision,
            url=source.repo_url,
            path=source.path,
            target=source.target_revision,
        )


def read(body: Mapping[str, Any]) -> RenderRequest:
    """Read a request. Raises InvalidObject that names the first wrong field."""
    return parse(RenderRequest, Manifest(body))
