"""What a model reads, as a schema that tells of it and refuses nothing.

In: the model of a kind. Out: the `properties` of its `spec` for a CustomResourceDefinition, so that `kubectl explain` shows
the fields. Argo Events installs its kinds with no field below `spec` defined at all: whatever is there, and every null in
it, is taken and kept, and so it is here. A node therefore has no `type` but its name in words, may be null, and keeps
what it does not know; API servers count that as structural (`validation.go` of apiextensions-apiserver v0.34).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.resources.base import Model

__all__ = ["spec_properties"]

_WORDS: Final = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}


def spec_properties(model: type[Model]) -> dict[str, Any]:
    """The fields that `model` reads of `spec`, by their names in manifests."""
    whole = model.model_json_schema(by_alias=True)
    spec = _Walk(whole.get("$defs", {})).node(whole["properties"]["spec"], ())
    properties: dict[str, Any] = spec["properties"]
    return properties


class _Walk:
    """Turns nodes of pydantic's JSON schema into open ones; a model within itself is open from there on."""

    def __init__(self, models: Mapping[str, Any]) -> None:
        self._models = models

    def node(self, schema: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        """The open node; `above` are the names of the models that it is in."""
        made: dict[str, Any] = {"nullable": True, "x-kubernetes-preserve-unknown-fields": True}
        options = _options(schema)
        words = _words(options)
        if words:
            return {"description": words} | made
        shape = options[0]
        name = shape.get("$ref", "").rpartition("/")[2]
        if name in above:
            return made
        if name:
            shape, above = self._models[name], (*above, name)
        if "properties" in shape:
            made["properties"] = {key: self.node(one, above) for key, one in shape["properties"].items()}
        for key in ("items", "additionalProperties"):
            if isinstance(shape.get(key), dict):
                made[key] = self.node(shape[key], above)
                if "description" in made[key]:
                    made = {"description": f"each: {made[key].pop('description')}"} | made
        return made


def _options(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a value can be, without null."""
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


def _words(options: list[Mapping[str, Any]]) -> str:
    return " or ".join(dict.fromkeys(_WORDS[one["type"]] for one in options if one.get("type") in _WORDS))
