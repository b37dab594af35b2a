"""Fetching: a Git repository's address and a revision → a commit, and its files as an archive among the blobs.

Invoked directly, by request and answer. The request:

    {"url": "https://…", "revision": "main", "tagPrefix": "", "credentials": {"namespace": "argocd", "name": "repo"}}

All but the address may be left out; the Secret has the keys `username` and `password`. The answer, or what is wrong:

    {"commit": "…", "archive": "fetch/…", "digest": "…", "files": 12, "size": 3456, "submodules": []}
    {"problem": {"type": "Denied", "message": "…", "wayOut": "…", …}}
"""

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
        return current().fetching.fetch(read(event)).as_json()
    except ArgosyError as x:
        logger.warning("not fetched", extra={"problem": str(x)})
        return {"problem": problem_of(x)}
