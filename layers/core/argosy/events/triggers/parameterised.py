"""A trigger's own parameters: applied to its part of the manifest, which is then read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.events.jsontext import read_json, write_json
from argosy.events.parameters import apply_parameters
from argosy.resources.base import Model
from argosy.resources.sensor import Parameter

__all__ = ["parameterised"]


def parameterised[M: Model](
    model: M, path: str, body: Any, parameters: Sequence[Parameter], events: Mapping[str, Event]
) -> M:
    """`model` after its parameters; `body` is it as written, at `path` of the template. Raises EvaluationError."""
    if not parameters:
        return model
    text = apply_parameters(write_json(body), parameters, events)
    try:
        return type(model).model_validate(read_json(text))
    except ValidationError as x:
        first = x.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise EvaluationError(f"{path}.{at} after its parameters: {first['msg']}") from None
