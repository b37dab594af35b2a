"""Event source `mqtt`: `pkg/eventsources/sources/mqtt/start.go` of Argo Events 1.9.

MQTT gives its packets numbers that come round again, so a packet that is delivered twice is two events.
"""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource

__all__ = ["Mqtt"]


class Mqtt(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "mqtt"
