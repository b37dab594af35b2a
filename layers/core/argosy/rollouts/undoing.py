"""Earlier versions, and other images, for `spec.template`.

Follows `pkg/kubectl-argo-rollouts/cmd/undo` and `cmd/set` of Argo Rollouts. In: objects as the API server has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.errors import InvalidObject, NotFound
from argosy.rollouts.replicasets import HASH, REVISION, ReplicaSet, newest_first

__all__ = ["earlier", "with_images"]

type Body = Mapping[str, Any]


def earlier(rollout: Body, sets: Sequence[Body], revision: int) -> dict[str, Any]:
    """The pod template of a revision, 0 = of the one before the current. Raises NotFound, InvalidObject."""
    uid, name = rollout["metadata"]["uid"], rollout["metadata"]["name"]
    own = [ReplicaSet.of(one) for one in sets if _owned(one, uid)]
    ordered = [one for one in newest_first(own) if one.annotations.get(REVISION, "").isdigit()]
    if revision:
        found = next((one for one in ordered if int(one.annotations[REVISION]) == revision), None)
    else:
        found = ordered[1] if len(ordered) > 1 else None
    if found is None:
        raise NotFound(f"unable to find specified revision {revision} of rollout {name} in history")
    template = dict(found.template)
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: text for key, text in (metadata.get("labels") or {}).items() if key != HASH}
    made = {**template, "metadata": metadata}
    if made == ((rollout.get("spec") or {}).get("template") or {}):
        raise InvalidObject(f"skipped rollback (current template already matches revision {revision})")
    return made


def _owned(one: Body, uid: str) -> bool:
    owners = (one.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("uid") == uid for owner in owners)


def with_images(body: Body, images: Mapping[str, str]) -> dict[str, Any]:
    """The containers with their new images, as a merge patch of the pod's spec. Raises NotFound for a container."""
    spec = ((body.get("spec") or {}).get("template") or {}).get("spec") or {}
    patch: dict[str, Any] = {}
    left = set(images)
    for part in ("containers", "initContainers"):
        made = []
        for container in spec.get(part) or ():
            image = images.get(str(container.get("name")), images.get("*"))
            made.append({**container, "image": image} if image is not None else dict(container))
            left -= {str(container.get("name")), "*"}
        if made != list(spec.get(part) or ()):
            patch[part] = made
    if left:
        raise NotFound(f"unable to find container named {', '.join(sorted(left))}")
    return patch
