"""What `argocd app create --upsert` makes of an Application that is there.

In: the Application as it is, and as it was asked for. Out: as it is to be; the same where nothing is different. Called by
`argosy app create`. Follows `Create` and `updateApp` of `server/application/application.go` in Argo CD 3.6: labels and
annotations are added, spec and finalizers are those of the new one. Unlike there, the finalizers that a controller sets for
hooks of a deletion stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.gitops.annotations import POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER

__all__ = ["upserted"]

type Json = dict[str, Any]

_OF_CONTROLLERS: Final = (PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER)


def upserted(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """The Application `there` as `wanted` has it."""
    metadata = dict(there["metadata"])
    for field in ("labels", "annotations"):
        added = wanted["metadata"].get(field)
        if added:
            metadata[field] = (metadata.get(field) or {}) | added
    found = list(metadata.pop("finalizers", None) or ())
    asked = list(wanted["metadata"].get("finalizers") or ())
    finalizers = asked + [one for one in found if one.startswith(_OF_CONTROLLERS) and one not in asked]
    if sorted(finalizers) == sorted(found):
        finalizers = found
    if finalizers:
        metadata["finalizers"] = finalizers
    return {**there, "metadata": metadata, "spec": wanted["spec"]}
