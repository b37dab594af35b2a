"""CustomResourceDefinitions: what an API server is given so that it serves Argo's kinds.

In: a kind of the table in `argosy.resources.definitions`. Out: a manifest of apiextensions.k8s.io/v1, which `make generate`
writes into infra/crds. Schemas are structural, and open as the table's head tells; where the kind has a model, they show
what it reads.

Each carries the annotation `argosy.dev/definition`, a digest of the rest: by it a definition of ours is told from one
that Argo installed, and an older one of ours from today's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.resources.base import Model
from argosy.resources.definitions import GROUP, VERSION, Column, Definition, Field, Scale
from argosy.resources.eventbus import EventBus
from argosy.resources.eventsource import EventSource
from argosy.resources.openschemas import spec_properties
from argosy.resources.sensor import Sensor

__all__ = ["ANNOTATION", "custom_resource_definition"]

ANNOTATION: Final = "argosy.dev/definition"

_MODELS: Final[Mapping[str, type[Model]]] = {"EventBus": EventBus, "EventSource": EventSource, "Sensor": Sensor}


def custom_resource_definition(definition: Definition) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind, the same bytes for the same table."""
    spec = {
        "group": GROUP,
        "names": {
            "kind": definition.kind,
            "listKind": f"{definition.kind}List",
            "plural": definition.plural,
            "shortNames": list(definition.short_names),
            "singular": definition.kind.lower(),
        },
        "scope": "Namespaced" if definition.namespaced else "Cluster",
        "versions": [_version(definition)],
    }
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": definition.name, "annotations": {ANNOTATION: digest}},
        "spec": spec,
    }


def _version(definition: Definition) -> dict[str, Any]:
    version: dict[str, Any] = {"name": VERSION, "served": True, "storage": True}
    if definition.columns:
        version["additionalPrinterColumns"] = [_column(column) for column in definition.columns]
    version["schema"] = {"openAPIV3Schema": _schema(definition)}
    subresources: dict[str, Any] = {}
    if definition.scale:
        subresources["scale"] = _scale(definition.scale)
    if definition.status:
        subresources["status"] = {}
    if subresources:
        version["subresources"] = subresources
    return version


def _column(column: Column) -> dict[str, Any]:
    optional = {"description": column.description, "format": column.format, "priority": column.priority}
    return {"name": column.name, "type": column.type, "jsonPath": column.path} | {
        key: value for key, value in optional.items() if value
    }


def _scale(scale: Scale) -> dict[str, str]:
    return {
        "specReplicasPath": scale.wanted,
        "statusReplicasPath": scale.present,
        "labelSelectorPath": scale.selector,
    }


def _schema(definition: Definition) -> dict[str, Any]:
    properties: dict[str, Any] = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    properties["metadata"] = {"type": "object"}
    for part in definition.parts:
        properties[part] = _open()
    if definition.kind in _MODELS:
        properties["spec"] |= {
            "description": "The fields that are read; all others are accepted and kept.",
            "properties": spec_properties(_MODELS[definition.kind]),
        }
    for field in definition.fields:
        _add(properties, field)
    return {"type": "object", "required": list(definition.required), "properties": properties}


def _add(properties: dict[str, Any], field: Field) -> None:
    """Put the field's schema below the part that it belongs to; objects on the way are open."""
    *above, name = field.path.split(".")
    node: dict[str, Any] = {}
    for step in above:
        node = properties.setdefault(step, _open())
        properties = node.setdefault("properties", {})
    properties[name] = _typed(field)
    if field.required:
        node.setdefault("required", []).append(name)


def _typed(field: Field) -> dict[str, Any]:
    if field.type == "object":
        return _open()
    if field.type == "array":
        return {"type": "array", "items": _open()}
    return {"type": field.type} | ({"format": field.format} if field.format else {})


def _open() -> dict[str, Any]:
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
