"""Wiring port in memory: what is connected, and sources that cannot be."""

from __future__ import annotations

from argosy.errors import ArgosyError
from argosy.ports.wiring import Wire

__all__ = ["FakeWiring"]


class FakeWiring:
    """Keeps wires by key; a source in `problems` fails with its error."""

    def __init__(self) -> None:
        self.wires: dict[str, Wire] = {}
        self.problems: dict[str, ArgosyError] = {}
        self.calls: list[str] = []

    def connect(self, wire: Wire) -> None:
        """See `Wiring.connect`."""
        self.calls.append(f"connect {wire.key}")
        if wire.source in self.problems:
            raise self.problems[wire.source]
        self.wires[wire.key] = wire

    def disconnect(self, wire: Wire) -> None:
        """See `Wiring.disconnect`."""
        self.calls.append(f"disconnect {wire.key}")
        if wire.source in self.problems:
            raise self.problems[wire.source]
        self.wires.pop(wire.key, None)
