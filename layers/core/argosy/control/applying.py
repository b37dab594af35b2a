"""Carries out what the steps of a sync ask for, next to the cluster: in a function, or in the agent for it.

In: a batch of `argosy.gitops.sync.writes`; out: what became of each write, by its id. The writes of a batch are done
beside each other. All may be repeated. Matches `ctl.go` and `resource_ops.go` of `gitops-engine/pkg/utils/kube` in Argo CD
3.6, which calls kubectl's own code for the same.

On purpose different: a dry run is the API server's, not kubectl's; when the cluster cannot be reached at all, the batch is
not done and the operation goes on later, instead of failing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.errors import AlreadyExists, ArgosyError, Conflict, InvalidObject, NotFound, Unavailable
from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import kubectl
from argosy.gitops.sync.writes import MANAGER, Apply, Batch, Delete, Outcome, Release, Write
from argosy.ports.cluster import Cluster, ServedKind, unknown_kind

__all__ = ["Applier", "Done"]

_BESIDE: Final = 8
_CONFLICTS: Final = 5
_SERVED_SECONDS: Final = 10
_CRD: Final = ("apiextensions.k8s.io", "CustomResourceDefinition")

type Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a write. `object`: as the API server has it now; None when it is gone, or nothing was changed."""

    key: Key
    outcome: Outcome
    object: Mapping[str, Any] | None = None


class Applier:
    """Writes to one cluster."""

    def __init__(self, cluster: Cluster, sleep: Callable[[float], bool]) -> None:
        """`sleep` lets seconds pass; False when nobody should wait any longer."""
        self._cluster, self._sleep = cluster, sleep
        self._kinds: dict[tuple[str, str], ServedKind] = {}

    def carry(self, batch: Batch) -> dict[str, Done]:
        """Do a batch. Raises Unavailable when nothing of it could be done because the cluster cannot be reached."""
        if len(batch) == 1:
            found = [self._do(batch[0])]
        else:
            with ThreadPoolExecutor(min(_BESIDE, len(batch))) as pool:
                found = list(pool.map(self._do, batch))
        lost = [one for one in found if isinstance(one, Unavailable)]
        if lost and len(lost) == len(found):
            raise lost[0]
        return {write.id: _done(write, one) for write, one in zip(batch, found, strict=True)}

    def _do(self, write: Write) -> Done | ArgosyError:
        try:
            return self._one(write)
        except ArgosyError as x:
            return x

    def _one(self, write: Write) -> Done:
        match write:
            case Apply():
                return self._apply(write)
            case Delete():
                return self._delete(write)
            case Release():
                return self._release(write)

    # Bringing into being

    def _apply(self, write: Apply) -> Done:
        key, write = write.place[0], self._keeping(write)
        try:
            said, found = self._manners()[write.manner](write)
        except (InvalidObject, Conflict) as x:
            if not write.force or write.dry:
                raise
            said, found = self._anew(write, x)
        if (key.group, key.kind) == _CRD and not write.dry:
            found = self._served(key, found)
            self._kinds.clear()
        suffix = " (dry run)" if write.dry else ""
        return Done(key, Outcome(f"{kubectl.title(key)} {said}{suffix}"), None if write.dry else found)

    def _keeping(self, write: Apply) -> Apply:
        """The write with the live values of what it keeps."""
        if not write.keeps:
            return write
        from argosy.gitops.diff.respecting import keeping, yielding

        try:
            live = self._cluster.get(*self._where(write.manifest))
        except NotFound:
            return write
        made = yielding(write.manifest, live, write.keeps.managers)
        return replace(write, manifest=keeping(made, live, write.keeps.keys))

    def _manners(self) -> Mapping[str, Callable[[Apply], tuple[str, Object]]]:
        return {
            "apply": self._as_kubectl,
            "server-side": self._server_side,
            "create": self._create,
            "replace": self._replace,
            "update": self._update,
        }

    def _as_kubectl(self, write: Apply) -> tuple[str, Object]:
        wanted = kubectl.annotated(write.manifest)
        if not write.there:
            try:
                return "created", self._cluster.create(wanted, dry_run=write.dry)
            except AlreadyExists:
                pass  # since the step looked
        for left in reversed(range(_CONFLICTS)):
            try:
                return self._patched(write, wanted)
            except Conflict:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _patched(self, write: Apply, wanted: Object) -> tuple[str, Object]:
        where = self._where(write.manifest)
        try:
            live = self._cluster.get(*where)
        except NotFound:
            return "created", self._cluster.create(wanted, dry_run=write.dry)
        body = kubectl.patch(wanted, live)
        if not body:
            return "unchanged", live
        return "configured", self._cluster.patch(*where, body, dry_run=write.dry)

    def _server_side(self, write: Apply) -> tuple[str, Object]:
        if write.migrate and write.there and not write.dry:
            self._migrate(write)
        return "serverside-applied", self._cluster.apply(write.manifest, manager=MANAGER, force=True, dry_run=write.dry)

    def _migrate(self, write: Apply) -> None:
        """What kubectl's apply owned is ours from now on, so that it can be taken away (csaupgrade of client-go)."""
        where = self._where(write.manifest)
        try:
            metadata = self._cluster.get(*where)["metadata"]
        except NotFound:
            return
        fields = metadata.get("managedFields") or []
        if not any(_is_kubectls(one) for one in fields):
            return
        ours = [{**one, "manager": MANAGER, "operation": "Apply"} if _is_kubectls(one) else one for one in fields]
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]}
        self._cluster.patch(
            *where, [test, {"op": "replace", "path": "/metadata/managedFields", "value": ours}], how="json"
        )

    def _create(self, write: Apply) -> tuple[str, Object]:
        return "created", self._cluster.create(write.manifest, dry_run=write.dry)

    def _replace(self, write: Apply) -> tuple[str, Object]:
        try:
            return "replaced", self._cluster.replace(write.manifest, dry_run=write.dry)
        except NotFound:
            return self._create(write)

    def _update(self, write: Apply) -> tuple[str, Object]:
        live = self._cluster.get(*self._where(write.manifest))
        metadata = {**(write.manifest.get("metadata") or {}), "resourceVersion": live["metadata"]["resourceVersion"]}
        return "updated", self._cluster.replace({**write.manifest, "metadata": metadata}, dry_run=write.dry)

    def _anew(self, write: Apply, problem: ArgosyError) -> tuple[str, Object]:
        """`Force`: what cannot be changed is deleted and made anew (`deleteAndCreate`)."""
        where = self._where(write.manifest)
        try:
            self._cluster.delete(*where, propagation="Foreground")
        except NotFound:
            raise problem from None
        for _ in range(_SERVED_SECONDS * 5):
            try:
                made = kubectl.annotated(write.manifest) if write.manner == "apply" else write.manifest
                return "created", self._cluster.create(made)
            except AlreadyExists:
                if not self._sleep(0.2):
                    break
        raise Conflict(f"{kubectl.title(write.place[0])} was deleted to be made anew, and does not go") from problem

    def _served(self, key: Key, found: Object) -> Object:
        """Wait until a new kind is served; what is applied next may be of it."""
        where = (str(found.get("apiVersion")), key.kind, "", key.name)
        for _ in range(_SERVED_SECONDS * 10):
            conditions = (found.get("status") or {}).get("conditions") or ()
            if any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions):
                break
            if not self._sleep(0.1):
                break
            found = self._cluster.get(*where)
        return found

    # Taking away

    def _delete(self, write: Delete) -> Done:
        key = write.place[0]
        try:
            place = (self._api_version(key), key.kind, key.namespace, key.name)
            self._cluster.delete(*place, propagation=write.propagation, uid=write.uid)
        except (NotFound, Conflict):
            return Done(key, Outcome())
        return Done(key, Outcome(f"{kubectl.title(key)} deleted"))

    def _release(self, write: Release) -> Done:
        key = write.place[0]
        for _ in range(_CONFLICTS):
            try:
                place = (self._api_version(key), key.kind, key.namespace, key.name)
                live = self._cluster.get(*place)
                metadata = live["metadata"]
                if metadata["uid"] != write.uid or HOOK_FINALIZER not in (metadata.get("finalizers") or ()):
                    return Done(key, Outcome())
                kept = [one for one in metadata["finalizers"] if one != HOOK_FINALIZER]
                body = {"metadata": {"finalizers": kept, "resourceVersion": metadata["resourceVersion"]}}
                return Done(key, Outcome(), self._cluster.patch(*place, body))
            except NotFound:
                return Done(key, Outcome())
            except Conflict:
                continue
        raise Conflict(f"{kubectl.title(key)} changes all the time; its finalizer could not be taken")

    # Names

    def _where(self, manifest: Mapping[str, Any]) -> tuple[str, str, str, str]:
        key = key_of(manifest)
        return str(manifest.get("apiVersion") or ""), key.kind, key.namespace, key.name

    def _api_version(self, key: Key) -> str:
        found = self._kinds.get((key.group, key.kind))
        if found is None:
            self._kinds = {(_group(one.api_version), one.kind): one for one in self._cluster.kinds()}
            found = self._kinds.get((key.group, key.kind))
        if found is None:
            raise unknown_kind(key.group, key.kind)
        return found.api_version


def _is_kubectls(fields: Mapping[str, Any]) -> bool:
    return (fields.get("manager"), fields.get("operation")) == ("kubectl-client-side-apply", "Update")


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _done(write: Write, found: Done | ArgosyError) -> Done:
    if isinstance(found, Done):
        metadata = (found.object or {}).get("metadata") or {}
        version = int(metadata.get("resourceVersion") or 0)
        return replace(found, outcome=replace(found.outcome, uid=str(metadata.get("uid") or ""), version=version))
    return Done(write.place[0], Outcome(problem=str(found) or type(found).__name__))
