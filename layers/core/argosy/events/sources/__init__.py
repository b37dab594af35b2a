"""Event sources, one file each, named as their key in `EventSource.spec` and found through this lazy map."""

from __future__ import annotations

from typing import Final

__all__ = ["SOURCES"]

SOURCES: Final = {
    "calendar": "argosy.events.sources.calendar:next_times",
    "eventBridge": "argosy.events.sources.event_bridge:payload",
    "minio": "argosy.events.sources.minio:payload",
    "resource": "argosy.events.sources.resource:payload",
    "sns": "argosy.events.sources.sns:payload",
    "sqs": "argosy.events.sources.sqs:payload",
    "webhook": "argosy.events.sources.webhook:answer",
}
