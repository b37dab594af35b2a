"""Rendering: the files of a commit and `spec.source` → manifests among the blobs.

Invoked directly, by request and answer. The request holds what a fetch has answered (`revision` is its `commit`):

    {"archive": "fetch/…", "digest": "…", "revision": "…", "source": {"repoURL": …, "path": …, "helm": {…}},
     "app": {"name": "guestbook", "namespace": "default", "project": "default", "kubeVersion": "1.34", "apiVersions": []}}

All of `app` may be left out. The answer, what has to be fetched and given as parts before there is one, or what is wrong:

    {"manifests": "render/…", "digest": "…", "kind": "Helm", "count": 7, "commands": ["helm template …"]}
    {"manifests": "", "needs": [{"kind": "git", "url": "https://…", "revision": "v1"}], …}
    {"problem": {"type": "EvaluationError", "message": "…", "wayOut": "…", …}}

The manifests are a JSON array packed with gzip.
"""

from typing import Any

from argosy.adapters.powertools import function, logger
from argosy.errors import ArgosyError
from argosy.gitops.requests import read
from argosy.problems import problem_of
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    try:
        return current().rendering.render(read(event)).as_json()
    except ArgosyError as x:
        logger.warning("not rendered", extra={"problem": str(x)})
        return {"problem": problem_of(x)}
