"""What a trigger's builder is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.errors import EvaluationError
from argosy.events.effects import Reference
from argosy.events.envelope import Event
from argosy.resources.sensor import Policy, SecureHeader, TriggerTemplate

__all__ = ["FiringContext"]


@dataclass(frozen=True, slots=True)
class FiringContext:
    """One firing: its trigger's template (template parameters applied, as model and as written), policy and events."""

    firing_id: str
    sensor: str
    namespace: str
    service_account: str
    template: TriggerTemplate
    body: Mapping[str, Any]
    policy: Policy | None
    events: Mapping[str, Event]
    now: datetime

    def secure(self, headers: Sequence[SecureHeader]) -> dict[str, Reference]:
        """Where the values of secure headers stand, by the headers' names. Raises EvaluationError."""
        return {header.name: self._reference(header) for header in headers}

    def _reference(self, header: SecureHeader) -> Reference:
        source = header.value_from
        if source and source.secret_key_ref:
            return Reference("secret", source.secret_key_ref.name, source.secret_key_ref.key, self.service_account)
        if source and source.config_map_key_ref:
            return Reference(
                "config", source.config_map_key_ref.name, source.config_map_key_ref.key, self.service_account
            )
        raise EvaluationError(f"secure header {header.name!r} names neither a secret nor a config map key")
