"""Trigger `k8s`: an object to create in the cluster.

Follows `pkg/sensors/triggers/standard-k8s` of Argo Events 1.9: parameters on the source object, namespace of the object
or else of the sensor, labels with sensor, trigger and time. On purpose different: the name for a `generateName` is
derived from the firing, and the firing's id is kept as an annotation, so that a repeated firing makes no second object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argosy.errors import ArgosyError, EvaluationError
from argosy.events.effects import CreateObject
from argosy.events.jsontext import read_json, write_json
from argosy.events.parameters import apply_parameters
from argosy.events.triggers.context import FiringContext
from argosy.resources.manifests import read_value
from argosy.resources.sensor import ArtifactSource, Parameter

__all__ = ["FIRING_ANNOTATION", "build", "labelled", "source_object"]

FIRING_ANNOTATION = "argosy.dev/firing"
CLUSTER_SCOPED = frozenset({"Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding"})
_GENERATED_LENGTH = 10


def build(context: FiringContext) -> CreateObject:
    """The object of one firing. Raises EvaluationError."""
    trigger = context.template.k8s
    if trigger is None:
        raise EvaluationError("the template has no k8s trigger")
    if trigger.operation not in ("", "create"):
        raise EvaluationError(f"operation {trigger.operation!r} is not served by this version")
    body = source_object(trigger.source, trigger.parameters, context)
    metadata = labelled(body, context)
    cluster_scoped = body.get("kind") in CLUSTER_SCOPED
    namespace = "" if cluster_scoped else str(metadata.get("namespace") or context.namespace)
    metadata.pop("namespace", None)
    if namespace:
        metadata["namespace"] = namespace
    return CreateObject(body, namespace, context.service_account)


def source_object(
    source: ArtifactSource | None, parameters: Sequence[Parameter], context: FiringContext
) -> dict[str, Any]:
    """The object that the trigger's source holds, parameters applied. Raises EvaluationError."""
    if source is not None and source.resource is not None:
        text = write_json(source.resource)
    elif source is not None and source.inline is not None:
        try:
            text = write_json(read_value(source.inline))
        except ArgosyError as x:
            raise EvaluationError(f"source.inline: {x}") from x
    else:
        raise EvaluationError("the trigger's source is neither resource nor inline")
    body = read_json(apply_parameters(text, parameters, context.events))
    if not isinstance(body, dict) or not body.get("kind") or not body.get("apiVersion"):
        raise EvaluationError("the trigger's source is no object with apiVersion and kind")
    write_json(body)  # what a parameter has put in may be more than a message carries
    return body


def labelled(body: dict[str, Any], context: FiringContext) -> dict[str, Any]:
    """Put Argo's labels, the firing's id and a name into the object's metadata, which is returned.

    Raises EvaluationError when the object has neither name nor generateName.
    """
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        metadata = body["metadata"] = {}
    metadata["labels"] = {
        **_texts(metadata, "labels"),
        "events.argoproj.io/sensor": context.sensor,
        "events.argoproj.io/trigger": context.template.name,
        "events.argoproj.io/action-timestamp": str(int(context.now.timestamp() * 1000)),
    }
    metadata["annotations"] = {**_texts(metadata, "annotations"), FIRING_ANNOTATION: context.firing_id}
    if not metadata.get("name"):
        prefix = metadata.pop("generateName", None)
        if not prefix or not isinstance(prefix, str):
            raise EvaluationError(
                f"the {body.get('kind')} to create has neither metadata.name nor metadata.generateName"
            )
        metadata["name"] = f"{prefix[: 63 - _GENERATED_LENGTH]}{context.firing_id[:_GENERATED_LENGTH]}"
    return metadata


def _texts(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    found = metadata.get(name) or {}
    if not isinstance(found, dict):
        raise EvaluationError(f"metadata.{name} of the object to create is no object")
    return found
