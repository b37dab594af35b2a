"""Trigger `k8s`: an object to create, update, patch or delete in the cluster.

Follows `pkg/sensors/triggers/standard-k8s` of Argo Events 1.9. The namespace is the object's or else the sensor's. Created
is with labels; an update or a patch of what is not there creates it as it stands; an update lays the object over the live
one and puts the whole back; with `liveObject` the parameters are written into the live object. On purpose different: a
patch by server-side apply names who owns the fields, without which an API server refuses it; a JSON patch is refused
before it is sent, because a trigger's source is an object and never a list of operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import EvaluationError, NotFound
from argosy.events.effects import Draft, WriteObject
from argosy.events.jsontext import read_json, write_json
from argosy.events.parameters import write_values
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.objects import drafted, group_version_resource, labelled, read_object, source_text
from argosy.records import record

__all__ = ["Write", "build", "finished", "writing"]

_CLUSTER_SCOPED: Final = frozenset({"namespaces", "nodes", "persistentvolumes", "clusterroles", "clusterrolebindings"})
_OPERATIONS: Final = ("create", "update", "patch", "delete")
_MERGE: Final = "application/merge-patch+json"
_PATCHES: Final = {
    _MERGE: "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
    "application/json-patch+json": "json",
}


@record
class Write:
    """One call of the API server: `verb` is create, update, patch, delete or none.

    `patch` is merge, strategic, apply or json, `content_type` what Kubernetes calls it.
    """

    verb: str
    body: Mapping[str, Any] | None = None
    patch: str = ""
    content_type: str = ""


def build(context: FiringContext) -> WriteObject | Draft:
    """What one firing writes; a draft when its object is still to be read. Raises EvaluationError."""
    trigger = context.template.k8s
    if trigger is None:
        raise EvaluationError("the template has no k8s trigger")
    draft = drafted(trigger, context, "k8s")
    return draft if draft.unread else finished(draft, source_text(trigger.source), context.firing_id)


def finished(draft: Draft, text: str, firing: str) -> WriteObject:
    """What a draft comes to with the `text` of its source, for the firing of this id. Raises EvaluationError."""
    operation = draft.operation or "create"
    if operation not in _OPERATIONS:
        raise EvaluationError(f"operation {operation!r} is not one of {', '.join(_OPERATIONS)}")
    patch = draft.patch or _MERGE
    if operation == "patch" and patch not in _PATCHES:
        raise EvaluationError(f"patchStrategy {patch!r} is not one of {', '.join(_PATCHES)}")
    body = read_object(draft, text)
    metadata = body["metadata"]
    if draft.live and not metadata.get("name"):
        raise EvaluationError("liveObject needs metadata.name of the object")
    scoped = group_version_resource(str(body["apiVersion"]), str(body["kind"]))[2] not in _CLUSTER_SCOPED
    if draft.live and scoped and not metadata.get("namespace"):
        raise EvaluationError("liveObject needs metadata.namespace of the object")
    if operation == "create":
        labelled(body, draft, firing)
    elif not metadata.get("name"):
        raise EvaluationError(f"the {body['kind']} to {operation} has no metadata.name")
    namespace = str(metadata.pop("namespace", None) or draft.namespace) if scoped else ""
    metadata.pop("namespace", None)
    if namespace:
        metadata["namespace"] = namespace
    return WriteObject(
        body,
        namespace,
        draft.service_account,
        operation,
        draft.patch if operation == "patch" else "",
        draft.live,
        draft.values if draft.live else (),
        draft.cluster,
    )


def writing(effect: WriteObject, live: Mapping[str, Any] | None) -> Write:
    """What is to be sent, given the object as it is in the cluster (None = it is not there, or not asked for).

    Raises EvaluationError, NotFound for a live object that is needed.
    """
    if effect.operation == "create":
        return Write("create", effect.manifest)
    if effect.operation == "delete":
        return Write("none" if live is None else "delete")
    if live is None:
        if effect.live:
            raise NotFound(f"{effect.manifest['kind']} {effect.manifest['metadata']['name']} is not in the cluster")
        return Write("create", effect.manifest)
    if effect.operation == "patch":
        content_type = effect.patch or _MERGE
        return Write("patch", effect.manifest, _PATCHES[content_type], content_type)
    if effect.live:
        return Write("update", _merged(live, read_json(write_values(write_json(live), effect.values))))
    return Write("update", _merged(live, effect.manifest))


def _merged(live: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new` laid over `live` as mergo does it with override: objects member by member, what is empty changes nothing."""
    merged = dict(live)
    for name, value in new.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(before, value)
        elif value or name not in merged:
            merged[name] = value
    return merged
