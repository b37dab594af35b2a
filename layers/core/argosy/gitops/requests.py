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

from argosy.errors import InvalidObject
from argosy.gitops.environment import variables
from argosy.gitops.paths import SCHEMES
from argosy.resources.base import Model, parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

__all__ = ["AppInfo", "Manner", "Part", "RenderRequest", "read"]

FORMAT: Final = 2
"""Changes when the same request gives another result."""

MOST_PARTS: Final = 100


class AppInfo(Model):
    """The application that a render is for; `namespace` is its destination's, versions are those of its cluster."""

    name: str = ""
    namespace: str = ""
    project: str = "default"
    kube_version: str = ""
    api_versions: Sequence[str] = ()


class Manner(Model):
    """What the settings of an installation say of rendering (`argocd-cm`).

    `build_options` are Kustomize's, `value_file_schemes` what addresses of value files may begin with, `off` kinds of
    sources that are rendered as plain directories.
    """

    build_options: str = ""
    value_file_schemes: Sequence[str] = SCHEMES
    off: Sequence[str] = ()


class Part(Model):
    """A further archive: a dependency of a chart, what a `$ref` names, a remote base. `digest` is the SHA-256 of its bytes.

    `at` says where its files lie, as whoever plans the render names them to a `Tree` or a tool:

    - `charts/redis-17.0.1`: in the tree of the main archive, in a folder that this does not have, or that is empty there;
    - `charts/redis-17.0.1.tgz`: the archive as it is, as a file of that name, which the tree does not have;
    - `../values`: beside that tree, in a folder of its own. The name is of small letters, digits and `-`. A `Tree` reads
      `../values/common.yaml`; a tool that runs in the folder `apps/web` is told `../../../values/common.yaml`
      (`gitops.paths.relative`). What users write never leads there: `gitops.paths.inside` refuses `..`.

    Links in a part lead inside it or nowhere, and those of the tree never beside it.
    """

    archive: str
    digest: str
    at: str


class RenderRequest(Model):
    """`archive` is a blob that a fetch has written, `digest` the SHA-256 of its bytes, `revision` the commit in it.

    `content`: the digest of all that the result is made of (`gitops.folders`), "" = that is not known. `parts` are laid
    into the tree, or beside it, before anything is rendered; with parts, `content` counts for nothing.
    `refs` are the names of other sources of the application, with their `$`.
    """

    archive: str
    digest: str
    revision: str
    source: Source
    app: AppInfo = AppInfo()
    content: str = ""
    parts: Sequence[Part] = ()
    manner: Manner = Manner()
    refs: Sequence[str] = ()

    def key(self, versions: Mapping[str, str]) -> str:
        """The hash of all that the result hangs on."""
        if self.content and not self.parts:
            directory = self.source.model_dump(by_alias=True, mode="json", include={"directory"})
            facts: dict[str, Any] = {"content": self.content, **directory}
        else:
            facts = self.model_dump(by_alias=True, mode="json", exclude={"archive", "content", "parts"})
            if self.parts:
                facts["parts"] = sorted([part.at, part.digest] for part in self.parts)
        facts |= {"tools": dict(versions), "format": FORMAT}
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
    request = parse(RenderRequest, Manifest(body))
    if len(request.parts) > MOST_PARTS:
        raise InvalidObject(f"{len(request.parts)} parts are given, at most {MOST_PARTS} are taken", field="parts")
    return request
