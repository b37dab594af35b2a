"""Filter `context`: attributes of the envelope that must be equal; an empty one does not count.

Follows `filterContext` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9.
"""

from __future__ import annotations

from argosy.events.envelope import Event
from argosy.resources.sensor import Filters

__all__ = ["passes"]

_ATTRIBUTES = ("type", "subject", "source", "datacontenttype")


def passes(filters: Filters, event: Event) -> bool:
    """Whether the event's envelope has every attribute that the filter names."""
    wanted = filters.context or {}
    return all(not wanted.get(name) or wanted[name] == getattr(event, name) for name in _ATTRIBUTES)
