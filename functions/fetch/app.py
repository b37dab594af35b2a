"""Fetching: a Git repository's address and a revision → a commit, and its files as an archive among the blobs.

Invoked directly, by request and answer. The request:

    {"url": "https://…", "revision": "main", "tagPrefix": "", "credentials": {"namespace": "argocd", "name": "repo"}}

All but the address may be left out; the Secret has the keys `username` and `password`; with `"onlyCommit": true` the answer
is the commit alone, with `"keys": {…}` what the signature of a `"commit"` is worth, with `"file": true` the address is that
of a single file, with `"chart": "redis"` that of a Helm repository or (`"oci": true`, `oci://…`, no scheme) of a registry.
The answer, or what is wrong:

    {"commit": "…", "archive": "fetch/…", "digest": "…", "files": 12, "size": 3456, "submodules": [], "charts": "fetch/…", …}
    {"problem": {"type": "Denied", "message": "…", "wayOut": "…", …}}
"""

from dataclasses import asdict
from typing import Any

from argosy.adapters.powertools import function, logger
from argosy.errors import ArgosyError
from argosy.problems import problem_of
from argosy.services.fetching import read
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    try:
        request, fetching = read(event), current().fetching
        if request.only_commit:
            return {"commit": fetching.resolve(request)}
        if request.keys is not None:
            return asdict(fetching.signature(request, request.commit))
        return fetching.fetch(request).as_json()
    except ArgosyError as x:
        logger.warning("not fetched", extra={"problem": str(x)})
        return {"problem": problem_of(x)}
