"""Wiring port: the connections through which AWS feeds event sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["WIRED", "Place", "Wire", "Wiring"]

WIRED: Final = "argosyEntry"
"""Under this key a rule of ours names the entry that its event is for; the event itself stands under `event`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack runs, its name, and the ARN patterns of what it may read."""

    partition: str
    region: str
    account: str
    stage: str
    allowed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection.

    `kind` is `sqs` (a queue to the function that reads it), `sns` (a topic to the sources queue) or `rule` (an
    EventBridge rule to the sources queue). `source` is the ARN of the queue, topic or event bus; a rule has a `name`, a
    `pattern` (JSON text) and the `entry` that its events are for.
    """

    kind: str
    source: str
    name: str = ""
    pattern: str = ""
    entry: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.kind}/{self.source}/{self.name}" if self.name else f"{self.kind}/{self.source}"


class Wiring(Protocol):
    """Makes and removes connections; both may be repeated."""

    def connect(self, wire: Wire) -> None:
        """Make the connection, or bring an existing one of the same key up to date.

        Raises NotFound when its source is not there, Denied when the stack may not read it, Unavailable, Permanent.
        """
        ...

    def disconnect(self, wire: Wire) -> None:
        """Remove the connection; one that is not there is fine. Raises Unavailable, Denied."""
        ...
