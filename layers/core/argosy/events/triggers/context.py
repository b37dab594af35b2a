"""What a trigger's builder is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.events.envelope import Event
from argosy.resources.sensor import Policy, TriggerTemplate

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
