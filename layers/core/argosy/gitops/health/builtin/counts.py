"""Numbers of objects, as the API's types read them: what is absent is 0, what is no whole number is refused."""

from __future__ import annotations

from argosy.errors import InvalidObject
from argosy.gitops.health.verdict import Object, at

__all__ = ["count", "observed", "optional"]


def optional(obj: Object, *path: str) -> int | None:
    """A whole number that may be absent. Raises InvalidObject for anything else."""
    found = at(obj, *path)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found):
        raise InvalidObject("is no whole number", field=".".join(path))
    return int(found)


def count(obj: Object, *path: str) -> int:
    """The same, 0 when absent."""
    return optional(obj, *path) or 0


def observed(obj: Object) -> bool:
    """Whether the status was written for the generation that there is."""
    return count(obj, "metadata", "generation") <= count(obj, "status", "observedGeneration")
