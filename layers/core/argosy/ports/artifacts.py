"""Artifacts port: the text of a trigger's object that stands outside of its Sensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Artifacts"]


class Artifacts(Protocol):
    """Reads what a trigger's `source` names."""

    def read(self, artifact: Mapping[str, Any], namespace: str, account: str) -> str:
        """The text of an artifact: one member of a manifest's `source` (`file`, `url`, `git` or `s3`) by its name.

        Secrets that it names are those of `namespace`, read as `account`. Raises NotFound, Denied, InvalidObject,
        EvaluationError (too large, no text), Unsupported for what cannot be read here, Unavailable.
        """
        ...
