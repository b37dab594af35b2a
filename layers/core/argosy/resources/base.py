"""What the models of all custom resources share.

Models are read-only views on manifests: unknown fields are kept out of them but stay in the stored manifest, an explicit
null counts as absent (as in Go), texts are texts (a number where Argo's Go type is `string` is refused, as the API server
refuses it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from argosy.resources.manifests import Manifest

__all__ = ["KeyRef", "Metadata", "Model", "Problem", "parse"]


class Model(BaseModel):
    """Frozen, camelCase outside, nulls dropped."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None}
        return value


class KeyRef(Model):
    """Selects a key of a Secret or ConfigMap in the object's namespace."""

    name: str = ""
    key: str = ""


class Metadata(Model):
    """The part of Kubernetes' ObjectMeta that decisions look at."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    creation_timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an object; `unsupported` = right for Argo, but not served here."""

    field: str
    reason: str
    unsupported: bool = False


def parse[M: Model](model: type[M], manifest: Manifest) -> M:
    """Read a manifest as `model`; raises InvalidObject that names the first wrong field and its line."""
    try:
        return model.model_validate(manifest.body)
    except ValidationError as x:
        first = x.errors()[0]
        path = _path(first["loc"])
        raise manifest.problem(path, _reason(first)) from None


def _path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith(("function-", "is-instance", "lax-or-strict")):
            path += f".{part}" if path else part
    return path


def _reason(error: Any) -> str:
    words = {
        "missing": "required, but missing",
        "string_type": "must be a text",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
        "list_type": "must be a list",
        "dict_type": "must be an object",
        "mapping_type": "must be an object",
        "model_type": "must be an object",
        "float_type": "must be a number",
    }
    text = words.get(error["type"], error["msg"])
    given = error.get("input")
    return f"{text}, not {given!r}"[:300] if error["type"] in words and error["type"] != "missing" else text
