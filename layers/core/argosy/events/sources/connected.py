"""Event sources that a lasting connection feeds: what one of their messages becomes, and what the broker calls it.

In: an entry and a message as a connector (`argosy.ports.brokers`) yields it. Out: the event's payload, and an id of the
broker's own by which a message that is delivered again is known. Follows the `start.go` of each source of Argo Events 1.9;
its events have random ids (but Kafka's), so that every redelivery is another event there.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from argosy.events.sources import SOURCES, messages
from argosy.events.sources.filtering import lets_pass

__all__ = ["ConnectedSource", "connected_source", "event_data"]

type Message = Mapping[str, Any]


class ConnectedSource:
    """One type; `kind` is its key in manifests."""

    kind: str = ""

    def payload(self, entry: Any, message: Message) -> str | None:
        """The payload, None for a message that is not for the entry. Raises EvaluationError for one that makes none."""
        return messages.payload(self.kind, entry, message)

    def origin(self, message: Message) -> str:
        """What the broker calls the message, the same in each delivery; "" when it has no name for it."""
        del message
        return ""


_MADE: Final[dict[str, ConnectedSource]] = {}


def connected_source(kind: str) -> ConnectedSource:
    """The source of a type."""
    if kind not in _MADE:
        module, _, name = SOURCES[kind].partition(":")
        _MADE[kind] = getattr(import_module(module), name)()
    return _MADE[kind]


def event_data(kind: str, entry: Any, message: Message) -> str | None:
    """The payload of the event that a message is; None when it is not for the entry, or its filter drops it.

    Raises EvaluationError for a body that is not what the entry says.
    """
    data = connected_source(kind).payload(entry, message)
    return data if data is not None and lets_pass(entry.filter.expression, data) else None
