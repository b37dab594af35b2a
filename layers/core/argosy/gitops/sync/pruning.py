"""What is taken away: pruning within a sync, and deleting with an Application.

In: a live object and what the operation says; out: the result, and whether it is deleted now. Called by the steps of a sync
and by the deletion of an Application. Follows `pruneObject` of `gitops-engine/pkg/sync/sync_context.go`,
`IsDeletionConfirmed` of `pkg/apis/application/v1alpha1/types.go` and `FilterObjectsForDeletion` of
`controller/sort_delete.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import hooks, options
from argosy.lang import instants

__all__ = [
    "APPROVED",
    "Deletion",
    "Pruned",
    "confirmed",
    "deletion",
    "deletion_step",
    "needs_confirmation",
    "prune",
    "prune_option",
]

APPROVED: Final = "argocd.argoproj.io/deletion-approved"
_HELM_POLICY: Final = "helm.sh/resource-policy"

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What becomes of an object that is not wanted any more; `status` "" = it waits for somebody's confirmation."""

    status: str = ""
    message: str = ""
    delete: bool = False


def prune_option(live: Object, default: str | None) -> str | None:
    """The object's `Prune` option, else that of the whole sync."""
    found = options.value(options.of_object(live), "Prune")
    return default if found is None else found


def prune(option: str | None, *, wanted: bool, dry: bool, confirmed: bool, deleting: bool) -> Pruned:
    """Decide; `wanted`: the operation prunes, `dry`: it changes nothing, `deleting`: the object is on its way already."""
    if needs_confirmation(option, confirmed=confirmed):
        return Pruned()
    if not wanted:
        return Pruned("PruneSkipped", "ignored (requires pruning)")
    if option == "false":
        return Pruned("PruneSkipped", "ignored (no prune)")
    if dry:
        return Pruned("Pruned", "pruned (dry run)")
    return Pruned("Pruned", "pruned", not deleting)


def needs_confirmation(option: str | None, *, confirmed: bool) -> bool:
    """Whether somebody must say yes first; then nothing at all is pruned in this step."""
    return option == "confirm" and not confirmed


def confirmed(annotations: Mapping[str, str], since: datetime) -> bool:
    """Whether the Application's annotation approves of what was to be deleted from `since` on."""
    at = instants.parse(annotations.get(APPROVED))
    return at is not None and at >= since


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is deleted now with an Application, what is still going, and what waits for somebody's confirmation."""

    delete: Sequence[Object] = ()
    going: Sequence[Object] = ()
    waiting: Sequence[Object] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left that had to go."""
        return not (self.delete or self.going or self.waiting)


def deletion(objects: Sequence[Object], own: Key, *, approved: bool, default: str | None = None) -> Deletion:
    """Decide about the live objects of an Application that is being deleted; `own` is the Application itself.

    One wave at a time, the highest first; nothing new is deleted while objects are going. CustomResourceDefinitions stay,
    and what says `Delete=false` or Helm's `resource-policy: keep`.
    """
    doomed = [one for one in objects if _may_go(one, own, default)]
    going = [one for one in doomed if _is_going(one)]
    if going:
        return Deletion(going=going)
    waiting = [one for one in doomed if not approved and _delete_option(one, default) == "confirm"]
    if waiting:
        return Deletion(waiting=waiting)
    return Deletion(deletion_step(doomed))


def _may_go(obj: Object, own: Key, default: str | None) -> bool:
    key = key_of(obj)
    kept = "keep" in options.listed(options.annotations_of(obj).get(_HELM_POLICY))
    crd = (key.group, key.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition")
    return not (crd or kept or key == own or _delete_option(obj, default) == "false")


def _delete_option(obj: Object, default: str | None) -> str | None:
    found = options.value(options.of_object(obj), "Delete")
    return default if found is None else found


def _is_going(obj: Object) -> bool:
    return bool((obj.get("metadata") or {}).get("deletionTimestamp"))


def deletion_step(objects: Sequence[Object]) -> list[Object]:
    """The objects that are deleted next with their Application: all of the highest wave."""
    highest = max((hooks.wave(one) for one in objects), default=0)
    return [one for one in objects if hooks.wave(one) == highest]
